// How the daemon ends where jobs end with it: what outlives a run in its group has the rest of the
// grace, and so has, in a container, what has left that group.
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "daemon/crond.h"
#include "daemon/facts.h"
#include "daemon/orphans.h"
#include "engine/lateness.h"

namespace cron::daemon {
namespace {

constexpr seconds kMailWait{10};           // for mailers and hooks, when all runs are over
constexpr minutes kOnceWait{30};           // after the one run of --once
constexpr seconds kMailAfter{1};           // but not for longer after the grace than this
constexpr seconds kRestWait{5};            // for what no run holds any more, within the grace
constexpr seconds kRestMin{1};             // and where that is over
constexpr std::size_t kJobsMax = 100'000;  // that are asked, when stopping
constexpr std::size_t kToldMax = 100;

}  // namespace

Monotonic Crond::end_of_mail(Monotonic now) const {
    // Nobody else would see to what follows the one run; each program of that has a bound.
    if (is_once() && !is_stopping_) return now + kOnceWait;
    const Monotonic end = now + kMailWait;
    return ends_jobs() ? std::min<Monotonic>(end, std::max(now, grace_end_) + kMailAfter) : end;
}

// The first of a container takes all that is left with it. Told of that once, most of it can end in
// order.
bool Crond::is_rest_over(Monotonic now) {
    if (!ends_jobs()) return true;
    const bool has_time = now < grace_end_ || (is_once() && !is_stopping_);
    if (has_time && runs_->has_remnants(now)) return false;
    runs_->expire(Monotonic::max());  // the grace is over for all of them
    if (::getpid() != 1 || !has_children()) return true;
    if (!rest_until_) {
        write(said(Level::info, "rest-told-to-end",
                   "what jobs have left behind is told to end, and then killed"));
        ::kill(-1, SIGTERM);
        ::kill(-1, SIGCONT);
        rest_until_ =
            std::min<Monotonic>(now + kRestWait, std::max<Monotonic>(now + kRestMin, grace_end_));
    }
    return now >= *rest_until_;
}

// Where no ledger is, the next daemon cannot.
void Crond::tell_passed_over() {
    if (!has_own_tables() || setting_.options.state) return;
    const Instant now = read_clock().instant;
    std::size_t told = 0;
    for (const engine::Snapshot::Job& job : engine_.snapshot(kJobsMax).jobs) {
        if (!job.next_due || !job.entry->policy->enabled) continue;
        const auto passed = engine::due_between(job.entry->schedule, job.entry->zone,
                                                *job.next_due - microseconds{1}, now);
        if (!passed || ++told > kToldMax) continue;
        engine::Verdict verdict;
        verdict.key = {job.id, passed->last, 0};
        verdict.fate = engine::Fate::missed;
        verdict.first = passed->first;
        verdict.count = passed->count;
        outputs_->tell(DueNotRun{verdict});
    }
    if (told > kToldMax) {
        write(said(Level::warning, "due-missed-more",
                   fmt::format("and those of {} other jobs", told - kToldMax)));
    }
}

}  // namespace cron::daemon
