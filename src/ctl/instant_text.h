// Instants as people write and read them. Pure.
// Source: RFC 3339, section 5.6.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "calendar/rfc3339.h"
#include "calendar/zone.h"

namespace cron::ctl {

struct GivenInstant {
    Instant instant{};
    std::string note;  // where the zone skips or repeats it: how it was taken; else empty
};

// "2026-03-08T02:30:00-05:00", or without an offset in `zone`: "2026-03-08 02:30[:00]" and
// "2026-03-08"; or "now". A local time that is skipped is the instant after it, one that is
// repeated the first. An error if it is not of the years 1 to 9999 in UTC.
Result<GivenInstant> read_instant(std::string_view text, const calendar::Zone& zone, Instant now);

using calendar::InstantWriter;
using calendar::print_instant;

// "02:30", or "02:30:15" where it is no whole minute.
std::string print_time(Local local);
// "2026-03-08 02:30".
std::string print_local(Local local);

}  // namespace cron::ctl
