// Coverage: which jobs there are, and from when on their due times count.
#include <algorithm>

#include "coverage.h"

namespace cron::sim {
namespace {

bool is_same_schedule(const crontab::Entry& a, const crontab::Entry& b) {
    return a.schedule == b.schedule && a.zone == b.zone;
}

}  // namespace

void Coverage::on_started(const engine::Started& event, const Now& now) {
    alive_ = true;
    active_ = false;
    boot_ = event.boot;
    same_boot_ = event.memory.same_boot;
    look_closely_ = true;
    on_look(now);
}

void Coverage::on_gone() {
    for (const Pending& lost : pending_) {
        if (lost.pass) {
            peak_ = std::max(peak_, lost.peak_before);
            fixed_peak_ = std::max(fixed_peak_, lost.fixed_peak_before);
        }
    }
    pending_.clear();
    passes_now_ = passes_durable_;
    for (auto& [id, job] : jobs_) {
        if (!job.loaded) job.durable.was_absent = true;
        if (job.placed && job.placed_in < served_) job.served_until = served_at_;
        job.loaded = job.placed = job.boot_due = false;
        job.next.reset();
        job.into.reset();
    }
    queue_.clear();
    tables_.clear();
    merges_open_ = 0;
    alive_ = false;
}

void Coverage::on_clock(Instant reached) {
    if (!alive_ || !is_set(reached)) return;
    peak_ = std::max(peak_, reached);
    fixed_peak_ = std::max(fixed_peak_, reached);
}

void Coverage::on_look(const Now& now) {
    if (!alive_) return;
    if (last_look_ && now.instant < *last_look_) look_closely_ = true;
    last_look_ = now.instant;
    on_clock(now.instant);
    if (active_ || !is_set(now.instant)) return;
    active_ = true;
    for (auto& [id, job] : jobs_) {
        if (job.loaded) place(job, now.instant);
    }
}

void Coverage::on_tables(const engine::TablesChanged& event, const Now& now) {
    look_closely_ = true;
    for (const std::string& name : event.removed) {
        for (const JobId& id : tables_[name]) unload(id);
        tables_.erase(name);
    }
    for (const engine::LoadedTable& table : event.loaded) {
        std::vector<JobId> ids;
        for (const auto& entry : table.entries) {
            ids.push_back(entry->id);
            load(entry, table.since_start, now);
        }
        const std::set<JobId> present(ids.begin(), ids.end());
        for (const JobId& id : tables_[table.name]) {
            if (!present.contains(id)) unload(id);
        }
        tables_[table.name] = std::move(ids);
    }
}

void Coverage::load(const EntryPtr& entry, bool since_start, const Now& now) {
    Job& known = job(entry->id);
    if (!known.loaded) {
        known.loaded = true;
        known.remembered = since_start && known.durable.known;
        known.boot_due =
            boot_ && since_start && entry->schedule.kind() == schedule::Schedule::Kind::reboot;
        known.mark.known = known.remembered;
        known.mark.entry = entry;
        if (active_) place(known, now.instant);
        return;
    }
    const bool is_new_schedule = !is_same_schedule(*known.mark.entry, *entry);
    known.mark.entry = entry;
    if (!is_new_schedule) return;
    known.mark.known = false;
    known.lenient_until.reset();
    if (known.placed) {
        cover(known, now.instant);
    } else {
        known.remembered = false;  // it counts from when the clock is set
    }
}

void Coverage::unload(const JobId& id) {
    Job& gone = job(id);
    if (gone.next) queue_.erase({*gone.next, &gone});
    gone.next.reset();
    gone.loaded = gone.placed = false;
    gone.durable.was_absent = true;
}

void Coverage::place(Job& job, Instant now) {
    job.placed = true;
    job.placed_at = now;
    job.placed_in = served_;
    job.lenient_until.reset();
    if (!job.remembered) {
        cover(job, now);
        return;
    }
    Instant covered = job.durable.covered;
    for (const Pending& pending : pending_) {
        if (pending.pass && is_in(*pending.pass, *job.mark.entry))
            covered = std::min(covered, pending.pass->to);
    }
    const bool is_same = is_same_schedule(*job.durable.entry, *job.mark.entry);
    if (job.durable.was_absent || !is_same) {
        job.lenient_until = std::max(now + engine::kVerdictLead, covered);
        cover(job, *job.lenient_until);
        // What was decided on another schedule says nothing about this one.
        job.mark.covered = is_same ? std::min(now, covered) : Instant{};
        return;
    }
    cover(job, covered);
}

void Coverage::cover(Job& job, Instant until) {
    if (job.next) queue_.erase({*job.next, &job});
    job.mark.covered = until;
    job.next = schedule::next_after(job.mark.entry->schedule, job.mark.entry->zone, until);
    if (job.next && job.placed) queue_.insert({*job.next, &job});
}

}  // namespace cron::sim
