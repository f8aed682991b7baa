#include "daemon/event_loop.h"

#include <sys/epoll.h>
#include <vector>

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::daemon {
namespace {

constexpr std::chrono::milliseconds kNoWait{0};

void make_readable(const UniqueFd& writer) { CRON_CHECK(::write(writer.get(), "x", 1) == 1); }

}  // namespace

TEST_CASE("event loop: a ready descriptor calls its handler each turn until it is drained",
          "[daemon]") {
    auto [reader, writer] = make_pipe();
    EventLoop loop = *EventLoop::create();
    int calls = 0;
    const auto watch = *loop.add(reader.get(), EPOLLIN, [&](std::uint32_t events) {
        CHECK(events == EPOLLIN);
        ++calls;
    });
    REQUIRE(loop.turn(kNoWait));
    CHECK(calls == 0);
    make_readable(writer);
    REQUIRE(loop.turn(std::nullopt));
    REQUIRE(loop.turn(std::nullopt));
    CHECK(calls == 2);
    char byte = 0;
    CHECK(::read(reader.get(), &byte, 1) == 1);
    REQUIRE(loop.turn(kNoWait));
    CHECK(calls == 2);
    CHECK(loop.wake_ups() == 4);
}

TEST_CASE("event loop: run ends with stop, after the handler that called it", "[daemon]") {
    auto [first_reader, first_writer] = make_pipe();
    auto [second_reader, second_writer] = make_pipe();
    EventLoop loop = *EventLoop::create();
    int calls = 0;
    const auto stop = [&](std::uint32_t) {
        ++calls;
        loop.stop();
    };
    const auto first = *loop.add(first_reader.get(), EPOLLIN, stop);
    const auto second = *loop.add(second_reader.get(), EPOLLIN, stop);
    make_readable(first_writer);
    make_readable(second_writer);
    REQUIRE(loop.run());
    CHECK(calls == 1);
    CHECK(loop.is_stopped());
}

TEST_CASE("event loop: a handler may end its own watch and goes on living until it returns",
          "[daemon]") {
    auto [reader, writer] = make_pipe();
    EventLoop loop = *EventLoop::create();
    EventLoop::Watch watch;
    std::vector<std::string> seen;
    const std::string captured(100, 'c');
    watch = *loop.add(reader.get(), EPOLLIN, [&, captured](std::uint32_t) {
        watch.reset();
        seen.push_back(captured);
    });
    make_readable(writer);
    REQUIRE(loop.turn(std::nullopt));
    REQUIRE(loop.turn(kNoWait));
    CHECK(seen == std::vector{captured});
    CHECK_FALSE(watch);
}

TEST_CASE("event loop: a watch ended by another's handler is not called for the same turn",
          "[daemon]") {
    auto [first_reader, first_writer] = make_pipe();
    auto [second_reader, second_writer] = make_pipe();
    EventLoop loop = *EventLoop::create();
    EventLoop::Watch first;
    EventLoop::Watch second;
    int calls = 0;
    // Whichever comes first ends both.
    const auto end_both = [&](std::uint32_t) {
        ++calls;
        first.reset();
        second.reset();
    };
    first = *loop.add(first_reader.get(), EPOLLIN, end_both);
    second = *loop.add(second_reader.get(), EPOLLIN, end_both);
    make_readable(first_writer);
    make_readable(second_writer);
    REQUIRE(loop.turn(std::nullopt));
    CHECK(calls == 1);
}

TEST_CASE("event loop: a descriptor number used again does not get the old one's event",
          "[daemon]") {
    auto [first_reader, first_writer] = make_pipe();
    auto [second_reader, second_writer] = make_pipe();
    EventLoop loop = *EventLoop::create();
    std::vector<EventLoop::Watch> watches(2);
    std::vector<UniqueFd*> readers = {&first_reader, &second_reader};
    EventLoop::Watch successor;
    UniqueFd fresh_reader;
    UniqueFd fresh_writer;
    int old_calls = 0;
    int new_calls = 0;
    // Whichever comes first closes the other's descriptor and opens a quiet one with its number.
    const auto replace = [&](std::size_t other) {
        ++old_calls;
        const int number = readers[other]->get();
        watches[other].reset();
        readers[other]->reset();
        std::tie(fresh_reader, fresh_writer) = make_pipe();
        CHECK(fresh_reader.get() == number);
        successor = *loop.add(fresh_reader.get(), EPOLLIN, [&](std::uint32_t) { ++new_calls; });
    };
    watches[0] = *loop.add(first_reader.get(), EPOLLIN, [&](std::uint32_t) { replace(1); });
    watches[1] = *loop.add(second_reader.get(), EPOLLIN, [&](std::uint32_t) { replace(0); });
    make_readable(first_writer);
    make_readable(second_writer);
    REQUIRE(loop.turn(std::nullopt));
    CHECK(old_calls == 1);
    CHECK(new_calls == 0);
    successor.reset();
    watches.clear();
}

TEST_CASE("event loop: a handler that owns its own watch is released with it", "[daemon]") {
    auto [reader, writer] = make_pipe();
    EventLoop loop = *EventLoop::create();
    auto outer = std::make_unique<EventLoop::Watch>();
    auto [inner_reader, inner_writer] = make_pipe();
    // The handler owns a second watch, which ends when the handler does: after the dispatch.
    auto inner = std::make_shared<EventLoop::Watch>(
        *loop.add(inner_reader.get(), EPOLLIN, [](std::uint32_t) {}));
    *outer = *loop.add(reader.get(), EPOLLIN, [&outer, inner](std::uint32_t) { outer.reset(); });
    inner.reset();
    make_readable(writer);
    REQUIRE(loop.turn(std::nullopt));
    CHECK_FALSE(outer);
}

TEST_CASE("event loop: one turn calls a bounded number of handlers, and none starves", "[daemon]") {
    constexpr int kCount = EventLoop::kEventsMax + 10;
    EventLoop loop = *EventLoop::create();
    std::vector<std::pair<UniqueFd, UniqueFd>> pipes;
    std::vector<int> calls(kCount);
    std::vector<EventLoop::Watch> watches;
    for (int i = 0; i < kCount; ++i) {
        pipes.push_back(make_pipe());
        make_readable(pipes.back().second);
        watches.push_back(*loop.add(pipes.back().first.get(), EPOLLIN, [&calls, i](std::uint32_t) {
            ++calls[static_cast<std::size_t>(i)];
        }));
    }
    const auto total = [&] {
        int sum = 0;
        for (const int count : calls) sum += count;
        return sum;
    };
    REQUIRE(loop.turn(std::nullopt));
    CHECK(total() == EventLoop::kEventsMax);
    REQUIRE(loop.turn(std::nullopt));
    CHECK(std::find(calls.begin(), calls.end(), 0) == calls.end());
    watches.clear();
}

TEST_CASE("event loop: what epoll does not take is an error", "[daemon]") {
    EventLoop loop = *EventLoop::create();
    CHECK_FALSE(loop.add(-1, EPOLLIN, [](std::uint32_t) {}));
}

TEST_CASE("event loop: a watch can be moved", "[daemon]") {
    auto [reader, writer] = make_pipe();
    EventLoop loop = *EventLoop::create();
    int calls = 0;
    EventLoop::Watch watch = *loop.add(reader.get(), EPOLLIN, [&](std::uint32_t) { ++calls; });
    EventLoop::Watch moved = std::move(watch);
    make_readable(writer);
    REQUIRE(loop.turn(std::nullopt));
    CHECK(calls == 1);
    moved = EventLoop::Watch();
    REQUIRE(loop.turn(kNoWait));
    CHECK(calls == 1);
}

}  // namespace cron::daemon
