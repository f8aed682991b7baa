#include "effort.h"

#include <variant>

namespace cron::sim {

void EffortChecker::on_event(const engine::Event& event, microseconds elapsed, const Now& now,
                             std::size_t jobs) {
    at_once_ = elapsed == elapsed_ ? at_once_ + 1 : 1;
    elapsed_ = elapsed;
    if (at_once_ > kEventsAtOnce + kEventsAtOncePerJob * jobs)
        trace_.fail("spin", "events without end at one instant");

    effects_allowed_ += kEffectsPerEvent;
    if (std::holds_alternative<engine::LaunchFailed>(event)) {
        effects_allowed_ += kEffectsPerFailure;
        ++lines_allowed_;
    }
    if (!std::holds_alternative<engine::Woken>(event)) return;
    ++wakes_;
    const auto second = floor_seconds(now.instant);
    if (second != second_) in_second_ = 0;
    second_ = second;
    if (++in_second_ > kWakesPerSecond && ++extra_in_seconds_ > wakes_allowed_)
        trace_.fail("spin", fmt::format("{} wakes in one second", in_second_));
}

void EffortChecker::on_effect(const engine::Effect& effect, const Now& now) {
    ++effects_;
    if (const auto* wake = std::get_if<engine::Wake>(&effect)) {
        const bool is_past = (wake->instant && *wake->instant <= now.instant) ||
                             (wake->monotonic && *wake->monotonic <= now.monotonic);
        if (is_past) trace_.fail("spin", "a wake is ordered for a time that has come");
        return;
    }
    if (const auto* decide = std::get_if<engine::Decide>(&effect)) {
        for (const engine::Verdict& verdict : decide->verdicts) {
            const bool is_start = verdict.fate == engine::Fate::start;
            if (is_start) effects_allowed_ += kEffectsPerStart;
            // A start has its line when it ends; what is not to start has it now.
            const bool is_suspended = verdict.fate == engine::Fate::suspended;
            if (is_start || is_suspended) ++lines_allowed_;
            if (!is_start) ++lines_;
        }
    }
    if (std::holds_alternative<engine::Retry>(effect)) {
        effects_allowed_ += kEffectsPerStart;
        wakes_allowed_ += kWakesPerRetry;
        ++lines_allowed_;
        ++lines_;
    }
    if (const auto* spawn = std::get_if<engine::Spawn>(&effect)) {
        // For its timeout, and for its turn.
        wakes_allowed_ += kWakesPerStart;
        if (spawn->entry->delay > seconds{0}) ++wakes_allowed_;
    }
    if (const auto* finish = std::get_if<engine::Finish>(&effect)) {
        if (finish->entry->delay > seconds{0}) ++wakes_allowed_;
    }
    if (std::holds_alternative<engine::Signal>(effect)) wakes_allowed_ += kWakesPerSignal;
    const bool is_line = std::holds_alternative<engine::Finish>(effect) ||
                         std::holds_alternative<engine::Postpone>(effect) ||
                         std::holds_alternative<engine::OpenPass>(effect);
    if (is_line) ++lines_;
}

void EffortChecker::on_handled() {
    if (effects_ > effects_allowed_ + lines_allowed_)
        trace_.fail("spin", fmt::format("{} effects, where {} would do", effects_,
                                        effects_allowed_ + lines_allowed_));
    if (lines_ > lines_allowed_)
        trace_.fail("log", fmt::format("{} lines on what happened, where {} would do", lines_,
                                       lines_allowed_));
}

void EffortChecker::on_end(std::size_t start_seconds) {
    if (wakes_ > kWakesPerStartSecond * start_seconds + wakes_allowed_)
        trace_.fail("wakes", fmt::format("{} for {} seconds with starts, {} more allowed", wakes_,
                                         start_seconds, wakes_allowed_));
}

}  // namespace cron::sim
