// The clock: unset, set back, going on.
#include <algorithm>

#include "engine/state.h"

namespace cron::engine {

void Engine::State::check_clock() {
    const Now before = last_look_.value_or(now_);
    last_look_ = now_;
    if (!is_clock_set()) return;

    const bool was_set = before.instant >= limits_.earliest_credible;
    const Instant expected = before.instant + (now_.monotonic - before.monotonic);
    microseconds step = was_set ? expected - now_.instant : microseconds{0};
    if (decided_until_)
        step = std::max<microseconds>(step, *decided_until_ - kVerdictLead - now_.instant);
    // Where nothing that is decided comes again, the time simply goes on.
    const bool comes_again = decided_until_ && *decided_until_ - kVerdictLead > now_.instant;
    if (comes_again && step >= kSmallStepMax) open_pass(step);

    if (!active_) {
        active_ = true;
        activate(jobs_.in_order());
    }
}

void Engine::State::open_pass(microseconds step) {
    // Of several steps in a row fixed schedules count the sum.
    if (fixed_decided_until_)
        step = std::max<microseconds>(step, *fixed_decided_until_ - kVerdictLead - now_.instant);
    const bool fixed_too = step > kWildcardStepMax;
    const Instant reached = now_.instant + step;
    wildcard_pass_ = ++last_pass_;
    wildcard_since_ = now_.instant;
    if (fixed_too) {
        fixed_pass_ = last_pass_;
        fixed_since_ = now_.instant;
    }
    effects_.emplace_back(OpenPass{last_pass_, fixed_too, reached, now_.instant});

    const Instant fixed_until = fixed_decided_until_.value_or(now_.instant);
    for (Job* job : jobs_.in_order()) {
        if (fixed_too || job->entry->schedule.is_wildcard()) {
            withdraw_pending(*job, "the clock was set back");
            job->decided = now_.instant;
        } else {
            job->decided = std::max(job->decided, fixed_until);
        }
    }
    queue_.rewind(now_.instant);
    decided_until_ = now_.instant;
    if (fixed_too) fixed_decided_until_ = decided_until_;
}

}  // namespace cron::engine
