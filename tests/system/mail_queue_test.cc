// The queue of kept mail with real processes, files and workers, but with time that is given.
#include "daemon/mail_queue.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "daemon/clock.h"
#include "launch_support.h"
#include "machine.h"
#include "process/input.h"

namespace cron::daemon {
namespace {

mail::Letter letter_of(uid_t uid, const std::string& user, const std::string& body = "precious\n") {
    mail::Letter letter;
    letter.user = user;
    letter.uid = uid;
    letter.job = "job";
    letter.since = read_clock().instant;
    letter.recipients = {user};
    letter.home = "/";
    letter.environment = {"PATH=/usr/bin:/bin"};
    letter.message = "To: " + user + "\n\n" + body;
    return letter;
}

// The queue of one daemon. Its mailer is `mailer`, a command of the shell.
class Office {
  public:
    explicit Office(const std::string& folder)
        : loop_(*EventLoop::create()),
          launcher_(process::make_launcher()),
          worker_(*Worker::create()),
          account_worker_(*Worker::create()),
          accounts_(account_worker_),
          log_fd_(process::memory_file()),
          log_(log_options(log_fd_.get())),
          errands_(loop_, launcher_, {}, [] {}),
          queue(worker_, accounts_, errands_, log_,
                [this](const mail::Letter& letter, const auto&) { return program(letter); }) {
        watches_.push_back(
            *loop_.add(worker_.fd(), EPOLLIN, [this](std::uint32_t) { worker_.finish(); }));
        watches_.push_back(*loop_.add(account_worker_.fd(), EPOLLIN,
                                      [this](std::uint32_t) { account_worker_.finish(); }));
        REQUIRE(queue.open(folder));
        // The folder is read when that shows.
        await([this] { return worker_.pending() == 0; });
    }

    template <class Claim>
    void await(Claim claim) {
        while (!claim()) {
            REQUIRE(loop_.turn(std::chrono::milliseconds{process::kPatienceMs}));
        }
    }
    // Until the log has so many lines of this event.
    void await_event(const std::string& name, int times = 1) {
        await([&] { return count("\"event\":\"" + name + "\"") >= times; });
    }
    std::string log() { return process::contents(log_fd_.get()); }
    int count(const std::string& text) {
        const std::string all = log();
        int found = 0;
        for (std::size_t at = 0; (at = all.find(text, at)) != std::string::npos; ++at) ++found;
        return found;
    }

  private:
    static LogOptions log_options(int fd) {
        LogOptions options;
        options.format = LogFormat::json;
        options.fd = fd;
        return options;
    }

    Result<Errand::Program> program(const mail::Letter& letter) {
        tried.emplace_back(mail::body_of(letter.message));
        auto text = process::make_input(letter.message);
        REQUIRE(text);
        Errand::Program program;
        program.order = process::shell_order(mailer);
        program.order.input_fd = text->get();
        program.descriptors.push_back(*std::move(text));
        return program;
    }

    EventLoop loop_;
    process::Launcher launcher_;
    Worker worker_;
    Worker account_worker_;
    Accounts accounts_;
    UniqueFd log_fd_;
    Log log_;
    Errands errands_;
    std::vector<EventLoop::Watch> watches_;

  public:
    std::string mailer = "exit 75";
    MailQueue queue;
    std::vector<std::string> tried;  // by their bodies, in order
};

class Folder {
  public:
    std::string path(std::string_view below = "") const {
        return root_.path("/mail") + std::string(below);
    }
    std::size_t letters() const { return root_.names("/mail").size(); }
    const system_test::TempRoot& root() const { return root_; }

  private:
    system_test::TempRoot root_;
};

}  // namespace

TEST_CASE("mail queue: a letter is tried when its delay is over and no earlier, each longer",
          "[system]") {
    const Folder folder;
    Office office(folder.path());
    Monotonic before = read_clock().monotonic;
    REQUIRE(office.queue.keep(letter_of(1, "daemon"), 1, "it is tested"));
    CHECK_FALSE(office.queue.is_settled());
    office.await_event("mail-kept");
    int tries = 1;
    for (const int delay : {60, 120, 240, 480, 960, 1920, 3600, 3600}) {
        CAPTURE(delay);
        CHECK(office.queue.is_settled());
        CHECK(folder.letters() == 1);
        const auto deadline = office.queue.deadline();
        REQUIRE(deadline);
        CHECK(*deadline >= before + seconds{delay});
        CHECK(*deadline <= read_clock().monotonic + seconds{delay});
        office.queue.expire(*deadline - microseconds{1});
        CHECK(office.queue.deadline() == deadline);
        before = read_clock().monotonic;
        office.queue.expire(*deadline);
        office.await_event("mail-kept", ++tries);
    }
    office.mailer = "grep -q precious";
    office.queue.expire(*office.queue.deadline());
    office.await_event("mail-sent");
    CHECK(folder.letters() == 0);
    CHECK_FALSE(office.queue.deadline());
    CHECK(office.queue.is_settled());
}

TEST_CASE("mail queue: after five days of tries the log has the output", "[system]") {
    const Folder folder;
    Office office(folder.path());
    REQUIRE(office.queue.keep(letter_of(1, "daemon"), mail::kTriesMax - 1, "it is tested"));
    office.await_event("mail-kept");
    office.queue.expire(*office.queue.deadline());
    office.await_event("mail-given-up");
    CHECK(office.count("\"line\":\"precious\"") == 1);
    CHECK(office.count("\"tries\":126") == 1);
    CHECK(folder.letters() == 0);
    CHECK_FALSE(office.queue.deadline());
}

TEST_CASE("mail queue: what a daemon left is tried at once where it is overdue, the oldest first",
          "[system]") {
    const Folder folder;
    const auto file = LetterFolder::open(folder.path());
    REQUIRE(file);
    for (const int age : {2, 9, 5}) {
        mail::Letter letter = letter_of(1, "daemon", std::to_string(age) + "\n");
        letter.since -= seconds{age};
        REQUIRE(file->store({static_cast<std::uint64_t>(age), 1, age}, *mail::print(letter)));
    }
    // As if the clock had been set back: no longer than the longest delay.
    REQUIRE(file->store({77, 1, std::int64_t{1} << 40}, *mail::print(letter_of(1, "daemon"))));
    // Half written when the power went.
    folder.root().write("/mail/.0000000000000001.1.1", "belfry");
    folder.root().write("/mail/of somebody else", "");

    const Monotonic before = read_clock().monotonic;
    Office office(folder.path());
    CHECK(folder.letters() == 5);
    office.mailer = "true";
    REQUIRE(office.queue.deadline());
    office.queue.expire(read_clock().monotonic);
    office.await_event("mail-sent", 3);
    CHECK(office.tried == std::vector<std::string>{"9\n", "5\n", "2\n"});
    REQUIRE(office.queue.deadline());
    CHECK(*office.queue.deadline() >= before + mail::kRetryLongest);
    CHECK(*office.queue.deadline() <= read_clock().monotonic + mail::kRetryLongest);
}

TEST_CASE("mail queue: of a user only so many are kept, and another's all the same", "[system]") {
    const Folder folder;
    Office office(folder.path());
    for (std::size_t i = 0; i < kLettersOfUserMax; ++i) {
        REQUIRE(office.queue.keep(letter_of(1, "daemon"), 1, "it is tested"));
    }
    const auto one_more = office.queue.keep(letter_of(1, "daemon"), 1, "it is tested");
    REQUIRE_FALSE(one_more);
    CHECK(one_more.error().code == ErrorCode::limit);
    CHECK(office.queue.keep(letter_of(5, "games"), 1, "it is tested"));
    const std::string large(kLetterBytesOfUserMax / 5, 'x');
    for (int i = 0; i < 4; ++i) {
        REQUIRE(office.queue.keep(letter_of(5, "games", large), 1, "it is tested"));
    }
    CHECK_FALSE(office.queue.keep(letter_of(5, "games", large), 1, "it is tested"));
    office.await([&] { return office.queue.is_settled(); });
    CHECK(folder.letters() == kLettersOfUserMax + 5);
}

TEST_CASE("mail queue: what the disk does not take goes to the log", "[system]") {
    const Folder folder;
    Office office(folder.path());
    std::filesystem::remove(folder.path());
    REQUIRE(office.queue.keep(letter_of(1, "daemon"), 1, "it is tested"));
    office.await_event("mail-problem");
    CHECK(office.count("it cannot be kept") == 1);
    CHECK(office.count("\"line\":\"precious\"") == 1);
    CHECK(office.queue.is_settled());
    CHECK_FALSE(office.queue.deadline());
}

TEST_CASE("mail queue: when the daemon ends a letter is on disk when keep returns", "[system]") {
    const Folder folder;
    {
        Office office(folder.path());
        office.queue.stop();
        REQUIRE(office.queue.keep(letter_of(1, "daemon"), 0, "it is tested"));
        CHECK(folder.letters() == 1);
    }
    Office next(folder.path());
    REQUIRE(next.queue.deadline());
    CHECK(*next.queue.deadline() <= read_clock().monotonic);
}

TEST_CASE("mail queue: before a stop nothing new is tried, and what a mailer has is waited for",
          "[system]") {
    const Folder folder;
    Office office(folder.path());
    REQUIRE(office.queue.keep(letter_of(1, "daemon"), 1, "it is tested"));
    CHECK_FALSE(office.queue.is_settled());
    office.await_event("mail-kept");
    CHECK(office.queue.is_settled());
    office.queue.expire(*office.queue.deadline());
    office.await([&] { return !office.tried.empty(); });
    CHECK_FALSE(office.queue.is_settled());
    office.await_event("mail-kept", 2);
    CHECK(office.queue.is_settled());
    const auto deadline = office.queue.deadline();
    office.queue.rest();
    CHECK_FALSE(office.queue.deadline());
    office.queue.expire(*deadline);
    CHECK(office.tried.size() == 1);
}

TEST_CASE("mail queue: a letter that somebody removes is forgotten, one that he spoils set aside",
          "[system]") {
    for (const bool is_removed : {false, true}) {
        const Folder folder;
        Office office(folder.path());
        REQUIRE(office.queue.keep(letter_of(1, "daemon"), 1, "it is tested"));
        office.await_event("mail-kept");
        const std::string name = "/mail/" + folder.root().names("/mail").front();
        if (is_removed) {
            std::filesystem::remove(folder.root().path(name));
        } else {
            folder.root().write(name, "belfry letter 1\n");
        }
        office.queue.expire(*office.queue.deadline());
        office.await_event(is_removed ? "mail-removed" : "mail-damaged");
        CHECK_FALSE(office.queue.deadline());
        CHECK(folder.letters() == (is_removed ? 0 : 1));
    }
}

}  // namespace cron::daemon
