#include "daemon/outbox.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::daemon {
namespace {

constexpr std::chrono::milliseconds kNoWait{0};

// A reader of syslog: a bound datagram socket.
UniqueFd bind_syslog(const std::string& path) {
    ::unlink(path.c_str());
    UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    CRON_CHECK(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

// The next datagram; "" when there is none.
std::string receive(const UniqueFd& fd) {
    std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
    return count > 0 ? std::string(bytes.data(), static_cast<std::size_t>(count)) : std::string();
}

void set_nonblocking(const UniqueFd& fd) {
    CRON_CHECK(::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0);
}

// Takes what the test allows it: of each send so many bytes; where there is none, it fails.
class ScriptedTransport : public Transport {
  public:
    ScriptedTransport(std::deque<std::size_t> room, std::string& sent)
        : room_(std::move(room)), sent_(sent) {}

    Result<std::size_t> send(std::string_view bytes) override {
        CRON_CHECK(!room_.empty());
        const std::size_t size = std::min(room_.front(), bytes.size());
        room_.pop_front();
        if (size == 0) return failure(ErrorCode::system, "no space left");
        sent_ += bytes.substr(0, size);
        return size;
    }
    int fd() const override { return -1; }

  private:
    std::deque<std::size_t> room_;
    std::string& sent_;
};

// Reads what is there and turns the loop, until neither gives more.
std::string drain(const UniqueFd& reader, EventLoop& loop) {
    std::string text;
    for (;;) {
        const std::string more = read_all(reader.get());
        text += more;
        if (more.empty()) return text;
        CRON_CHECK(loop.turn(kNoWait).has_value());
    }
}

}  // namespace

TEST_CASE("outbox: lines reach a pipe in order, also those that had to wait", "[daemon]") {
    auto [reader, writer] = make_pipe();
    set_nonblocking(reader);
    EventLoop loop = *EventLoop::create();
    Outbox outbox(open_stream(writer.get()));
    outbox.attach(loop);
    std::string expected;
    for (int i = 0; i < 5'000; ++i) {  // some 150 KB: more than a pipe holds
        const std::string line = "line " + std::to_string(i) + std::string(20, '.') + '\n';
        REQUIRE(outbox.push(line));
        expected += line;
    }
    CHECK_FALSE(outbox.is_empty());
    CHECK(drain(reader, loop) == expected);
    CHECK(outbox.is_empty());
    CHECK(outbox.dropped() == 0);
    // With nothing left to write the loop is not woken.
    const std::uint64_t before = loop.wake_ups();
    REQUIRE(loop.turn(kNoWait));
    CHECK(loop.wake_ups() == before + 1);
    CHECK(::fcntl(writer.get(), F_GETFL) == O_WRONLY);  // the flags of the others' file are theirs
}

TEST_CASE("outbox: what is above the bound is dropped and counted, never waited for", "[daemon]") {
    auto [reader, writer] = make_pipe();
    Outbox outbox(open_stream(writer.get()));
    const std::string line(1'000, 'x');
    std::uint64_t refused = 0;
    for (int i = 0; i < 2'000; ++i) refused += outbox.push(line) ? 0 : 1;
    CHECK(refused > 0);
    CHECK(outbox.dropped() == refused);
    CHECK_FALSE(outbox.has_room());
}

TEST_CASE(
    "outbox: another user's pipe, which cannot be opened again, gets all lines without waiting",
    "[daemon]") {
    if (::geteuid() != 0) return;
    auto [reader, writer] = make_pipe();
    set_nonblocking(reader);
    const ChildResult result = in_child([&reader = reader, &writer = writer] {
        constexpr uid_t kNobody = 65534;
        if (::setresuid(kNobody, kNobody, kNobody) != 0) return 1;
        EventLoop loop = *EventLoop::create();
        Outbox outbox(open_stream(writer.get()));
        outbox.attach(loop);
        std::string expected;
        for (int i = 0; i < 5'000; ++i) {
            const std::string line = "line " + std::to_string(i) + std::string(20, '.') + '\n';
            if (!outbox.push(line)) return 2;
            expected += line;
        }
        if (outbox.is_empty()) return 3;
        if ((::fcntl(writer.get(), F_GETFL) & O_NONBLOCK) != 0) return 4;
        return drain(reader, loop) == expected && outbox.is_empty() ? 0 : 5;
    });
    CHECK(result.status == 0);
}

TEST_CASE("outbox: a stream whose reader is gone costs lines, not the process, and does not spin",
          "[daemon]") {
    std::signal(SIGPIPE, SIG_IGN);
    auto [reader, writer] = make_pipe();
    EventLoop loop = *EventLoop::create();
    Outbox outbox(open_stream(writer.get()));
    outbox.attach(loop);
    while (outbox.is_empty()) REQUIRE(outbox.push(std::string(1'000, 'x')));
    reader.reset();
    REQUIRE(loop.turn(kNoWait));  // told of the end
    CHECK(outbox.is_empty());
    CHECK(outbox.dropped() == 1);
    CHECK_FALSE(outbox.push("line\n"));
    CHECK(outbox.dropped() == 2);
    std::signal(SIGPIPE, SIG_DFL);
}

TEST_CASE("outbox: a descriptor that is not open, or a full disk, costs lines only", "[daemon]") {
    Outbox closed(open_stream(1'000));
    CHECK_FALSE(closed.push("line\n"));
    CHECK(closed.dropped() == 1);
    const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    Outbox no_room(open_stream(full.get()));
    CHECK_FALSE(no_room.push("line\n"));
    CHECK(no_room.is_empty());
}

TEST_CASE("outbox: a line that was cut off ends before the next that goes out, however many fail",
          "[daemon]") {
    std::string sent;
    Outbox outbox(
        std::make_unique<ScriptedTransport>(std::deque<std::size_t>{4, 0, 0, 0, 100, 100}, sent));
    CHECK_FALSE(outbox.push("torn line\n"));
    CHECK_FALSE(outbox.push("lost\n"));
    CHECK_FALSE(outbox.push("lost too\n"));
    CHECK(sent == "torn");
    CHECK(outbox.push("whole\n"));
    CHECK(outbox.push("next\n"));
    CHECK(sent == "torn\nwhole\nnext\n");
    CHECK(outbox.dropped() == 3);
}

TEST_CASE("outbox: a file is written at its own position, shared with its other writers",
          "[daemon]") {
    const TemporaryFolder folder;
    const UniqueFd file(::open((folder / "log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    Outbox outbox(open_stream(file.get()));
    CHECK(outbox.push("first\n"));
    CHECK(::write(file.get(), "other\n", 6) == 6);
    CHECK(outbox.push("second\n"));
    CHECK(content_of(folder / "log") == "first\nother\nsecond\n");
}

TEST_CASE("outbox: a stream socket, as the journal gives, is written without waiting", "[daemon]") {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    set_nonblocking(reader);
    EventLoop loop = *EventLoop::create();
    Outbox outbox(open_stream(writer.get()));
    outbox.attach(loop);
    std::string expected;
    for (int i = 0; i < 800; ++i) {
        const std::string line(1'000, static_cast<char>('a' + i % 26));
        REQUIRE(outbox.push(line));
        expected += line;
    }
    CHECK_FALSE(outbox.is_empty());
    CHECK(drain(reader, loop) == expected);
}

TEST_CASE("outbox: a burst to syslog waits for its reader and keeps its order", "[daemon]") {
    const TemporaryFolder folder;
    const UniqueFd reader = bind_syslog(folder / "log");
    EventLoop loop = *EventLoop::create();
    Outbox outbox(open_syslog(folder / "log"));
    outbox.attach(loop);
    constexpr int kCount = 2'000;  // the kernel queues 10 to 512
    for (int i = 0; i < kCount; ++i) REQUIRE(outbox.push("line " + std::to_string(i)));
    CHECK_FALSE(outbox.is_empty());
    REQUIRE(loop.turn(kNoWait));  // no room yet, so nothing to do
    int received = 0;
    for (std::string line = receive(reader); !line.empty(); line = receive(reader)) {
        if (line != "line " + std::to_string(received)) break;
        ++received;
        REQUIRE(loop.turn(kNoWait));
    }
    CHECK(received == kCount);
    CHECK(outbox.is_empty());
    CHECK(outbox.dropped() == 0);
}

TEST_CASE("outbox: lines wait while there is no syslog, and go to one that was started anew",
          "[daemon]") {
    const TemporaryFolder folder;
    Outbox outbox(open_syslog(folder / "log"));
    CHECK(outbox.push("before"));
    UniqueFd reader = bind_syslog(folder / "log");
    CHECK(outbox.push("first"));
    CHECK(receive(reader) == "before");
    CHECK(receive(reader) == "first");
    reader.reset();
    reader = bind_syslog(folder / "log");
    CHECK(outbox.push("second"));
    CHECK(receive(reader) == "second");
    CHECK(outbox.is_empty());
    CHECK(outbox.dropped() == 0);
}

TEST_CASE("outbox: a reader of syslog that ends while lines wait for it is survived", "[daemon]") {
    const TemporaryFolder folder;
    UniqueFd reader = bind_syslog(folder / "log");
    EventLoop loop = *EventLoop::create();
    Outbox outbox(open_syslog(folder / "log"));
    outbox.attach(loop);
    while (outbox.is_empty()) REQUIRE(outbox.push("line"));
    reader.reset();
    REQUIRE(loop.turn(kNoWait));
    REQUIRE(loop.turn(kNoWait));
    CHECK_FALSE(outbox.is_empty());
    reader = bind_syslog(folder / "log");
    CHECK(outbox.push("last"));
    CHECK(receive(reader) == "line");
    CHECK(receive(reader) == "last");
}

}  // namespace cron::daemon
