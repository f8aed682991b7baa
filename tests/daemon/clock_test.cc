#include "daemon/clock.h"

#include <poll.h>
#include <cerrno>

#include <catch2/catch.hpp>

#include "daemon/clock_notice.h"

namespace cron::daemon {
namespace {

// Waits until the descriptor is readable, for at most `milliseconds`.
bool is_readable(int fd, int milliseconds) {
    pollfd ready{fd, POLLIN, 0};
    return ::poll(&ready, 1, milliseconds) == 1;
}

constexpr int kLong = 60'000;  // what must come; it is not waited for

}  // namespace

TEST_CASE("clock: a reading has both clocks", "[daemon]") {
    const Now now = read_clock();
    CHECK(now.instant > Instant{std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}});
    CHECK(read_clock().monotonic >= now.monotonic);
}

TEST_CASE("timers: none is armed at first", "[daemon]") {
    Timers timers = *Timers::create();
    CHECK_FALSE(is_readable(timers.realtime_fd(), 0));
    CHECK_FALSE(is_readable(timers.monotonic_fd(), 0));
    const Timers::Reading reading = *timers.read();
    CHECK_FALSE(reading.fired);
    CHECK_FALSE(reading.clock_was_set);
}

TEST_CASE("timers: a time in the past fires at once, however far back", "[daemon]") {
    Timers timers = *Timers::create();
    const Instant instant =
        GENERATE(Instant{}, Instant{microseconds{-1}}, Instant{seconds{-86'400 * 365}},
                 Instant::min(), Instant{seconds{1}});
    REQUIRE(timers.arm(instant, std::nullopt));
    CHECK(is_readable(timers.realtime_fd(), kLong));
    CHECK(timers.read()->fired);
    CHECK_FALSE(timers.read()->fired);
}

TEST_CASE("timers: a time absurdly far ahead is no error and does not fire", "[daemon]") {
    Timers timers = *Timers::create();
    REQUIRE(timers.arm(Instant::max(), Monotonic::max()));
    CHECK_FALSE(is_readable(timers.realtime_fd(), 0));
    CHECK_FALSE(is_readable(timers.monotonic_fd(), 0));
}

TEST_CASE("timers: neither clock fires before its time", "[daemon]") {
    Timers timers = *Timers::create();
    const Now now = read_clock();
    const Now due{now.instant + microseconds{2'000}, now.monotonic + microseconds{2'000}};
    REQUIRE(timers.arm(due.instant, std::nullopt));
    REQUIRE(is_readable(timers.realtime_fd(), kLong));
    CHECK(read_clock().instant >= due.instant);
    CHECK(timers.read()->fired);
    REQUIRE(timers.arm(std::nullopt, due.monotonic));
    REQUIRE(is_readable(timers.monotonic_fd(), kLong));
    CHECK(read_clock().monotonic >= due.monotonic);
    CHECK(timers.read()->fired);
}

TEST_CASE("timers: arming replaces what was armed, and none disarms", "[daemon]") {
    Timers timers = *Timers::create();
    REQUIRE(timers.arm(Instant{}, Monotonic{}));
    REQUIRE(timers.arm(std::nullopt, std::nullopt));
    CHECK_FALSE(is_readable(timers.realtime_fd(), 0));
    CHECK_FALSE(is_readable(timers.monotonic_fd(), 0));
    CHECK_FALSE(timers.read()->fired);
}

TEST_CASE("timers: what is late fires at once, and once", "[daemon]") {
    Timers timers = *Timers::create();
    const Now now = read_clock();
    // As after a suspend: real time is far beyond what was armed, monotonic time is not.
    REQUIRE(timers.arm(now.instant - hours{8}, now.monotonic + hours{1}));
    REQUIRE(is_readable(timers.realtime_fd(), kLong));
    CHECK_FALSE(is_readable(timers.monotonic_fd(), 0));
    const Timers::Reading reading = *timers.read();
    CHECK(reading.fired);
    CHECK_FALSE(reading.clock_was_set);
    CHECK_FALSE(is_readable(timers.realtime_fd(), 0));
    CHECK_FALSE(timers.read()->fired);
}

TEST_CASE("clock notice: a clock that is set without end is told once a minute", "[daemon]") {
    ClockNotice notice;
    const Monotonic begin{hours{3}};
    const auto first = notice.was_set(begin);
    REQUIRE(first);
    CHECK(first->fields.empty());
    for (int i = 1; i < 600; ++i) {
        CHECK_FALSE(notice.was_set(begin + i * std::chrono::milliseconds{100}));
    }
    const auto next = notice.was_set(begin + ClockNotice::kPause);
    REQUIRE(next);
    CHECK(std::get<std::int64_t>(next->fields.at(0).value) == 600);
    CHECK(notice.was_set(begin + 2 * ClockNotice::kPause)->fields.empty());
}

}  // namespace cron::daemon
