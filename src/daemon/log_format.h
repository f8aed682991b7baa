// How a record reads: as a classic syslog line, as text, as JSON. Pure.
// Source: RFC 3164 and RFC 3339; the lines of Vixie cron, Debian's cron and cronie.
#pragma once

#include <string>
#include <string_view>

#include "calendar/instant.h"
#include "calendar/zone.h"
#include "crontab/table.h"
#include "daemon/record.h"

namespace cron::daemon {

std::string_view name_of(Level level);

inline constexpr int kCronFacility = 9;  // of syslog
int severity_of(Level level);            // likewise
// In capitals where the record is about a job's process.
std::string_view ident_of(const Record& record, crontab::Flavour flavour);
// What the record says in the shape of the classics: "(root) CMD (echo x)".
std::string classic_text(const Record& record);

// "(USER) ACTION (DETAIL)", e.g. "(root) CMD (echo x)". Bytes that do not print are written as by
// Vixie cron's mkprints: ^M for carriage return, ^? for delete, \303 and so on above 127.
std::string classic_line(std::string_view user, std::string_view action, std::string_view detail);

// When and by whom.
struct Stamp {
    Instant instant{};
    calendar::Zone zone;  // in which the time is written
    int pid = 0;          // the daemon's
};

// "2026-11-20T12:00:00.123+01:00".
std::string rfc3339(const Stamp& stamp);

// A datagram for /dev/log: "<78>Nov 20 12:00:00 CRON[123]: (root) CMD (echo x)". Behind the ident
// stands the pid of the job's process that the record is about, else the daemon's. Cut off at
// kSyslogBytesMax.
std::string syslog_line(const Record& record, const Stamp& stamp, crontab::Flavour flavour);
inline constexpr std::size_t kSyslogBytesMax = 64U << 10;

// "2026-11-20T12:00:00.123+01:00 info event key=value key="two words"\n". In quotes stand values
// that are empty or hold blanks, quotes, equals signs, backslashes or bytes that do not print;
// there,
// \" and \\ are quote and backslash, and \xNN a byte.
std::string text_line(const Record& record, const Stamp& stamp);

// {"time":"…","level":"info","event":"…","key":"value",…} and a newline. A value that is not UTF-8
// is base64 under key_b64.
std::string json_line(const Record& record, const Stamp& stamp);

}  // namespace cron::daemon
