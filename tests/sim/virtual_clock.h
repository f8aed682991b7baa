// The clocks of a machine that exists only here.
#pragma once

#include "calendar/instant.h"

namespace cron::sim {

class VirtualClock {
  public:
    explicit VirtualClock(Instant begin) : instant_(begin), truth_(begin) {}

    Now now() const { return {instant_, Monotonic{elapsed_ - boot_at_}}; }
    // The time in which the machine was not suspended, through all boots.
    microseconds elapsed() const { return elapsed_; }
    // What a right clock reads.
    Instant truth() const { return truth_; }

    void advance(microseconds duration) {
        elapsed_ += duration;
        instant_ += duration;
        truth_ += duration;
    }
    void suspend(microseconds duration) {
        instant_ += duration;
        truth_ += duration;
    }
    void set(Instant instant) { instant_ = instant; }
    void boot() { boot_at_ = elapsed_; }

  private:
    Instant instant_;
    Instant truth_;
    microseconds elapsed_{};
    microseconds boot_at_{};
};

}  // namespace cron::sim
