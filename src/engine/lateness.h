// What becomes of due times that come, or that passed while nobody acted. Pure arithmetic.
// DESIGN, Time: Lateness.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "calendar/zone.h"
#include "crontab/table.h"
#include "schedule/schedule.h"

namespace cron::engine {

// Due times that share a fate.
struct Span {
    Instant first{};
    Instant last{};
    std::uint64_t count = 0;

    friend bool operator==(const Span&, const Span&) = default;
};

// Whatever is due in one span of time falls in one of these, in the order of time.
struct Judgement {
    std::optional<Span> missed;       // too late
    std::optional<Instant> catch_up;  // too late, but to be made up for
    std::vector<Span> merged;         // into the first of `starts`, earliest first
    std::vector<Instant> starts;      // ascending; in the future only up to the horizon
};

// Judges what is due in (after, horizon] as seen at `now`; `horizon` is not before `now`.
Judgement judge(const schedule::Schedule& schedule, const calendar::Zone& zone, Instant after,
                Instant now, Instant horizon);

// Makes up for the latest of what is missed, if that is no older than CRON_CATCH_UP of `entry` and
// nothing nearer runs in its place.
Judgement allow_catch_up(Judgement judgement, const crontab::Entry& entry, Instant now);

// All that is due in (after, until], as one span; none where nothing is.
std::optional<Span> due_between(const schedule::Schedule& schedule, const calendar::Zone& zone,
                                Instant after, Instant until);

}  // namespace cron::engine
