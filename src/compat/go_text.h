// Text as Go writes it, for readers who know it so. Pure.
// Source: the documentation of Go's packages strconv, encoding/json and time.
#pragma once

#include <string>
#include <string_view>

#include "calendar/zone.h"

namespace cron::compat {

// As strconv.Quote: in quotes, with \n and the like, \x07, \u200b; bytes that are not UTF-8 as
// \xff.
void append_quoted(std::string& out, std::string_view text);

// A JSON string as encoding/json writes it: &, < and > are \u0026 and so on, a byte that is not
// UTF-8 is \ufffd.
void append_json(std::string& out, std::string_view text);

// As time.Duration prints, in whole seconds: "1m30s".
std::string duration_text(seconds duration);

// As time.Time prints: "2026-11-21 16:37:46 +0000 UTC". Where Go has the abbreviation of the zone
// we have its offset, as Go has it for zones without.
std::string time_text(Instant instant, const calendar::Zone& zone);

// As RFC 3339, with Z for UTC.
void append_time(std::string& out, Instant instant, const calendar::Zone& zone);

// As syscall.Signal prints on Linux: "killed".
std::string signal_text(int signal);

}  // namespace cron::compat
