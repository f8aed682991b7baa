#include "engine/job_table.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace cron::engine {
namespace {

// Only what fields name depends on a zone.
bool is_due_alike(const crontab::Entry& a, const crontab::Entry& b) {
    if (a.schedule != b.schedule) return false;
    return a.schedule.kind() != schedule::Schedule::Kind::fields || a.zone == b.zone;
}

}  // namespace

JobTable::Change JobTable::load(const LoadedTable& loaded) {
    Change change;
    Table& table = tables_[loaded.name];
    if (table.number == 0) table.number = ++last_number_;

    std::vector<Job*> jobs;
    std::set<JobId> present;
    for (const auto& entry : loaded.entries) {
        if (!present.insert(entry->id).second) continue;
        auto& slot = jobs_[entry->id];
        if (!slot) {
            slot = std::make_unique<Job>();
            slot->id = entry->id;
            change.added.push_back(slot.get());
        } else if (!is_due_alike(*slot->entry, *entry)) {
            change.rescheduled.push_back({slot.get(), slot->entry});
        }
        slot->entry = entry;
        slot->table = table.number;
        slot->place = jobs.size();
        jobs.push_back(slot.get());
    }
    for (const Job* job : table.jobs) {
        if (!present.contains(job->id)) change.removed.push_back(take(job->id));
    }
    table.jobs = std::move(jobs);
    return change;
}

JobTable::Change JobTable::remove(const std::string& name) {
    Change change;
    const auto table = tables_.find(name);
    if (table == tables_.end()) return change;
    for (const Job* job : table->second.jobs) change.removed.push_back(take(job->id));
    tables_.erase(table);
    return change;
}

Job* JobTable::find(const JobId& id) const {
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? nullptr : found->second.get();
}

std::vector<Job*> JobTable::in_order() const {
    std::vector<Job*> all;
    all.reserve(jobs_.size());
    for (const auto& [id, job] : jobs_) all.push_back(job.get());
    std::sort(all.begin(), all.end(),
              [](const Job* a, const Job* b) { return a->starts_before(*b); });
    return all;
}

std::unique_ptr<Job> JobTable::take(const JobId& id) {
    const auto found = jobs_.find(id);
    CRON_CHECK(found != jobs_.end());
    std::unique_ptr<Job> job = std::move(found->second);
    jobs_.erase(found);
    return job;
}

}  // namespace cron::engine
