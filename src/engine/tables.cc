// What is loaded, and what a ledger remembers of it.
#include <algorithm>
#include <utility>

#include "engine/state.h"

namespace cron::engine {
namespace {

// Of a job that is in no table: what its name says.
std::shared_ptr<const crontab::Entry> entry_of(const JobId& job) {
    auto entry = std::make_shared<crontab::Entry>();
    entry->id = job;
    entry->user = job.owner();
    entry->command = job.title();
    entry->environment = std::make_shared<const crontab::Environment>();
    entry->policy = std::make_shared<const crontab::Policy>();
    return entry;
}

bool is_due(const crontab::Entry& entry, Instant instant) {
    return schedule::next_after(entry.schedule, entry.zone, instant - microseconds{1}) == instant;
}

}  // namespace

void Engine::State::on(const Started& event) {
    memory_ = event.memory;
    boot_ = event.boot;
    passes_ = memory_.passes;
    decided_until_ = memory_.decided_until;
    fixed_decided_until_ = memory_.fixed_decided_until;
    for (const RecalledRun& recalled : std::exchange(memory_.runs, {})) recall(recalled);
    if (!recalled_.empty()) recalled_until_ = now_.monotonic + kShortOutage;
}

// One that lives is watched at once. The others follow their tables.
void Engine::State::recall(const RecalledRun& recalled) {
    if (recalled.state != RecalledRun::State::alive) {
        recalled_[recalled.key.job].push_back(recalled);
        return;
    }
    Run& run = runs_.open(recalled.key, entry_of(recalled.key.job), recalled.cause);
    run.attempt = recalled.attempt;
    runs_.adopt(run);
    run.is_unclaimed = true;
    gates_.take_in(run.number, "");
    run.pid = recalled.process.pid;
    run.started = recalled.process.started;
    const microseconds age = std::max(now_.instant - *run.started, microseconds{0});
    run.started_monotonic = now_.monotonic - age;
    effects_.emplace_back(Adopt{run.number, run.key, run.attempt, recalled.process, run.entry});
}

// Its table is there: its runs go on as it says.
void Engine::State::claim_recalled(Job& job) {
    for (const RunNumber number : runs_.all_alive(job.id)) {
        Run& run = *runs_.find(number);
        if (!std::exchange(run.is_unclaimed, false)) continue;
        run.entry = job.entry;
        gates_.take_in(number, job.entry->policy->pool);
        const seconds timeout = job.entry->policy->timeout;
        if (timeout > seconds{0}) runs_.set_end_step(run, run.started_monotonic + timeout);
    }
    const auto found = recalled_.find(job.id);
    if (found == recalled_.end()) return;
    for (const RecalledRun& recalled : found->second) {
        Run& run = runs_.open(recalled.key, job.entry, recalled.cause);
        run.attempt = recalled.attempt;
        job.pending.push_back(run.number);
        if (recalled.state == RecalledRun::State::retrying) {
            run.last_outcome = recalled.last_outcome;
            // Not for longer than it was told to wait, wherever the clock was set meanwhile.
            const microseconds delay =
                std::clamp<microseconds>(recalled.wake_at - now_.instant, microseconds{0},
                                         recalled.wake_at - recalled.last_outcome.ended);
            runs_.wait(run, Run::Stage::retrying, now_.monotonic + delay);
        } else if (recalled.cause == Cause::manual) {
            withdraw(run, "the daemon ended before it started");
        } else if (recalled.cause != Cause::boot && run.key.pass != pass_of(*job.entry)) {
            withdraw(run, "the clock was set back");
        } else if (recalled.cause == Cause::schedule && !is_due(*job.entry, run.key.due)) {
            withdraw(run, "its schedule has changed");
        } else {
            runs_.grant(run);
        }
    }
    recalled_.erase(found);
}

// What no table has had since the start. The others wait for the clock to be set.
void Engine::State::drop_unclaimed() {
    if (!recalled_until_ || now_.monotonic < *recalled_until_) return;
    recalled_until_.reset();
    std::vector<JobId> gone;
    for (const auto& [job, runs] : recalled_) {
        if (jobs_.find(job) == nullptr) gone.push_back(job);
    }
    for (const JobId& job : gone) drop_recalled(job, entry_of(job));
}

void Engine::State::drop_recalled(const JobId& job,
                                  const std::shared_ptr<const crontab::Entry>& entry) {
    const auto found = recalled_.extract(job);
    if (found.empty()) return;
    for (const RecalledRun& recalled : found.mapped()) {
        Run& run = runs_.open(recalled.key, entry, recalled.cause);
        run.attempt = recalled.attempt;
        if (recalled.state == RecalledRun::State::retrying)
            run.last_outcome = recalled.last_outcome;
        withdraw(run, "its entry is gone from the table");
    }
}

void Engine::State::on(const TablesChanged& event) {
    // A clock that was set back is told from one that goes on before any job is placed on it.
    check_clock();
    for (const std::string& name : event.removed) take(jobs_.remove(name), false);
    for (const LoadedTable& table : event.loaded) {
        JobTable::Change change = jobs_.load(table);
        // What was not there when the daemon started is new, whatever was once known of it.
        if (!table.since_start) {
            for (const Job* job : change.added) memory_.jobs.erase(job->id);
        }
        take(change, boot_ && table.since_start);
    }
    rejudge_waiting();
}

// What they wait for may be no rule any more.
void Engine::State::rejudge_waiting() {
    for (const RunNumber number : runs_.all_held()) freed_.push_back(runs_.find(number)->key.job);
    for (const RunNumber number : runs_.all_queued()) {
        Run& run = *runs_.find(number);
        const auto& entry = jobs_.find(run.key.job)->entry;
        if (entry->policy->pool == run.entry->policy->pool) continue;
        run.entry = entry;
        gates_.leave(number);
        gates_.enter(number, entry->policy->pool);
    }
}

void Engine::State::take(const JobTable::Change& change, bool boot_entries_due) {
    for (const auto& job : change.removed) {
        withdraw_pending(*job, "its entry is gone from the table");
        drop_recalled(job->id, job->entry);
        queue_.remove(*job);
    }
    if (limits_.only_asked) return;
    for (const auto& [job, before] : change.rescheduled) reschedule(*job, *before);
    if (is_clock_set()) {
        place(change.added);
    } else {
        has_unplaced_ = has_unplaced_ || !change.added.empty();
    }
    for (Job* job : change.added) {
        const bool is_boot = job->entry->schedule.kind() == schedule::Schedule::Kind::reboot;
        if (is_boot && boot_entries_due) propose_boot(*job);
    }
}

// What has a verdict and is due by the new schedule as well stays, and is not due again.
void Engine::State::reschedule(Job& job, const crontab::Entry& before) {
    const crontab::Entry& entry = *job.entry;
    const bool same_pass = pass_of(before) == pass_of(entry);
    const auto stays = [&](Instant due) { return same_pass && is_due(entry, due); };
    for (const RunNumber number : std::vector<RunNumber>(job.pending)) {
        Run& run = *runs_.find(number);
        if (run.is_ahead() && !stays(run.key.due)) withdraw(run, "its schedule has changed");
    }
    queue_.remove(job);
    memory_.jobs.erase(job.id);  // it is known from now, or from when the clock is set
    if (!is_clock_set()) {
        job.placed = false;
        has_unplaced_ = true;
        return;
    }
    const Instant last = floor_seconds(std::min(job.decided, now_.instant + kVerdictLead));
    const bool is_ahead = job.placed && last > now_.instant && is_due(before, last) && stays(last);
    job.placed = true;
    job.decided = is_ahead ? last : now_.instant;  // the ledger refuses what has a verdict
    known_.push_back({job.id, job.decided});
    if (entry.schedule.kind() != schedule::Schedule::Kind::reboot) queue_.add(job);
}

// Up to where the ledger knows all due times of the job to be decided; `now` for a job that it does
// not know.
Instant Engine::State::remembered_until(const Job& job) const {
    const auto known = memory_.jobs.find(job.id);
    if (known == memory_.jobs.end()) return now_.instant;
    const auto& [reached, reached_in] = known->second;
    return passes_.taken_back(job.entry->schedule.is_wildcard(), reached_in, reached);
}

// Nobody was there to decide for longer than an outage that counts as mere lateness.
bool Engine::State::was_down(const std::vector<Job*>& jobs) const {
    if (!memory_.same_boot) return true;
    const Instant decided_until = memory_.decided_until.value_or(Instant::min());
    return std::any_of(jobs.begin(), jobs.end(), [&](const Job* job) {
        // Not what was long gone from the tables and now is back.
        const Instant until = std::max(remembered_until(*job), decided_until);
        const auto due = schedule::next_after(job->entry->schedule, job->entry->zone, until);
        return due && *due + kShortOutage < now_.instant;
    });
}

// The clock is set: from here on their due times count.
void Engine::State::place(const std::vector<Job*>& jobs) {
    const bool down = !memory_.jobs.empty() && was_down(jobs);
    for (Job* job : jobs) {
        job->placed = true;
        claim_recalled(*job);
        job->decided = remembered_until(*job);
        if (memory_.jobs.erase(job->id) == 0) known_.push_back({job->id, now_.instant});
        if (job->entry->schedule.kind() == schedule::Schedule::Kind::reboot) continue;
        if (down && job->decided < now_.instant) {
            const auto missed =
                due_between(job->entry->schedule, job->entry->zone, job->decided, now_.instant);
            if (missed) propose(*job, Judgement{missed, {}, {}, {}});
            job->decided = now_.instant;
        }
        queue_.add(*job);
    }
}

void Engine::State::propose_boot(Job& job) {
    if (!booted_.insert(job.id).second) return;  // its table was away for a while
    Verdict verdict;
    verdict.key = RunKey{job.id, floor_seconds(now_.instant), 0};
    verdict.cause = Cause::boot;
    verdict.fate = job.entry->policy->enabled ? Fate::start : Fate::suspended;
    verdict.first = verdict.key.due;
    proposals_.push_back({verdict, &job});
}

Pass Engine::State::pass_of(const crontab::Entry& entry) const {
    return passes_.of(entry.schedule.is_wildcard());
}

// What is gone from its table does not start any more.
void Engine::State::withdraw_pending(Job& job, const std::string& reason) {
    for (const RunNumber number : std::exchange(job.pending, {})) {
        withdraw(*runs_.find(number), reason);
    }
}

void Engine::State::withdraw_ahead(Job& job, const std::string& reason) {
    for (const RunNumber number : std::vector<RunNumber>(job.pending)) {
        Run& run = *runs_.find(number);
        if (run.is_ahead()) withdraw(run, reason);
    }
}

}  // namespace cron::engine
