#include "compat/jobs.h"

#include <algorithm>

namespace cron::compat {
namespace {

void count_execution(Counts& counts, bool is_success, microseconds duration) {
    ++counts.executions;
    ++(is_success ? counts.successes : counts.failures);
    const auto* const bound = std::find_if(kDurationBounds.begin(), kDurationBounds.end(),
                                           [&](seconds limit) { return duration <= limit; });
    ++counts.durations[static_cast<std::size_t>(bound - kDurationBounds.begin())];
    counts.duration_sum_s += std::chrono::duration<double>(duration).count();
}

}  // namespace

std::size_t Job::running() const {
    return static_cast<std::size_t>(std::count_if(
        runs.begin(), runs.end(), [](const auto& run) { return run.second.is_running; }));
}

const LiveRun* Job::running_before(Instant due) const {
    const LiveRun* last = nullptr;
    for (const auto& [key, run] : runs) {
        if (run.is_running && run.due < due) last = &run;
    }
    return last;
}

void Jobs::load(const crontab::Entries& entries) {
    for (auto& [id, job] : jobs_) job.is_loaded = false;
    for (std::size_t position = 0; position < entries.size(); ++position) {
        Job& loaded = job(*entries[position]);
        loaded.position = position;
        loaded.is_loaded = true;
    }
    std::erase_if(jobs_,
                  [](const auto& job) { return !job.second.is_loaded && job.second.runs.empty(); });
}

Job& Jobs::job(const crontab::Entry& entry) {
    const auto [found, is_new] = jobs_.try_emplace(entry.id);
    Job& job = found->second;
    if (is_new) {
        job.command = entry.command;
        job.schedule = entry.schedule_text;
    }
    return job;
}

LiveRun& Jobs::run(const crontab::Entry& entry, const engine::RunKey& key) {
    Job& known = job(entry);
    const auto [found, is_new] = known.runs.try_emplace({key.pass, key.due});
    if (is_new) found->second = {key.due, known.next_iteration++, false};
    return found->second;
}

void Jobs::started(const crontab::Entry& entry, const engine::RunKey& key) {
    run(entry, key).is_running = true;
}

void Jobs::failed(const crontab::Entry& entry, const engine::RunKey& key, microseconds duration) {
    run(entry, key).is_running = false;
    count_execution(job(entry).counts, false, duration);
}

void Jobs::finished(const crontab::Entry& entry, const engine::RunKey& key,
                    const engine::Outcome& outcome) {
    const auto found = jobs_.find(entry.id);
    if (found == jobs_.end()) return;
    Job& job = found->second;
    if (outcome.is_of_run()) count_execution(job.counts, outcome.is_success(), outcome.duration);
    job.runs.erase({key.pass, key.due});  // its hooks may speak after it
}

void Jobs::exceeded_deadline(const crontab::Entry& entry) {
    ++job(entry).counts.deadlines_exceeded;
}

}  // namespace cron::compat
