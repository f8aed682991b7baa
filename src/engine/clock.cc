// The clock: unset, set back, going on.
#include <algorithm>
#include <utility>

#include "engine/state.h"

namespace cron::engine {

void Engine::State::check_clock() {
    const Now before = last_look_.value_or(now_);
    last_look_ = now_;
    if (!is_clock_set() || limits_.only_asked) return;

    const bool was_set = before.instant >= limits_.earliest_credible;
    const Instant expected = before.instant + (now_.monotonic - before.monotonic);
    microseconds step = was_set ? expected - now_.instant : microseconds{0};
    if (decided_until_)
        step = std::max<microseconds>(step, *decided_until_ - kVerdictLead - now_.instant);
    // Where nothing that is decided comes again, the time simply goes on.
    const bool comes_again = decided_until_ && *decided_until_ - kVerdictLead > now_.instant;
    if (comes_again && step >= kSmallStepMax) open_pass(step);
}

void Engine::State::place_waiting() {
    if (!is_clock_set() || !std::exchange(has_unplaced_, false)) return;
    std::vector<Job*> unplaced = jobs_.in_order();
    std::erase_if(unplaced, [](const Job* job) { return job->placed; });
    place(unplaced);
}

void Engine::State::open_pass(microseconds step) {
    // Of several steps in a row fixed schedules count the sum.
    if (fixed_decided_until_)
        step = std::max<microseconds>(step, *fixed_decided_until_ - kVerdictLead - now_.instant);
    const bool fixed_too = step > kWildcardStepMax;
    const Instant reached = now_.instant + step;
    const Pass pass = passes_.last() + 1;
    passes_.open(pass, fixed_too, now_.instant);
    effects_.emplace_back(OpenPass{pass, fixed_too, reached, now_.instant});

    for (Job* job : jobs_.in_order()) {
        const schedule::Schedule& schedule = job->entry->schedule;
        const bool is_by_clock = schedule.kind() != schedule::Schedule::Kind::reboot;
        if (!job->placed || !is_by_clock || !(fixed_too || schedule.is_wildcard())) continue;
        withdraw_ahead(*job, "the clock was set back");
        job->decided = std::min(job->decided, now_.instant);
    }
    queue_.rewind(now_.instant, fixed_too);
    decided_until_ = now_.instant;
    if (fixed_too) fixed_decided_until_ = decided_until_;
}

}  // namespace cron::engine
