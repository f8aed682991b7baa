// Rules of the daemon as a whole: a stop comes to its end, and nothing happens more often than it
// must.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/engine.h"
#include "trace.h"

namespace cron::sim {

// A stop ends within the grace and a bound.
class StopChecker {
  public:
    StopChecker(Trace& trace, microseconds grace) : trace_(trace), grace_(grace) {}

    void on_gone() { deadline_.reset(); }
    void on_asked(const engine::StopAsked& stop, const Now& now) {
        const bool at_once = stop.manner == engine::StopAsked::Manner::leave || deadline_;
        is_drain_ = stop.manner == engine::StopAsked::Manner::drain;
        deadline_ = now.monotonic + kKillWait + (at_once ? microseconds{0} : grace_);
    }
    void on_quiet(const Now& now) {
        if (deadline_ && now.monotonic > *deadline_) trace_.fail("stop", "it has no end");
    }
    bool is_stopping() const { return deadline_.has_value(); }
    bool is_drain() const { return is_drain_; }

  private:
    static constexpr seconds kKillWait{6};

    Trace& trace_;
    microseconds grace_;
    std::optional<Monotonic> deadline_;
    bool is_drain_ = false;
};

// The engine does not spin, and sleeps while nothing is due.
class EffortChecker {
  public:
    EffortChecker(Trace& trace, std::size_t jobs) : trace_(trace), jobs_(jobs) {}

    void on_event(const engine::Event& event, microseconds elapsed) {
        if (std::holds_alternative<engine::Woken>(event)) ++wakes_;
        at_once_ = elapsed == elapsed_ ? at_once_ + 1 : 1;
        elapsed_ = elapsed;
        if (at_once_ > 1'000 + 50 * jobs_) trace_.fail("spin", "events without end at one instant");
    }
    // Something happened that costs some wakes.
    void allow(std::uint64_t wakes) { allowed_ += wakes; }
    // Wakes that each job may cost: after a step back fixed due times pass that have a verdict.
    void allow_each_job(std::uint64_t wakes) { allowed_ += wakes * jobs_; }
    void on_end(std::size_t start_seconds) {
        if (wakes_ > 2 * start_seconds + allowed_)
            trace_.fail("wakes", fmt::format("{} for {} seconds with starts, {} more allowed",
                                             wakes_, start_seconds, allowed_));
    }

  private:
    Trace& trace_;
    std::size_t jobs_;
    microseconds elapsed_{};
    std::size_t at_once_ = 0;
    std::uint64_t wakes_ = 0;
    std::uint64_t allowed_ = 0;
};

}  // namespace cron::sim
