// Which wall-clock readings match the fields: no zone, no instant, a calendar without gaps.
#pragma once

#include <cstdint>
#include <optional>

#include "calendar/instant.h"
#include "schedule/schedule.h"

namespace cron::schedule {

// The first match at or after `from`, the last at or before `upto`; whole seconds. None if there is
// none in the 400 years in which the calendar comes round, which is none at all, or in the years to
// which the fields are limited. Costs the months in between.
std::optional<Local> first_match(const Fields& fields, Local from);
std::optional<Local> last_match(const Fields& fields, Local upto);

// How many matches lie in [begin, end). Costs the months in between.
std::uint64_t count_matches(const Fields& fields, Local begin, Local end);

}  // namespace cron::schedule
