// What becomes of due times that come, or that passed while nobody acted. Pure arithmetic.
// DESIGN, Time: Lateness.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "calendar/zone.h"
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
    std::optional<Span> missed;   // too late
    std::vector<Span> merged;     // into the first of `starts`, earliest first
    std::vector<Instant> starts;  // ascending; in the future only up to the horizon
};

// Judges what is due in (after, horizon] as seen at `now`; `horizon` is not before `now`.
Judgement judge(const schedule::Schedule& schedule, const calendar::Zone& zone, Instant after,
                Instant now, Instant horizon);

// All that is due in (after, until], as one span; none where nothing is.
std::optional<Span> due_between(const schedule::Schedule& schedule, const calendar::Zone& zone,
                                Instant after, Instant until);

}  // namespace cron::engine
