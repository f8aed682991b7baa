// Coverage: which jobs there are, and from when on their due times count.
#include <algorithm>

#include "coverage.h"

namespace cron::sim {
namespace {

bool is_same_schedule(const crontab::Entry& a, const crontab::Entry& b) {
    const bool has_zone = a.schedule.kind() == schedule::Schedule::Kind::fields;
    return a.schedule == b.schedule && (!has_zone || a.zone == b.zone);
}

bool is_due(const crontab::Entry& entry, Instant instant) {
    return schedule::next_after(entry.schedule, entry.zone, instant - microseconds{1}) == instant;
}

}  // namespace

void Coverage::on_started(const engine::Started& event, const Now& now) {
    alive_ = true;
    last_look_.reset();
    has_unplaced_ = false;
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
    std::erase_if(opened_, [this](const auto& open) { return open.pass > passes_durable_.last; });
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
    const Now before = last_look_.value_or(now);
    if (now.instant < before.instant) look_closely_ = true;
    const bool is_unclear = was_off_ || before.instant == engine::kClockMax;
    presumed_ =
        is_unclear ? before.instant + (now.monotonic - before.monotonic) : engine::kClockMin;
    was_off_ = is_off_;
    last_look_ = now;
    on_clock(now.instant);
    if (!has_unplaced_ || !is_set(now.instant)) return;
    has_unplaced_ = false;
    for (auto& [id, job] : jobs_) {
        if (job.loaded && !job.placed) place(job, now.instant);
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
        if (is_set(now.instant)) {
            place(known, now.instant);
        } else {
            has_unplaced_ = true;
        }
        return;
    }
    const EntryPtr before = known.mark.entry;
    known.mark.entry = entry;
    if (is_same_schedule(*before, *entry)) return;
    known.mark.known = false;
    if (known.next) queue_.erase({*known.next, &known});
    known.next.reset();
    if (!is_set(now.instant)) {
        known.lenient_until.reset();
        known.remembered = known.placed = false;  // it counts from when the clock is set
        has_unplaced_ = true;
        return;
    }
    if (known.lenient_until) {
        known.lenient_until = now.instant + engine::kVerdictLead;
        cover(known, *known.lenient_until);
        known.mark.covered = now.instant;
        return;
    }
    cover(known, kept(known, *before, now.instant).value_or(now.instant));
}

// The due time ahead that has a verdict already, and is one by the new schedule as well.
std::optional<Instant> Coverage::kept(const Job& job, const crontab::Entry& before,
                                      Instant now) const {
    const Instant last = floor_seconds(std::min(job.mark.covered, now + engine::kVerdictLead));
    const bool is_kept = last > now && is_due(before, last) && is_due(*job.mark.entry, last) &&
                         pass_of(before) == pass_of(*job.mark.entry);
    return is_kept ? std::optional(last) : std::nullopt;
}

void Coverage::unload(const JobId& id) {
    Job& gone = job(id);
    if (gone.next) queue_.erase({*gone.next, &gone});
    gone.next.reset();
    gone.loaded = gone.placed = gone.boot_due = false;
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
    for (auto pass = opened_.rbegin(); pass != opened_.rend(); ++pass) {
        if (pass->pass <= job.durable.pass) break;
        if (is_in(*pass, *job.mark.entry)) covered = std::min(covered, pass->to);
    }
    const bool is_same = is_same_schedule(*job.durable.entry, *job.mark.entry);
    if (job.durable.was_absent || !is_same) {
        job.lenient_until = std::max(now + engine::kVerdictLead, covered);
        cover(job, *job.lenient_until);
        // What was decided on another schedule says nothing about this one.
        job.mark.covered = is_same ? std::min(now, covered) : engine::kClockMin;
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
