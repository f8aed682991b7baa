#include "daemon/clock.h"

#include <sys/timerfd.h>
#include <unistd.h>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <limits>

#include "base/check.h"

namespace cron::daemon {
namespace {

microseconds read_one(clockid_t clock) {
    timespec now{};
    CRON_CHECK(::clock_gettime(clock, &now) == 0);
    return std::chrono::duration_cast<microseconds>(seconds{now.tv_sec} +
                                                    std::chrono::nanoseconds{now.tv_nsec});
}

// All zero would disarm, and the kernel refuses what is negative: what is past becomes the first
// nanosecond. What is too far the kernel takes as the end of its time.
itimerspec once_at(microseconds since_epoch) {
    itimerspec timer{};
    if (since_epoch <= microseconds{0}) {
        timer.it_value.tv_nsec = 1;
        return timer;
    }
    const seconds whole = std::chrono::floor<seconds>(since_epoch);
    timer.it_value.tv_sec = whole.count();
    timer.it_value.tv_nsec = std::chrono::nanoseconds{since_epoch - whole}.count();
    return timer;
}

// Armed, so that a clock that is set is noticed, but never due.
itimerspec never() {
    itimerspec timer{};
    timer.it_value.tv_sec = std::numeric_limits<time_t>::max();
    return timer;
}

constexpr int kCancelOnSet = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;

// 0 when the timer has fired, EAGAIN when it has not, or another error.
int read_expirations(int fd) {
    std::uint64_t count = 0;
    return ::read(fd, &count, sizeof count) == sizeof count ? 0 : errno;
}

}  // namespace

Now read_clock() {
    return {Instant{read_one(CLOCK_REALTIME)}, Monotonic{read_one(CLOCK_MONOTONIC)}};
}

Result<Timers> Timers::create() {
    UniqueFd realtime(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!realtime) return system_failure(errno, "timerfd_create", "");
    UniqueFd monotonic(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!monotonic) return system_failure(errno, "timerfd_create", "");
    Timers timers(std::move(realtime), std::move(monotonic));
    if (Result<void> armed = timers.arm(std::nullopt, std::nullopt); !armed) {
        return tl::unexpected(armed.error());
    }
    return timers;
}

Result<void> Timers::arm(std::optional<Instant> instant, std::optional<Monotonic> monotonic) {
    armed_ = instant;
    if (Result<void> done = arm_realtime(); !done) return done;
    const itimerspec timer = monotonic ? once_at(monotonic->time_since_epoch()) : itimerspec{};
    if (::timerfd_settime(monotonic_.get(), TFD_TIMER_ABSTIME, &timer, nullptr) != 0) {
        return system_failure(errno, "timerfd_settime", "");
    }
    return {};
}

Result<void> Timers::arm_realtime() {
    const itimerspec timer = armed_ ? once_at(armed_->time_since_epoch()) : never();
    if (::timerfd_settime(realtime_.get(), kCancelOnSet, &timer, nullptr) == 0) return {};
    if (errno != ECANCELED) return system_failure(errno, "timerfd_settime", "");
    // The clock was set and nobody has read so yet: the timer is armed, and the kernel has told of
    // it here for the only time. Fire at once, so that read() is called and can tell.
    clock_was_set_ = true;
    const itimerspec at_once = once_at(microseconds{0});
    if (::timerfd_settime(realtime_.get(), kCancelOnSet, &at_once, nullptr) != 0 &&
        errno != ECANCELED) {
        return system_failure(errno, "timerfd_settime", "");
    }
    return {};
}

Result<Timers::Reading> Timers::read() {
    Reading reading;
    for (const int fd : {realtime_.get(), monotonic_.get()}) {
        const int error = read_expirations(fd);
        if (error == 0) reading.fired = true;
        if (error == ECANCELED) reading.clock_was_set = true;
        if (error != 0 && error != ECANCELED && error != EAGAIN) {
            return system_failure(error, "read", "a timer");
        }
    }
    if (clock_was_set_) {
        clock_was_set_ = false;
        reading.clock_was_set = true;
        // It fired at once only to bring us here.
        if (Result<void> armed = arm_realtime(); !armed) return tl::unexpected(armed.error());
    }
    return reading;
}

}  // namespace cron::daemon
