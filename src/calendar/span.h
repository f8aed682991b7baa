// The instants that are dealt with: those of the years 1 to 9999 in UTC, as RFC 3339 can write
// them.
#pragma once

#include "calendar/instant.h"

namespace cron::calendar {

inline constexpr std::chrono::sys_seconds kEarliest =
    std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
inline constexpr std::chrono::sys_seconds kLatest =  // the first that is none of them
    std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};

}  // namespace cron::calendar
