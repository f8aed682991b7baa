// The POSIX TZ rule, as in the TZ variable and at the end of a TZif file:
// "CET-1CEST,M3.5.0,M10.5.0/3". Source: POSIX.1-2024, XBD 8.3; hours from -167 to 167 as in RFC
// 8536, section 3.3.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "calendar/instant.h"

namespace cron::calendar {

// A day of the year on which the offset changes, and when on that day.
struct RuleDay {
    enum class Kind { julian_without_leap_day, day_of_year, weekday_of_month };
    Kind kind = Kind::weekday_of_month;
    int day = 0;             // Jn: 1..365; n: 0..365; Mm.w.d: the weekday, 0 is Sunday
    int week = 0;            // Mm.w.d only: 1..5, 5 is the last
    int month = 0;           // Mm.w.d only: 1..12
    seconds time{2 * 3600};  // after local midnight, may be negative or pass a day

    friend bool operator==(const RuleDay&, const RuleDay&) = default;
};

struct PosixRule {
    std::string standard_name;
    seconds standard_offset{};  // east of UTC is positive, unlike in the text
    struct Daylight {
        std::string name;
        seconds offset{};
        RuleDay start;
        RuleDay end;
        friend bool operator==(const Daylight&, const Daylight&) = default;
    };
    std::optional<Daylight> daylight;

    friend bool operator==(const PosixRule&, const PosixRule&) = default;
};

// Daylight time without dates gets the rule of the United States (",M3.2.0,M11.1.0"), as glibc
// does.
Result<PosixRule> parse_posix_rule(std::string_view text);

}  // namespace cron::calendar
