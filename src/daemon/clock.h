// The clocks, and the timers that wake the loop at a point of either.
#pragma once

#include <optional>

#include "base/error.h"
#include "base/unique_fd.h"
#include "calendar/instant.h"

namespace cron::daemon {

// CLOCK_REALTIME and CLOCK_MONOTONIC as they are now. To be read once a turn.
Now read_clock();

// One timer on each clock, as two descriptors that become readable when there is something to
// read(). The one on real time also tells, even when nothing is due, that the clock was set (or the
// machine was suspended).
class Timers {
  public:
    static Result<Timers> create();

    int realtime_fd() const { return realtime_.get(); }
    int monotonic_fd() const { return monotonic_.get(); }

    // Replaces what was armed before; none disarms. A point in the past fires at once.
    Result<void> arm(std::optional<Instant> instant, std::optional<Monotonic> monotonic);

    struct Reading {
        bool fired = false;
        bool clock_was_set = false;
    };
    // What has happened since the last reading. Does not wait.
    Result<Reading> read();

  private:
    Timers(UniqueFd realtime, UniqueFd monotonic)
        : realtime_(std::move(realtime)), monotonic_(std::move(monotonic)) {}
    Result<void> arm_realtime();

    UniqueFd realtime_;
    UniqueFd monotonic_;
    std::optional<Instant> armed_;
    bool clock_was_set_ = false;  // noticed while arming, not yet told
};

}  // namespace cron::daemon
