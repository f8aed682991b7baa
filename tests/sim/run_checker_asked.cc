// Rules of runs that somebody asks for: each has one verdict, at once, and a name of its own.
#include "run_checker.h"

namespace cron::sim {

void RunChecker::expect_asked(const JobId& job) {
    if (!stopping_ && rules_.is_loaded(job)) ++asked_[job];
}

void RunChecker::check_asked(const engine::Verdict& verdict, const Now& now) {
    const Key key = key_of(verdict.key);
    const Instant named = verdict.key.due;
    const auto asked = asked_.find(verdict.key.job);
    if (asked == asked_.end()) return fail("asked", key, "nobody asks for it");
    if (--asked->second == 0) asked_.erase(asked);
    if (verdict.fate != engine::Fate::start || verdict.count != 1 || verdict.first != named)
        fail("asked", key, "not one start");
    if (named == floor_seconds(named)) fail("asked", key, "named as if it were due");
    if (named < now.instant || named > now.instant + seconds{1})
        fail("asked", key, "not named by the moment");
}

// Their names are those of others: they are asked for again by the next.
void RunChecker::rename_refused(std::uint64_t batch) {
    if (stopping_) return;
    for (const Key& key : batches_[batch]) {
        if (!is_asked(key)) continue;
        const auto again = again_.find(key);
        const auto run = open_.find(key);
        if (again != again_.end() && again->second == batch) {
            again_.erase(again);
        } else if (run != open_.end() && run->second.batch == batch && run->second.refused) {
            open_.erase(run);
        } else {
            continue;
        }
        ++asked_[ids_[std::get<0>(key)]];
    }
}

// Taken back only where its job is gone, its daemon stops, or another one asked for it.
bool RunChecker::may_withdraw_asked(const Run& run, const JobId& job) const {
    return stopping_ || !rules_.is_loaded(job) || run.batch == 0;
}

}  // namespace cron::sim
