// Durations as tables write them: "90s", "5m", "2h30m", "1d".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "calendar/instant.h"

namespace cron::schedule {

// The longest duration that is read: ten years.
inline constexpr seconds kDurationMax = hours{24 * 3660};

// Days, hours, minutes and seconds in this order, each at most once, at least one of them.
// None if `text` is not that, or passes kDurationMax.
std::optional<seconds> parse_duration(std::string_view text);

// The shortest text that parses to `duration`, which is neither negative nor above kDurationMax.
std::string print_duration(seconds duration);

}  // namespace cron::schedule
