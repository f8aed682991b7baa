#include "engine/lateness.h"

#include <algorithm>

#include "engine/engine.h"

namespace cron::engine {
namespace {

// Every due time in (after, until]. At most one a second, and callers ask for kLateMax at most.
std::vector<Instant> list_due(const schedule::Schedule& schedule, const calendar::Zone& zone,
                              Instant after, Instant until) {
    std::vector<Instant> found;
    auto due = schedule::next_after(schedule, zone, after);
    for (; due && *due <= until; due = schedule::next_after(schedule, zone, *due))
        found.push_back(*due);
    return found;
}

}  // namespace

std::optional<Span> due_between(const schedule::Schedule& schedule, const calendar::Zone& zone,
                                Instant after, Instant until) {
    const auto first = schedule::next_after(schedule, zone, after);
    if (!first || *first > until) return std::nullopt;
    const auto last = schedule::previous_before(schedule, zone, until + microseconds{1});
    return Span{*first, last.value_or(*first), schedule::count_due(schedule, zone, after, until)};
}

Judgement judge(const schedule::Schedule& schedule, const calendar::Zone& zone, Instant after,
                Instant now, Instant horizon) {
    // Due times are whole seconds, so lateness is counted in whole seconds too.
    const Instant second = floor_seconds(now);
    const Instant too_late_until = second - kCatchUpMax - seconds{1};
    const Instant late_until = second - kLateMax - seconds{1};

    Judgement judgement;
    if (after < too_late_until) {
        judgement.missed = due_between(schedule, zone, after, too_late_until);
        after = too_late_until;
    }
    std::optional<Span> passed_over;
    if (after < late_until) {
        passed_over = due_between(schedule, zone, after, late_until);
        after = late_until;
    }
    judgement.starts = list_due(schedule, zone, after, horizon);

    auto& starts = judgement.starts;
    const auto future = std::upper_bound(starts.begin(), starts.end(), second);
    const auto late_count = static_cast<std::size_t>(future - starts.begin());
    if (schedule.is_finer_than_a_minute() && late_count > 1) {
        const Span earlier{starts.front(), starts[late_count - 2], late_count - 1};
        starts.erase(starts.begin(), future - 1);
        judgement.merged.push_back(earlier);
    }
    if (passed_over && late_count == 0) {
        // Nothing nearer runs in its place: the latest that was passed over runs, once.
        starts.insert(starts.begin(), passed_over->last);
        passed_over = due_between(schedule, zone, passed_over->first - microseconds{1},
                                  passed_over->last - microseconds{1});
    }
    if (passed_over) judgement.merged.insert(judgement.merged.begin(), *passed_over);
    return judgement;
}

Judgement allow_catch_up(Judgement judgement, const crontab::Entry& entry, Instant now) {
    if (!judgement.missed) return judgement;
    const Span missed = *judgement.missed;
    const bool has_nearer = !judgement.starts.empty() && judgement.starts.front() <= now;
    if (has_nearer || floor_seconds(now) - missed.last > entry.policy->catch_up) return judgement;
    judgement.catch_up = missed.last;
    judgement.missed = due_between(entry.schedule, entry.zone, missed.first - microseconds{1},
                                   missed.last - microseconds{1});
    return judgement;
}

}  // namespace cron::engine
