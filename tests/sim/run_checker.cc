#include "run_checker.h"

#include <algorithm>

namespace cron::sim {

using engine::Cause;
using engine::Outcome;

void RunChecker::on_gone() {
    open_.clear();
    by_number_.clear();
    batches_.clear();
    again_.clear();
    asked_.clear();
    ready_.clear();
    alive_.clear();
    waiting_.clear();
    tries_.clear();
    unplaced_.clear();
    alive_count_ = 0;
    ended_.reset();
    delivered_.reset();
    stopping_ = false;
}

RunChecker::Key RunChecker::key_of(const engine::RunKey& key) {
    const auto [job, is_new] = jobs_.try_emplace(key.job, jobs_.size());
    if (is_new) ids_.push_back(key.job);
    return {job->second, key.due, key.pass};
}

RunChecker::Run* RunChecker::find(engine::RunNumber number) {
    const auto key = by_number_.find(number);
    return key == by_number_.end() ? nullptr : &open_.at(key->second);
}

std::size_t RunChecker::alive(std::size_t job) const {
    const auto found = alive_.find(job);
    return found == alive_.end() ? 0 : found->second;
}

void RunChecker::fail(std::string_view checker, const Key& key, std::string_view what) {
    trace_.fail(checker, fmt::format("job {} due {} pass {}: {}", std::get<0>(key),
                                     print(std::get<1>(key)), std::get<2>(key), what));
}

void RunChecker::die(Run& run, std::size_t job) {
    run.stage = Stage::idle;
    --alive_[job];
    --alive_count_;
}

void RunChecker::on_event(const engine::Event& event, const Now& now) {
    cause_ = Change::none;
    if (std::holds_alternative<engine::TablesChanged>(event)) cause_ = Change::tables;
    if (std::holds_alternative<engine::StopAsked>(event)) {
        cause_ = Change::stop;
        stopping_ = true;
    }
    if (const auto* decided = std::get_if<engine::Decided>(&event)) {
        cause_ = Change::answer;
        for (const Key& key : batches_[decided->batch]) {
            const auto run = open_.find(key);
            if (run == open_.end() || run->second.batch != decided->batch) continue;
            if (run->second.granted) ready_.insert(ready(key));
        }
        rename_refused(decided->batch);
        batches_.erase(decided->batch);
    }
    if (const auto* asked = std::get_if<engine::RunAsked>(&event)) expect_asked(asked->job);
    if (const auto* launched = std::get_if<engine::Launched>(&event)) {
        if (Run* run = find(launched->run)) {
            run->launched = now.instant;
            run->launched_monotonic = now.monotonic;
        }
    }
    if (const auto* failed = std::get_if<engine::LaunchFailed>(&event)) {
        cause_ = Change::failed_start;
        if (Run* run = find(failed->run)) die(*run, std::get<0>(by_number_[failed->run]));
        ended_ = failed->run;
    }
    if (const auto* cancelled = std::get_if<engine::Cancelled>(&event)) {
        cause_ = Change::stop;
        if (Run* run = find(cancelled->run)) die(*run, std::get<0>(by_number_[cancelled->run]));
        // Else it is left to the next engine.
        if (!limits_.keeps_runs) ended_ = cancelled->run;
    }
    if (const auto* exited = std::get_if<engine::Exited>(&event)) {
        if (Run* run = find(exited->run)) die(*run, std::get<0>(by_number_[exited->run]));
        ended_ = exited->run;
        delivered_ = exited->run;
    }
    place(now);
}

void RunChecker::on_handled() {
    if (!asked_.empty()) trace_.fail("asked", "a run that was asked for has no verdict");
    if (ended_) trace_.fail("outcome", fmt::format("run {} ended without one", *ended_));
    if (delivered_) trace_.fail("deliver", fmt::format("run {} is not delivered", *delivered_));
}

void RunChecker::on_decide(const engine::Decide& decide, const Now& now) {
    for (const engine::Verdict& verdict : decide.verdicts) {
        if (verdict.cause == Cause::manual) check_asked(verdict, now);
        if (verdict.fate != engine::Fate::start) continue;
        const Key key = key_of(verdict.key);
        if (calm_since_ && verdict.key.due > *calm_since_ && now.instant >= verdict.key.due &&
            verdict.cause == Cause::schedule)
            fail("on time", key, "its verdict comes late on an idle machine");
        Run run;
        run.batch = decide.batch;
        run.cause = verdict.cause;
        const bool is_first = open_.emplace(key, run).second;
        if (!is_first && !again_.emplace(key, decide.batch).second)
            fail("outcome", key, "asked for three times at once");
    }
}

void RunChecker::on_answered(const engine::Decide& decide, const engine::Decided& answer) {
    for (const engine::Verdict& verdict : decide.verdicts) {
        if (verdict.fate != engine::Fate::start) continue;
        const Key key = key_of(verdict.key);
        batches_[decide.batch].push_back(key);
        const bool is_refused = std::find(answer.refused.begin(), answer.refused.end(),
                                          verdict.key) != answer.refused.end();
        const auto again = again_.find(key);
        if (again != again_.end() && again->second == decide.batch && !is_refused)
            fail("never twice", key, "granted again");
        const auto run = open_.find(key);
        if (run == open_.end() || run->second.batch != decide.batch) continue;
        (is_refused ? run->second.refused : run->second.granted) = true;
    }
}

bool RunChecker::on_spawn(const engine::Spawn& spawn, const Now& now) {
    const Key key = key_of(spawn.key);
    const auto [job, due, pass] = key;
    const auto found = open_.find(key);
    if (found == open_.end() || !found->second.granted || found->second.refused) {
        fail("granted first", key, "started without a grant");
        return false;
    }
    Run& run = found->second;
    const bool is_retry = run.stage == Stage::waiting || run.stage == Stage::retrying;
    ready_.erase(ready(key));
    if (spawn.cause != run.cause) fail("cause", key, "another than that of its verdict");
    if (run.cause == Cause::manual && run.batch == 0 && run.stage == Stage::idle)
        fail("asked", key, "of a daemon before, and started");
    if (run.stage == Stage::alive || (is_retry && run.number != 0 && run.number != spawn.run))
        fail("never twice", key, "started again");
    const bool is_by_clock = run.cause != Cause::boot && run.cause != Cause::manual;
    if (is_by_clock) {
        auto& last = last_started_.try_emplace({job, pass}, Instant::min()).first->second;
        if (!is_retry && due < last) fail("in order", key, "a later due time has started");
        last = std::max(last, due);
    }
    const Instant time = due + spawn.entry->delay;
    const bool follows_clock = !run.waited && spawn.attempt == 1;
    if (!is_retry && is_by_clock && follows_clock && now.instant < time)
        fail("not early", key, "started before its time");
    const auto late = floor_seconds(now.instant) - time;
    if (run.cause == Cause::schedule && follows_clock && late > engine::kCatchUpMax)
        fail("not too late", key, "started over 3 hours late");
    if (calm_since_ && due > *calm_since_ && late != seconds{0} && run.cause == Cause::schedule &&
        follows_clock)
        fail("on time", key, fmt::format("{} s late on an idle machine", late / seconds{1}));
    if (stopping_) fail("stop", key, "started after the stop");
    stop_waiting(run, key);
    run.stage = Stage::alive;
    run.number = spawn.run;
    run.launched.reset();
    by_number_[spawn.run] = key;
    ++alive_[job];
    ++alive_count_;
    ++runs_;
    if (run.cause == Cause::manual) ++runs_asked_;
    return follows_clock;
}

void RunChecker::on_postpone(const engine::Postpone& postpone, const Now& now) {
    Run* run = find(postpone.run);
    if (run == nullptr || ended_ != postpone.run) {
        trace_.fail("outcome", "postponed without a failed start");
        return;
    }
    run->stage = Stage::waiting;
    ended_.reset();
    const Key key = by_number_[postpone.run];
    ++waiting_[std::get<0>(key)];
    run->try_at = now.monotonic + postpone.delay;
    tries_.insert({run->try_at, key});
}

void RunChecker::on_retry(const engine::Retry& retry, const Now& now) {
    Run* run = find(retry.run);
    if (run == nullptr || ended_ != retry.run || delivered_ != retry.run) {
        trace_.fail("outcome", "tried again without having ended");
        return;
    }
    ended_.reset();
    delivered_.reset();  // once, after the last attempt
    run->stage = Stage::retrying;
    run->failed = true;
    run->try_at = now.monotonic + retry.delay;
    tries_.insert({run->try_at, by_number_[retry.run]});
}

void RunChecker::stop_waiting(Run& run, const Key& key) {
    if (run.stage == Stage::waiting) --waiting_[std::get<0>(key)];
    if (run.stage == Stage::waiting || run.stage == Stage::retrying)
        tries_.erase({run.try_at, key});
}

// Of two starts with one key it is the one that cannot be.
bool RunChecker::ends_second(const engine::Finish& finish, const Key& key) {
    const auto again = again_.find(key);
    if (again == again_.end()) return false;
    const auto first = open_.find(key);
    const bool is_open = first != open_.end();
    const bool is_refused =
        finish.outcome.kind == Outcome::Kind::refused && !(is_open && first->second.refused);
    const bool is_withdrawn = finish.outcome.kind == Outcome::Kind::withdrawn &&
                              !(is_open && first->second.stage == Stage::idle);
    const bool is_first = is_open && first->second.number == finish.run;
    if (is_first || (!is_refused && !is_withdrawn)) return false;
    again_.erase(again);
    return true;
}

void RunChecker::on_finish(const engine::Finish& finish, const Now& now) {
    const Key key = key_of(finish.key);
    if (ends_second(finish, key)) return;
    const auto found = open_.find(key);
    if (found == open_.end()) {
        fail("outcome", key, "a second one");
        return;
    }
    stop_waiting(found->second, key);
    const Run run = found->second;
    ready_.erase(ready(key));
    if (run.number != 0 && run.number != finish.run) fail("outcome", key, "of another run");
    check_reason(finish, run, key, now);
    const bool is_given_up = run.failed && delivered_ != finish.run;
    if (is_given_up && finish.outcome.kind == Outcome::Kind::exited) delivered_ = finish.run;
    if (finish.outcome.kind == Outcome::Kind::exited && !is_given_up) {
        const microseconds duration =
            run.launched ? now.monotonic - run.launched_monotonic : microseconds{0};
        if (finish.outcome.duration != duration || finish.outcome.started != run.launched)
            fail("outcome", key, "not the time that it ran");
    }
    if (finish.outcome.kind == Outcome::Kind::not_started) delivered_ = finish.run;
    if (ended_ == finish.run) ended_.reset();
    unplaced_.erase(key);
    by_number_.erase(finish.run);
    open_.erase(found);
}

// Each kind of outcome is claimed only where it is true.
void RunChecker::check_reason(const engine::Finish& finish, const Run& run, const Key& key,
                              const Now& now) {
    const auto late = floor_seconds(now.instant) - std::get<1>(key);
    bool holds = run.stage != Stage::alive;
    switch (finish.outcome.kind) {
        case Outcome::Kind::exited:
            holds = ended_ == finish.run && delivered_ == ended_;
            if (run.failed && !holds)
                holds =
                    run.stage != Stage::alive && is_dropped(finish.key.job, key, run.cause, now);
            break;
        case Outcome::Kind::not_started:
            holds = holds && (ended_ == finish.run ||
                              (run.stage == Stage::waiting && late > engine::kCatchUpMax));
            break;
        case Outcome::Kind::skipped:
            holds = holds && rules_.is_refused(finish.key.job, run.cause, now);
            break;
        case Outcome::Kind::withdrawn:
            holds = holds && ((cause_ != Change::none && cause_ != Change::answer) ||
                              is_unclaimed(key, now));
            if (run.cause == Cause::manual)
                holds = holds && may_withdraw_asked(run, finish.key.job);
            break;
        case Outcome::Kind::merged:
            holds = holds && has_other(finish.key.job, key, now);
            if (run.cause == Cause::manual) holds = holds && ended_ == finish.run;
            break;
        case Outcome::Kind::missed:
            holds = holds && late > engine::kCatchUpMax;
            break;
        case Outcome::Kind::refused:
            holds = holds && run.refused;
            break;
    }
    if (!holds)
        fail("claims", key,
             fmt::format("outcome {} is not so", static_cast<int>(finish.outcome.kind)));
}

// A retry is given up for a change of the tables, a stop, or a later due time of its job.
bool RunChecker::is_dropped(const JobId& job, const Key& key, Cause cause, const Now& now) const {
    if (cause_ == Change::tables || cause_ == Change::stop || is_unclaimed(key, now)) return true;
    if (rules_.is_refused(job, cause, now)) return true;
    for (auto run = open_.lower_bound({std::get<0>(key), Instant::min(), 0});
         run != open_.end() && std::get<0>(run->first) == std::get<0>(key); ++run) {
        // Since before the clock was set back, it may be.
        const bool was_due = run->second.waited || run->second.stage != Stage::idle;
        const bool has_come = is_due(run->first, now) || was_due;
        if (run->first != key && run->second.granted && has_come) return true;
    }
    return false;
}

// Nothing speaks against a start now, so that it must not wait.
bool RunChecker::must_start(const Key& key, const Now& now) {
    Run& run = open_.at(key);
    const JobId& job = ids_[std::get<0>(key)];
    const bool is_free = rules_.is_free(job, now);
    if (run.stage == Stage::idle && !rules_.is_time(job, std::get<1>(key), run.cause, now))
        return false;
    run.waited = run.waited || !is_free;
    return is_free;
}

// Another run of the job waits, or is due later and not yet started.
bool RunChecker::has_other(const JobId& id, const Key& key, const Now& now) const {
    const std::size_t job = std::get<0>(key);
    for (auto run = open_.lower_bound({job, Instant::min(), 0});
         run != open_.end() && std::get<0>(run->first) == job; ++run) {
        if (run->first == key) continue;
        if (run->second.stage == Stage::waiting) return true;
        const Instant due = std::get<1>(run->first);
        if (run->second.stage != Stage::idle) continue;
        if (run->second.waited) return true;  // since before the clock was set back, it may be
        if (!is_due(run->first, now)) continue;
        if (due > std::get<1>(key)) return true;
        const bool waits =
            run->second.granted &&
            !(rules_.is_free(id, now) && rules_.is_time(id, due, run->second.cause, now));
        if (waits) return true;
    }
    return false;
}

void RunChecker::on_deliver(const engine::Deliver& deliver) {
    if (delivered_ != deliver.run) trace_.fail("deliver", "of a run that did not just end");
    delivered_.reset();
}

void RunChecker::on_quiet(const Now& now) {
    if (!stopping_) {
        for (auto run = ready_.begin(); run != ready_.end() && run->first <= now.instant; ++run) {
            if (must_start(run->second, now))
                fail("asleep", run->second, "granted and due, and not started");
        }
        for (auto run = tries_.begin(); run != tries_.end() && run->first <= now.monotonic; ++run) {
            if (must_start(run->second, now))
                fail("asleep", run->second, "it waits for longer than it said");
        }
    }
    for (const Key& key : unplaced_) {
        if (!stopping_ && is_unclaimed(key, now)) fail("asleep", key, "no table has it any more");
    }
    for (const auto& [job, count] : waiting_) {
        if (count > 1) trace_.fail("waiting", fmt::format("job {}: {} runs wait", job, count));
    }
}

void RunChecker::on_clock(const Now& now) {
    for (auto run = ready_.begin(); run != ready_.end() && run->first <= now.instant; ++run)
        must_start(run->second, now);
}

void RunChecker::on_snapshot(const engine::Snapshot& snapshot) {
    if (snapshot.running != alive_count_) trace_.fail("snapshot", "not as many runs as live");
    for (const auto& job : snapshot.jobs) {
        const auto number = jobs_.find(job.id);
        if (job.running != (number == jobs_.end() ? 0 : alive(number->second)))
            trace_.fail("snapshot", "not as many runs of a job as live");
    }
}

}  // namespace cron::sim
