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

// The engine does not spin, sleeps while nothing is due, orders no more than there is to do and has
// no more to say than happened. What disturbs it allows a little more.
class EffortChecker {
  public:
    explicit EffortChecker(Trace& trace) : trace_(trace) {}

    void on_event(const engine::Event& event, microseconds elapsed, const Now& now,
                  std::size_t jobs);
    void on_effect(const engine::Effect& effect, const Now& now);
    void on_handled();

    // Something happened that costs some wakes, or makes a pass begin.
    void allow(std::uint64_t wakes) { wakes_allowed_ += wakes; }
    // Runs of a daemon before, which go on here.
    void allow_recalled(std::size_t runs) {
        effects_allowed_ += kEffectsPerStart * runs;
        wakes_allowed_ += (kWakesPerStart + kWakesPerRetry) * runs;
        lines_allowed_ += runs;
    }
    void allow_passes(std::uint64_t passes) { lines_allowed_ += passes; }
    // Time passed unseen: each job may have due times that are told as missed or merged.
    void allow_rows(std::size_t jobs) { lines_allowed_ += kRowsPerJob * jobs; }

    // `start_seconds`: at which something was to start.
    void on_end(std::size_t start_seconds);

    std::uint64_t lines() const { return lines_; }

    static constexpr std::size_t kEventsAtOnce = 1'000;  // while no time passes
    static constexpr std::size_t kEventsAtOncePerJob = 50;
    static constexpr std::uint64_t kWakesPerSecond = 4;  // one before and one at the second; twice
    static constexpr std::uint64_t kWakesPerStartSecond = 2;
    static constexpr std::uint64_t kRowsPerJob = 3;       // missed, passed over, and finer ones
    static constexpr std::uint64_t kEffectsPerStart = 8;  // Spawn to Deliver, signals
    static constexpr std::uint64_t kEffectsPerEvent = 2;  // Decide and Wake
    static constexpr std::uint64_t kWakesPerStart = 2;
    static constexpr std::uint64_t kWakesPerRetry = 2;
    static constexpr std::uint64_t kWakesPerSignal = 2;
    static constexpr std::uint64_t kEffectsPerFailure = 2;  // Postpone and Spawn

  private:
    Trace& trace_;
    microseconds elapsed_{};
    std::size_t at_once_ = 0;
    std::chrono::sys_seconds second_{};
    std::uint64_t in_second_ = 0;
    std::uint64_t extra_in_seconds_ = 0;
    std::uint64_t wakes_ = 0;
    std::uint64_t wakes_allowed_ = 0;
    std::uint64_t effects_ = 0;
    std::uint64_t effects_allowed_ = 0;
    std::uint64_t lines_ = 0;  // in a log, but for the starts
    std::uint64_t lines_allowed_ = 0;
};

}  // namespace cron::sim
