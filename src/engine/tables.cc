// What is loaded, and what a ledger remembers of it.
#include <algorithm>
#include <utility>

#include "engine/state.h"

namespace cron::engine {
namespace {

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
        queue_.remove(*job);
    }
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
    verdict.key = RunKey{job.id, floor_seconds(now_.instant), pass_of(*job.entry)};
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
