#include "coverage.h"

#include <algorithm>

namespace cron::sim {
namespace {

using engine::Cause;
using engine::Fate;
using schedule::next_after;

constexpr std::uint64_t kEnumerateMax = 5'000;

bool is_boot(const crontab::Entry& entry) {
    return entry.schedule.kind() == schedule::Schedule::Kind::reboot;
}

// From `first`, which is due, `count` due times end at `last`.
bool is_counted(const crontab::Entry& entry, Instant first, Instant last, std::uint64_t count) {
    if (count == 0) return false;
    if (count > kEnumerateMax) {
        const auto end = next_after(entry.schedule, entry.zone, last - microseconds{1});
        return end == last && schedule::count_due(entry.schedule, entry.zone,
                                                  first - microseconds{1}, last) == count;
    }
    std::optional<Instant> due = first;
    for (std::uint64_t i = 1; i < count && due; ++i)
        due = next_after(entry.schedule, entry.zone, *due);
    return due == last;
}

std::string name_of(const crontab::Entry& entry) {
    return fmt::format("{} ({}, {})", entry.command, entry.schedule_text, entry.zone.name());
}

}  // namespace

void Coverage::on_decide(const engine::Decide& decide, const Now& now) {
    Pending pending;
    for (const engine::KnownJob& known : decide.known) {
        Job& job = this->job(known.job);
        if (known.since != now.instant && known.since != job.mark.covered)
            trace_.fail("known", "a job is known since another time");
        job.mark.known = true;
        Mark mark = job.mark;
        mark.was_absent = false;
        mark.pass = pass_of(*mark.entry);
        mark.covered = known.since;
        pending.marks.emplace_back(&job, mark);
    }
    for (const engine::Verdict& verdict : decide.verdicts) {
        Job& job = this->job(verdict.key.job);
        if (!job.loaded) {
            trace_.fail("known", "a verdict on a job that is in no table");
            return;
        }
        // Of a boot there is one, whatever the clock reads.
        const auto pass = verdict.cause == Cause::boot ? 0 : pass_of(*job.mark.entry);
        if (verdict.key.pass != pass)
            trace_.fail("pass", name_of(*job.mark.entry) + ": a verdict in another pass");
        if (verdict.cause == Cause::boot) {
            check_boot(job, verdict, now.instant);
            continue;
        }
        if (verdict.cause == Cause::manual) continue;  // it is no due time, and decides none
        check_span(job, verdict);
        check_fate(job, verdict, now.instant);
        cover(job, verdict.key.due);
        job.lenient_until.reset();
        job.mark.known = true;
        job.mark.pass = pass_of(*job.mark.entry);
        due_times_ += verdict.count;
        Mark mark = job.mark;
        // Up to where the ledger has decided in this pass it takes no more, and knows no more.
        const auto last = last_written_.find({&job, mark.pass});
        mark.was_absent = last != last_written_.end() && verdict.key.due <= last->second;
        pending.marks.emplace_back(&job, mark);
        const bool has_turn = verdict.fate == Fate::start || verdict.fate == Fate::suspended;
        if (has_turn) start_seconds_.insert({passes_now_.last, verdict.key.due});
    }
    pending_.push_back(std::move(pending));
}

void Coverage::check_span(Job& job, const engine::Verdict& verdict) {
    const crontab::Entry& entry = *job.mark.entry;
    const auto say = [&](std::string_view what) {
        trace_.fail("coverage",
                    fmt::format("{}: {}: verdict {}..{} ({}), covered until {}", name_of(entry),
                                what, print(verdict.first), print(verdict.key.due), verdict.count,
                                print(job.mark.covered)));
    };
    if (!job.placed) say("a verdict before the clock was set");
    if (job.lenient_until) {
        const auto end = next_after(entry.schedule, entry.zone, *job.lenient_until);
        const auto due = next_after(entry.schedule, entry.zone, verdict.first - microseconds{1});
        if (verdict.first <= job.mark.covered || due != verdict.first ||
            (end && verdict.first > *end))
            say("not a due time that could come first");
    } else if (verdict.first <= job.mark.covered) {
        say("decided again");
    } else if (verdict.first != job.next) {
        say("a due time has no verdict, or this is none");
    }
    if (!is_counted(entry, verdict.first, verdict.key.due, verdict.count)) say("miscounted");
}

void Coverage::check_fate(Job& job, const engine::Verdict& verdict, Instant now) {
    const crontab::Entry& entry = *job.mark.entry;
    const auto say = [&](std::string_view what) {
        trace_.fail("fate", fmt::format("{}: {}: verdict {}..{} at {}", name_of(entry), what,
                                        print(verdict.first), print(verdict.key.due), print(now)));
    };
    const bool is_fine = entry.schedule.is_finer_than_a_minute();
    const Instant second = floor_seconds(now);
    const auto late = second - verdict.key.due;
    if (job.into && (verdict.fate == Fate::start ? verdict.key.due : verdict.into) != *job.into)
        say("a merged due time has another run next");
    if (job.into) --merges_open_;
    job.into.reset();
    if (verdict.key.due > now + engine::kVerdictLead) say("too early");

    const bool is_new_here = job.remembered && job.placed_at == now;
    const bool was_down = is_new_here && (!same_boot_ || job.lenient_until ||
                                          now - job.served_until > engine::kShortOutage);
    const crontab::Policy& policy = *entry.policy;
    const bool is_suspended = verdict.fate == Fate::suspended;
    if (verdict.fate != Fate::missed && policy.enabled == is_suspended)
        say(is_suspended ? "suspended though it is enabled" : "not suspended");
    switch (verdict.fate) {
        case Fate::start: {
            if (verdict.cause == Cause::catch_up) {
                check_catch_up(job, verdict, second, was_down);
                break;
            }
            if (late > engine::kCatchUpMax) say("started too late");
            const auto later = next_after(entry.schedule, entry.zone, verdict.key.due);
            const bool is_latest = !later || *later > second;
            if ((late > engine::kLateMax || (is_fine && late > seconds{0})) && !is_latest)
                say("only the latest runs");
            if (is_new_here && !same_boot_ && verdict.key.due <= now)
                say("fell due in another boot");
            break;
        }
        case Fate::missed:
            if (late <= engine::kCatchUpMax && !was_down) say("missed though not too late");
            if (policy.enabled && late <= policy.catch_up && policy.catch_up > seconds{0}) {
                const auto later = next_after(entry.schedule, entry.zone, verdict.key.due);
                if (!later || *later > second) say("not made up for");
            }
            break;
        case Fate::suspended:
            break;
        case Fate::merged:
            if (late <= engine::kLateMax && !is_fine) say("merged though it could run");
            if (second - verdict.first > engine::kCatchUpMax) say("merged though too late");
            if (verdict.into <= verdict.key.due) say("merged into an earlier run");
            job.into = verdict.into;
            ++merges_open_;
            break;
    }
}

// Made up for: too late or of a time when nobody was there, the latest, and no older than allowed.
void Coverage::check_catch_up(const Job& job, const engine::Verdict& verdict, Instant second,
                              bool was_down) {
    const crontab::Entry& entry = *job.mark.entry;
    const auto late = second - verdict.key.due;
    const auto later = next_after(entry.schedule, entry.zone, verdict.key.due);
    const bool is_missed = late > engine::kCatchUpMax || was_down;
    if (!is_missed || late > entry.policy->catch_up || (later && *later <= second))
        trace_.fail("catch-up", name_of(entry) + " is made up for: " + print(verdict.key.due));
}

void Coverage::check_boot(Job& job, const engine::Verdict& verdict, Instant now) {
    if (!job.boot_due || !is_boot(*job.mark.entry)) trace_.fail("boot", "not due at boot");
    const auto fate = job.mark.entry->policy->enabled ? Fate::start : Fate::suspended;
    if (verdict.fate != fate || verdict.key.due != floor_seconds(now))
        trace_.fail("boot", "not a start now");
    job.boot_due = false;
}

void Coverage::on_open_pass(const engine::OpenPass& open, const Now& now) {
    const auto step = open.from - open.to;
    if (open.to != now.instant) trace_.fail("pass", "a pass begins at another time than now");
    if (open.pass != passes_now_.last + 1) trace_.fail("pass", "its number is not the next");
    const auto back_from = [&](Instant peak) { return std::max(peak, presumed_) - now.instant; };
    if (step < engine::kSmallStepMax || back_from(peak_) < engine::kSmallStepMax - seconds{1})
        trace_.fail("pass", "opened though the clock was not set back by 5 minutes");
    if (step > engine::kWildcardStepMax && !open.fixed_too)
        trace_.fail("pass", "fixed schedules do not follow a step of over 3 hours");
    if (open.fixed_too && back_from(fixed_peak_) <= engine::kWildcardStepMax - seconds{1})
        trace_.fail("pass", "fixed schedules follow a step of up to 3 hours");

    opened_.push_back(open);
    passes_now_.last = passes_now_.wildcard = open.pass;
    if (open.fixed_too) passes_now_.fixed = open.pass;
    ++passes_;
    Pending pending;
    pending.pass = open;
    pending.peak_before = peak_;
    pending.fixed_peak_before = fixed_peak_;
    peak_ = now.instant;
    if (open.fixed_too) fixed_peak_ = now.instant;
    served_at_ = std::min(served_at_, open.to);
    for (auto& [id, job] : jobs_) {
        job.served_until = std::min(job.served_until, open.to);
        if (!job.placed || !is_in(open, *job.mark.entry)) continue;
        if (job.lenient_until) job.lenient_until = std::min(*job.lenient_until, open.to);
        const Instant covered = job.mark.covered;
        cover(job, job.lenient_until.value_or(std::min(covered, open.to)));
        job.mark.covered = std::min(covered, open.to);
        job.mark.pass = open.pass;
        if (job.mark.known && !job.lenient_until) pending.marks.emplace_back(&job, job.mark);
    }
    pending_.push_back(std::move(pending));
}

void Coverage::on_spawn(const engine::Spawn& spawn, bool follows_clock) {
    const Job& job = this->job(spawn.key.job);
    if (!job.loaded) {
        trace_.fail("withdrawn", name_of(*spawn.entry) + " starts, and is in no table");
        return;
    }
    const crontab::Entry& entry = *job.mark.entry;
    if (spawn.entry != job.mark.entry) trace_.fail("withdrawn", "started as its entry was before");
    if (!follows_clock) return;
    const auto due = next_after(entry.schedule, entry.zone, spawn.key.due - microseconds{1});
    if (spawn.cause == Cause::schedule && spawn.key.pass != pass_of(entry))
        trace_.fail("withdrawn", name_of(entry) + " starts in a pass that is over");
    if (spawn.cause == Cause::schedule && due != spawn.key.due)
        trace_.fail("withdrawn", name_of(entry) + " starts by a schedule that is no more");
}

void Coverage::on_written() {
    const Pending written = std::move(pending_.front());
    pending_.pop_front();
    for (const auto& [job, mark] : written.marks) {
        const bool was_absent = !job->loaded;
        const Instant covered_before = job->durable.covered;
        job->durable = mark;
        if (mark.was_absent) job->durable.covered = std::min(mark.covered, covered_before);
        job->durable.was_absent = was_absent || mark.was_absent;
    }
    if (!written.pass) return;
    passes_durable_.last = passes_durable_.wildcard = written.pass->pass;
    if (written.pass->fixed_too) passes_durable_.fixed = written.pass->pass;
}

void Coverage::on_answered(const engine::Decide& decide, const engine::Decided& answer) {
    for (const engine::Verdict& verdict : decide.verdicts) {
        if (verdict.cause == Cause::manual) continue;
        if (verdict.cause == Cause::boot) {
            if (std::find(answer.refused.begin(), answer.refused.end(), verdict.key) !=
                answer.refused.end())
                trace_.fail("boot", "@reboot is refused: " + print(verdict.key.due));
            continue;
        }
        const auto [last, is_first] =
            last_written_.try_emplace({&job(verdict.key.job), verdict.key.pass}, Instant::min());
        const bool is_later = verdict.key.due > last->second;
        last->second = std::max(last->second, verdict.key.due);
        if (is_later && std::find(answer.refused.begin(), answer.refused.end(), verdict.key) !=
                            answer.refused.end())
            trace_.fail("refusal", "the ledger refuses what has no verdict: " +
                                       name_of(*job(verdict.key.job).mark.entry));
    }
}

void Coverage::on_rival(const engine::Decide& decide, const engine::Decided& answer) {
    on_answered(decide, answer);
    const auto know = [&](const JobId& id, engine::Pass pass, Instant covered) {
        Job& job = this->job(id);
        if (job.loaded) job.durable = {job.mark.entry, true, false, pass, covered};
    };
    for (const engine::KnownJob& known : decide.known)
        know(known.job, passes_durable_.last, known.since);
    for (const engine::Verdict& verdict : decide.verdicts) {
        const bool is_due_time = verdict.cause != Cause::boot && verdict.cause != Cause::manual;
        if (is_due_time) know(verdict.key.job, verdict.key.pass, verdict.key.due);
    }
}

void Coverage::on_quiet(const Now& now) {
    if (!is_set(now.instant)) return;
    if (!queue_.empty() && queue_.begin()->first <= now.instant) {
        const Job& job = *queue_.begin()->second;
        trace_.fail("asleep",
                    fmt::format("{}: no verdict on {}, covered until {}", name_of(*job.mark.entry),
                                print(*job.next), print(job.mark.covered)));
    }
    if (merges_open_ > 0) trace_.fail("fate", "merged into a run that was not decided");
    // Of a clock that was set back since then the engine is still to be told.
    const bool is_seen = !last_look_ || last_look_->instant <= now.instant;
    if (look_closely_ && is_seen) check_waits(now);
    look_closely_ = false;
}

// After the clock was set back nothing waits for longer than the rules say.
void Coverage::check_waits(const Now& now) {
    for (const auto& [id, job] : jobs_) {
        if (!job.placed) continue;
        const bool is_wildcard = job.mark.entry->schedule.is_wildcard();
        // The last of several small steps may itself be too small to count.
        const microseconds most =
            engine::kSmallStepMax + (is_wildcard ? microseconds{0} : engine::kWildcardStepMax);
        if (job.mark.covered - now.instant > most + engine::kVerdictLead)
            trace_.fail("clock set back",
                        fmt::format("{} sleeps until {}", name_of(*job.mark.entry),
                                    print(job.mark.covered)));
        if (job.boot_due) trace_.fail("boot", name_of(*job.mark.entry) + " has no verdict");
        if (!job.mark.known && !is_boot(*job.mark.entry))
            trace_.fail("known", name_of(*job.mark.entry) + " is not made known");
    }
}

void Coverage::on_snapshot(const engine::Snapshot& snapshot) {
    std::size_t loaded = 0;
    for (const auto& [id, job] : jobs_) loaded += job.loaded ? 1 : 0;
    if (snapshot.jobs.size() != loaded) trace_.fail("snapshot", "not the jobs of the tables");
    for (const engine::Snapshot::Job& shown : snapshot.jobs) {
        const Job& job = this->job(shown.id);
        if (job.placed && !job.lenient_until && shown.next_due != job.next)
            trace_.fail("snapshot", name_of(*shown.entry) + ": another next due time");
    }
}

engine::Pass Coverage::pass_of(const crontab::Entry& entry) const {
    return entry.schedule.is_wildcard() ? passes_now_.wildcard : passes_now_.fixed;
}

}  // namespace cron::sim
