// Errands as real processes.
#include "daemon/errands.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "daemon/clock.h"
#include "launch_support.h"

namespace cron::daemon {
namespace {

// Errands whose program is `cat` live until let_go(), and the others as long as they need.
class Office {
  public:
    explicit Office(Errands::Limits limits)
        : loop_(*EventLoop::create()),
          launcher_(process::make_launcher()),
          errands(loop_, launcher_, limits, [this] { ++progress; }) {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        reader_.reset(ends[0]);
        writer_.reset(ends[1]);
    }

    Errand errand(const std::string& name, uid_t user, const std::string& command) {
        Errand errand;
        errand.uid = user;
        errand.time_max = seconds{100};
        errand.prepare = [this, name, command]() -> std::optional<Errand::Program> {
            started.push_back(name);
            if (command.empty()) return std::nullopt;
            Errand::Program program;
            program.order = process::shell_order(command);
            if (command.front() == '/') program.order.arguments = {command};
            program.order.input_fd = reader_.get();
            program.order.output_fd = output.get();
            return program;
        };
        errand.ended = [this, name](const ErrandEnd& end) {
            std::string how = end.is_timed_out ? " timed out" : "";
            if (!end.status) {
                how += " " + end.status.error().message;
            } else {
                how += (end.status->signalled ? " signal " : " status ") +
                       std::to_string(end.status->value);
            }
            ended.push_back(name + how);
        };
        return errand;
    }

    void let_go() { writer_.reset(); }
    void await(std::size_t ends) {
        while (ended.size() < ends) {
            REQUIRE(loop_.turn(std::chrono::milliseconds{process::kPatienceMs}));
        }
    }

  private:
    EventLoop loop_;
    process::Launcher launcher_;
    UniqueFd reader_;
    UniqueFd writer_;

  public:
    Errands errands;
    UniqueFd output;  // of all
    std::vector<std::string> started;
    std::vector<std::string> ended;
    int progress = 0;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("errands: no user has more than his turns, and others go ahead of what he has more",
          "[system]") {
    Office office({3, 2, 10});
    for (const char* name : {"a1", "a2", "a3", "a4"}) {
        REQUIRE(office.errands.add(office.errand(name, 1, "cat")));
    }
    CHECK(office.started == Names{"a1", "a2"});
    REQUIRE(office.errands.add(office.errand("b1", 2, "cat")));
    REQUIRE(office.errands.add(office.errand("b2", 2, "cat")));
    CHECK(office.started == Names{"a1", "a2", "b1"});
    CHECK_FALSE(office.errands.is_idle());
    office.let_go();
    office.await(6);
    CHECK(office.started.size() == 6);
    CHECK(office.progress == 6);
    CHECK(office.errands.is_idle());
    CHECK_FALSE(office.errands.deadline());
}

TEST_CASE("errands: of a user only so many wait", "[system]") {
    Office office({1, 1, 2});
    for (const char* name : {"runs", "waits", "waits too"}) {
        REQUIRE(office.errands.add(office.errand(name, 1, "cat")));
    }
    CHECK_FALSE(office.errands.add(office.errand("too many", 1, "cat")));
    CHECK(office.errands.add(office.errand("another's", 2, "cat")));
    office.let_go();
    office.await(4);
    CHECK(office.started == Names{"runs", "waits", "waits too", "another's"});
}

TEST_CASE("errands: the end is told, or why there is none", "[system]") {
    Office office({});
    REQUIRE(office.errands.add(office.errand("good", 1, "true")));
    office.await(1);
    REQUIRE(office.errands.add(office.errand("bad", 1, "exit 75")));
    office.await(2);
    REQUIRE(office.errands.add(office.errand("killed", 1, "kill -KILL $$")));
    office.await(3);
    REQUIRE(office.errands.add(office.errand("absent", 1, "/no/such/program")));
    office.await(4);
    REQUIRE(office.errands.add(office.errand("nothing to do", 1, "")));
    CHECK(office.ended == Names{"good status 0", "bad status 75", "killed signal 9",
                                "absent exec /no/such/program: No such file or directory"});
    CHECK(office.started.size() == 5);
    CHECK(office.errands.is_idle());
}

TEST_CASE("errands: what has had its time is killed with its whole group, and that is told",
          "[system]") {
    Office office({});
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd reader(ends[0]);
    office.output.reset(ends[1]);
    const Monotonic before = read_clock().monotonic;
    REQUIRE(office.errands.add(office.errand("slow", 1, "exec 3<&0; cat <&3 & cat")));
    const auto deadline = office.errands.deadline();
    REQUIRE(deadline);
    CHECK(*deadline >= before + seconds{100});
    CHECK(*deadline <= read_clock().monotonic + seconds{100});
    office.errands.expire(*deadline - microseconds{1});
    CHECK(office.errands.deadline() == deadline);
    office.errands.expire(*deadline);
    CHECK_FALSE(office.errands.deadline());
    office.await(1);
    CHECK(office.ended == Names{"slow timed out signal 9"});
    // Readable, for its end has come: nobody is left who could write.
    office.output.reset();
    REQUIRE(process::becomes_readable(reader.get()));
    char byte = 0;
    CHECK(::read(reader.get(), &byte, 1) == 0);
}

TEST_CASE("errands: at the end those that wait are told, and those that run only if they end too",
          "[system]") {
    for (const bool end_with_us : {false, true}) {
        Office office({1, 1, 2});
        REQUIRE(office.errands.add(office.errand("runs", 1, "cat")));
        REQUIRE(office.errands.add(office.errand("waits", 1, "cat")));
        office.errands.give_up(end_with_us);
        const std::string waits = "waits the daemon stops before its turn";
        CHECK(office.ended == (end_with_us
                                   ? Names{"runs it has not ended, and the daemon stops", waits}
                                   : Names{waits}));
        CHECK(office.errands.is_idle());
        // Its process ends by itself.
        office.let_go();
        REQUIRE(::waitpid(-1, nullptr, 0) > 0);
    }
}

}  // namespace cron::daemon
