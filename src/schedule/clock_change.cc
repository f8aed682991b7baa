#include "schedule/clock_change.h"

#include <algorithm>

#include "calendar/span.h"
#include "schedule/match.h"

namespace cron::schedule {
namespace {

using calendar::Period;
using calendar::Zone;
using std::chrono::sys_seconds;

Local reading(sys_seconds instant, seconds offset) {
    return Local{instant.time_since_epoch() + offset};
}

ClockChange change_at(const Schedule& schedule, const Zone& zone, const Period& period) {
    using Effect = ClockChange::Effect;
    ClockChange change;
    change.at = period.begin;
    change.before = reading(period.begin, zone.period_at(period.begin - seconds{1}).offset);
    change.after = reading(period.begin, period.offset);
    if (schedule.kind() != Schedule::Kind::fields) return change;
    const Local begin = std::min(change.before, change.after);
    const Local end = std::max(change.before, change.after);
    change.matches = count_matches(schedule.fields(), begin, end);
    if (change.matches == 0) return change;
    change.first_match = first_match(schedule.fields(), begin).value_or(begin);
    if (change.is_skip()) {
        change.effect = schedule.is_wildcard() ? Effect::not_due : Effect::moved;
    } else {
        change.effect = schedule.is_wildcard() ? Effect::due_twice : Effect::due_once;
    }
    return change;
}

}  // namespace

Passage passage_of(const Schedule& schedule, const Zone& zone, Instant due) {
    if (schedule.kind() != Schedule::Kind::fields) return Passage::plain;
    const sys_seconds at = floor_seconds(due);
    const Local local = reading(at, zone.period_at(at).offset);
    if (first_match(schedule.fields(), local) != local) return Passage::moved;
    const calendar::LocalFit fit = zone.fit(local);
    if (fit.kind != calendar::LocalFit::Kind::repeated) return Passage::plain;
    return at == fit.first ? Passage::first_pass : Passage::second_pass;
}

std::vector<ClockChange> clock_changes(const Schedule& schedule, const Zone& zone, Instant from,
                                       Instant until, std::size_t count_max) {
    std::vector<ClockChange> changes;
    Period period = zone.period_at(floor_seconds(from));
    const sys_seconds last = std::min(floor_seconds(until), calendar::kLatest - seconds{1});
    while (changes.size() < count_max && period.end <= last) {
        period = zone.period_at(period.end);
        changes.push_back(change_at(schedule, zone, period));
    }
    return changes;
}

}  // namespace cron::schedule
