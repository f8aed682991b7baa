// What the changes of a zone's clock do to a schedule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "calendar/zone.h"
#include "schedule/schedule.h"

namespace cron::schedule {

// How a due time fits the clock of its zone.
enum class Passage {
    plain,
    moved,        // its match was skipped: it is due where the clock goes on
    first_pass,   // the clock will read this again
    second_pass,  // the clock has read this before
};

// `due` is a due time of the schedule in the zone.
Passage passage_of(const Schedule& schedule, const calendar::Zone& zone, Instant due);

// One change of the clock: at `at` it would read `before` and reads `after`. Where after > before
// it skips [before, after); else it repeats [after, before).
struct ClockChange {
    enum class Effect {
        none,       // nothing in that span matches
        not_due,    // a wildcard schedule: not due for what is skipped
        moved,      // a fixed one: due once at `at` for all that is skipped
        due_twice,  // a wildcard schedule, in what is repeated
        due_once,   // a fixed one: on the first pass only
    };
    std::chrono::sys_seconds at{};
    Local before{};
    Local after{};
    Effect effect = Effect::none;
    std::uint64_t matches = 0;  // readings of the span that match
    Local first_match{};        // the first of them

    bool is_skip() const { return after > before; }
};

// The changes in (from, until], none after the year 9999, the first `count_max` of them; those
// without effect as well.
std::vector<ClockChange> clock_changes(const Schedule& schedule, const calendar::Zone& zone,
                                       Instant from, Instant until, std::size_t count_max);

}  // namespace cron::schedule
