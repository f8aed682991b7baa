// Rules of runs that a daemon before has left.
#include <algorithm>

#include "run_checker.h"

namespace cron::sim {

void RunChecker::on_started(const engine::Started& event, const Now& now) {
    using State = engine::RecalledRun::State;
    started_at_ = now.monotonic;
    for (const engine::RecalledRun& recalled : event.memory.runs) {
        const Key key = key_of(recalled.key);
        Run run;
        run.granted = true;
        run.cause = recalled.cause;
        run.failed = recalled.attempt > 1;
        if (recalled.state == State::retrying) {
            run.stage = Stage::retrying;
            run.retry_at = recalled.wake_at;
            run.retry_delay = recalled.wake_at - recalled.last_outcome.ended;
        }
        if (!open_.emplace(key, run).second) fail("never twice", key, "recalled twice");
        if (recalled.state != State::alive) unplaced_.insert(key);
        // It was ordered, as may have been later ones, and came to nothing.
        const auto last = last_started_.find({std::get<0>(key), recalled.key.pass});
        if (last != last_started_.end()) last->second = std::min(last->second, recalled.key.due);
    }
}

void RunChecker::on_adopt(const engine::Adopt& adopt, const Now& now) {
    const Key key = key_of(adopt.key);
    const auto found = open_.find(key);
    if (found == open_.end() || found->second.stage != Stage::idle)
        return fail("adopt", key, "it was not recalled, or not as one that lives");
    Run& run = found->second;
    run.stage = Stage::alive;
    run.number = adopt.run;
    run.launched = adopt.process.started;
    run.launched_monotonic =
        now.monotonic - std::max(now.instant - adopt.process.started, microseconds{0});
    by_number_[adopt.run] = key;
    ++alive_[std::get<0>(key)];
    ++alive_count_;
}

// Their tables are there: they go on as these say.
void RunChecker::place(const Now& now) {
    std::erase_if(unplaced_, [&](const Key& key) {
        if (!rules_.is_placed(ids_[std::get<0>(key)], now)) return false;
        Run& run = open_.at(key);
        if (cause_ == Change::none) cause_ = Change::placed;
        if (run.stage == Stage::idle) {
            ready_.insert(ready(key));
            return true;
        }
        const microseconds left = run.retry_at - now.instant;
        run.try_at = now.monotonic + std::clamp(left, microseconds{0}, run.retry_delay);
        tries_.insert({run.try_at, key});
        return true;
    });
}

// No table has had it for so long that it is given up.
bool RunChecker::is_unclaimed(const Key& key, const Now& now) const {
    return unplaced_.contains(key) && !rules_.is_loaded(ids_[std::get<0>(key)]) &&
           now.monotonic >= started_at_ + engine::kShortOutage;
}

}  // namespace cron::sim
