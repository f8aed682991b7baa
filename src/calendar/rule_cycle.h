// A POSIX rule written out: the Gregorian calendar repeats every 400 years, so one cycle says it
// all.
#pragma once

#include <cstddef>
#include <vector>

#include "calendar/instant.h"
#include "calendar/posix_rule.h"
#include "calendar/zone.h"

namespace cron::calendar {

// 400 years are 146,097 days, a whole number of weeks.
inline constexpr seconds kCycle{std::int64_t{146'097} * 86'400};

struct RuleCycle {
    std::chrono::sys_seconds begin{};  // of the cycle that is written out
    seconds initial{};                 // the offset at `begin`
    std::vector<Transition>
        transitions;  // in (begin, begin + kCycle], ascending; each changes the offset

    // The number of transitions at or before `instant`, which is in [begin, begin + kCycle].
    std::size_t index_after(std::chrono::sys_seconds instant) const;
    // For any instant for which instant - begin does not overflow.
    seconds offset_at(std::chrono::sys_seconds instant) const;
};

// Daylight time holds from each start to the next end; a span without length is none, and spans
// that touch or overlap are one ("XXX3EDT4,0/0,J365/23" is daylight time all year).
RuleCycle expand(const PosixRule& rule);

}  // namespace cron::calendar
