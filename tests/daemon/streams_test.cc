// What jobs print, on its way to whoever reads our own streams: or does not.
#include "daemon/streams.h"

#include <fcntl.h>
#include <poll.h>
#include <csignal>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::daemon {
namespace {

constexpr std::chrono::milliseconds kNoWait{0};

void set_nonblocking(const UniqueFd& fd) {
    CRON_CHECK(::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0);
}

// Streams between pipes: those of jobs, and two whose readers are the test's.
class Plumbing {
  public:
    explicit Plumbing(microseconds patience = kReaderPatience) {
        std::signal(SIGPIPE, SIG_IGN);
        std::tie(output, output_end_) = make_pipe();
        std::tie(error, error_end_) = make_pipe();
        std::tie(log_reader_, log_end_) = make_pipe();
        for (const UniqueFd* fd : {&output, &error, &log_reader_}) set_nonblocking(*fd);
        LogOptions options;
        options.fd = log_end_.get();
        log_ = std::make_unique<Log>(options);
        streams = *Streams::create(loop, *log_, {output_end_.get(), error_end_.get(), patience});
    }
    ~Plumbing() {
        streams.reset();
        std::signal(SIGPIPE, SIG_DFL);
    }
    Plumbing(const Plumbing&) = delete;
    Plumbing& operator=(const Plumbing&) = delete;

    // A job's end, which does not block here.
    Streams::Opened open(const std::string& name, Stream stream = Stream::output,
                         std::unique_ptr<LineWriter> writer = nullptr) {
        auto entry = std::make_shared<crontab::Entry>();
        entry->id = JobId::named("alice", "/t", name);
        entry->user = "alice";
        entries_.push_back(entry);
        const engine::RunKey key{entry->id, {}, 0};
        const Source source{*entry, key, 1, false, stream};
        SourceLines lines = format_->lines_of(source);
        if (writer) lines.writer = std::move(writer);
        auto opened = streams->open(std::move(lines), name_of(source), true);
        CRON_CHECK(opened.has_value());
        set_nonblocking(opened->write_end);
        return *std::move(opened);
    }

    void turn() { CRON_CHECK(loop.turn(kNoWait).has_value()); }
    void turns() {
        for (int i = 0; i < 20; ++i) turn();
    }
    // Writes all of it, with turns of the loop, and `meanwhile`, where there is no room.
    void write(const UniqueFd& fd, std::string_view bytes, const std::function<void()>& meanwhile) {
        while (!bytes.empty()) {
            const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
            if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
            turn();
            meanwhile();
        }
    }
    std::string log() {
        log_text_ += read_all(log_reader_.get());
        return log_text_;
    }

    EventLoop loop = *EventLoop::create();
    UniqueFd output;  // as whoever reads us sees it
    UniqueFd error;
    std::unique_ptr<Streams> streams;

  private:
    UniqueFd output_end_;
    UniqueFd error_end_;
    UniqueFd log_reader_;
    UniqueFd log_end_;
    std::string log_text_;
    std::unique_ptr<Log> log_;
    std::unique_ptr<RunFormat> format_ = make_prefix_format();
    std::vector<std::shared_ptr<const crontab::Entry>> entries_;
};

// Before each line it lets somebody act.
class InterruptedWriter : public LineWriter {
  public:
    explicit InterruptedWriter(std::function<void()> act) : act_(std::move(act)) {}

    void append(std::string& out, const process::OutputLine& line, Instant) override {
        act_();
        out += std::string(line.text) + '\n';
    }
    void append_gap(std::string&, const Gap&, Instant) override {}

  private:
    std::function<void()> act_;
};

std::string many_lines(std::size_t bytes) {
    std::string text;
    for (int i = 0; text.size() < bytes; ++i) {
        text += "line " + std::to_string(i) + std::string(80, '.') + '\n';
    }
    return text;
}

std::size_t count_lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// The two numbers of "[name] 12 lines (345 bytes) dropped"; none if it is not there just once.
std::optional<Gap> gap_in(const std::string& text, const std::string& name) {
    const std::string before = '[' + name + "] ";
    const std::size_t end = text.find(" bytes) dropped\n");
    if (end == std::string::npos || text.find(" dropped\n", end + 16) != std::string::npos) {
        return std::nullopt;
    }
    const std::size_t begin = text.rfind(before, end) + before.size();
    Gap gap;
    std::size_t length = 0;
    gap.lines = std::stoull(text.substr(begin), &length);
    gap.bytes = std::stoull(text.substr(begin + length + std::string(" lines (").size()));
    return gap;
}

}  // namespace

TEST_CASE("streams: stdout and stderr of jobs come on ours, in order, a last line too",
          "[output]") {
    Plumbing plumbing;
    auto one = plumbing.open("one");
    auto other = plumbing.open("other", Stream::error);
    REQUIRE(::write(one.write_end.get(), "a\nb", 3) == 3);
    REQUIRE(::write(other.write_end.get(), "c\n", 2) == 2);
    plumbing.turns();
    CHECK(read_all(plumbing.output.get()) == "[one] a\n");
    CHECK(read_all(plumbing.error.get()) == "[other] c\n");
    one.write_end.reset();
    plumbing.turns();
    CHECK(read_all(plumbing.output.get()) == "[one] b\n");
    CHECK(plumbing.streams->take_count(one.id).bytes == 3);
    CHECK(plumbing.streams->take_count(one.id).bytes == 0);
}

TEST_CASE("streams: what a job wrote is told before its end is, though others still may write",
          "[output]") {
    Plumbing plumbing;
    auto job = plumbing.open("job");
    const std::string text = many_lines(60'000);
    REQUIRE(::write(job.write_end.get(), text.data(), text.size()) ==
            static_cast<ssize_t>(text.size()));
    CHECK(plumbing.streams->take_count(job.id).bytes == text.size());
    plumbing.streams->say({Stream::output, "its end\n"});
    std::string got;
    for (int i = 0; i < 20; ++i) {
        got += read_all(plumbing.output.get());
        plumbing.turn();
    }
    CHECK(count_lines(got) == count_lines(text) + 1);
    CHECK(got.ends_with("\nits end\n"));
    REQUIRE(::write(job.write_end.get(), "later\n", 6) == 6);
    plumbing.turns();
    CHECK(read_all(plumbing.output.get()) == "[job] later\n");
}

TEST_CASE("streams: a job that reads its own output is not waited for", "[output]") {
    Plumbing plumbing;
    UniqueFd thief;
    std::size_t stolen = 0;
    const auto steal = [&] { stolen += read_all(thief.get()).size(); };
    auto job = plumbing.open("job", Stream::output, std::make_unique<InterruptedWriter>(steal));
    thief.reset(::open(("/proc/self/fd/" + std::to_string(job.write_end.get())).c_str(),
                       O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(thief);
    const std::string text = many_lines(60'000);
    const auto size = static_cast<ssize_t>(text.size());
    REQUIRE(::write(job.write_end.get(), text.data(), text.size()) == size);
    const std::uint64_t told = plumbing.streams->take_count(job.id).bytes;
    CHECK(stolen > 0);
    CHECK(told + stolen == text.size());
    stolen = 0;
    REQUIRE(::write(job.write_end.get(), text.data(), text.size()) == size);
    plumbing.streams->finish();
    CHECK(stolen > 0);
}

TEST_CASE("streams: a reader who is slow gets every byte", "[output]") {
    Plumbing plumbing;
    auto job = plumbing.open("job");
    const std::string text = many_lines(12U << 20);
    std::string got;
    char buffer[8192];
    const auto read_a_little = [&] {
        const ssize_t count = ::read(plumbing.output.get(), buffer, sizeof buffer);
        if (count > 0) got.append(buffer, static_cast<std::size_t>(count));
    };
    plumbing.write(job.write_end, text, read_a_little);
    job.write_end.reset();
    const std::size_t expected = text.size() + count_lines(text) * std::string("[job] ").size();
    while (got.size() < expected) {
        read_a_little();
        plumbing.turn();
    }
    CHECK(got.size() == expected);
    CHECK(plumbing.streams->take_count(job.id).dropped_bytes == 0);
    CHECK(plumbing.log().empty());
}

TEST_CASE("streams: where nobody reads a job goes on, and what is dropped is counted and told once",
          "[output]") {
    Plumbing plumbing(std::chrono::milliseconds{50});
    auto job = plumbing.open("job");
    auto other = plumbing.open("other", Stream::error);
    const std::string text = many_lines(12U << 20);
    REQUIRE(::write(other.write_end.get(), "in time\n", 8) == 8);
    plumbing.write(job.write_end, text, [] {});  // it ends
    CHECK(read_all(plumbing.error.get()) == "[other] in time\n");
    CHECK(plumbing.log().find("warning output-stuck stream=stdout") != std::string::npos);
    plumbing.turns();
    const Streams::Count count = plumbing.streams->take_count(job.id);
    CHECK(count.bytes == text.size());
    CHECK(count.dropped_bytes > text.size() / 3);
    SECTION("by a job that still runs") {}
    SECTION("by one that has ended") {
        job.write_end.reset();
        plumbing.turns();
    }
    std::string got;
    for (std::string more = "."; !more.empty(); got += more) {
        more = read_all(plumbing.output.get());
        for (int i = 0; i < 3; ++i) {
            ::poll(nullptr, 0, 1);  // the timer of the loop
            plumbing.turn();
        }
        if (more.empty()) more = read_all(plumbing.output.get());
    }
    const auto gap = gap_in(got, "job");
    REQUIRE(gap);
    CHECK(gap->bytes == count.dropped_bytes);
    CHECK(count_lines(got) - 1 + gap->lines == count_lines(text));
    CHECK(plumbing.log().find("info output-flows stream=stdout") != std::string::npos);
    if (job.write_end) {
        REQUIRE(::write(job.write_end.get(), "again\n", 6) == 6);
        plumbing.turns();
        CHECK(read_all(plumbing.output.get()) == "[job] again\n");
    }
}

TEST_CASE("streams: a reader who is gone is said once, and what comes after him counted by run",
          "[output]") {
    Plumbing plumbing;
    auto job = plumbing.open("job");
    plumbing.output.reset();
    for (int i = 0; i < 5; ++i) {
        REQUIRE(::write(job.write_end.get(), "line\n", 5) == 5);
        plumbing.turns();
    }
    const std::uint64_t before = plumbing.loop.wake_ups();
    plumbing.turns();
    CHECK(plumbing.loop.wake_ups() == before + 20);
    job.write_end.reset();
    plumbing.turns();
    const std::string log = plumbing.log();
    CHECK(log.find("error output-closed stream=stdout reason=\"write: Broken pipe\" "
                   "lines=1 bytes=11") != std::string::npos);
    CHECK(log.find("output-closed", log.find("output-closed") + 1) == std::string::npos);
    CHECK(log.find("warning output-dropped user=alice job=job") != std::string::npos);
    CHECK(log.find("stream=stdout lines=4 bytes=20") != std::string::npos);
}

TEST_CASE("streams: a job that floods leaves the others their turn", "[output]") {
    Plumbing plumbing;
    auto flood = plumbing.open("flood");
    auto quiet = plumbing.open("quiet");
    const std::string text = many_lines(60'000);
    std::string got;
    for (int i = 0; i < 50; ++i) {
        static_cast<void>(::write(flood.write_end.get(), text.data(), text.size()));
        plumbing.turn();
    }
    REQUIRE(::write(quiet.write_end.get(), "here\n", 5) == 5);
    plumbing.turn();
    plumbing.turn();
    for (int i = 0; i < 400 && got.find("[quiet] here\n") == std::string::npos; ++i) {
        got += read_all(plumbing.output.get());
        plumbing.turn();
    }
    // Behind what the flood had written, and one read of it.
    const std::size_t at = got.find("[quiet] here\n");
    REQUIRE(at != std::string::npos);
    CHECK(at < 52 * process::kReadBytesMax * 108 / 100 + 65'536);
}

TEST_CASE("streams: at the end what nobody has read is counted in the log", "[output]") {
    Plumbing plumbing(std::chrono::milliseconds{50});
    auto job = plumbing.open("job");
    const std::string text = many_lines(6U << 20);
    plumbing.write(job.write_end, text, [] {});
    plumbing.streams->finish();
    const std::string log = plumbing.log();
    CHECK(log.find("warning output-dropped user=alice job=job") != std::string::npos);
    CHECK(log.find("warning output-unread stream=stdout lines=") != std::string::npos);
}

}  // namespace cron::daemon
