// Finds time zones: by name or POSIX rule for CRON_TZ, and the one in which the daemon itself
// lives.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "calendar/zone.h"

namespace cron::zones {

struct Sources {
    std::string zoneinfo_dir = "/usr/share/zoneinfo";
    std::string localtime = "/etc/localtime";
    std::optional<std::string> tz;  // the value of TZ, if it is set
};

// Those of this machine, with TZ from the environment of this process.
Sources sources_here();

// The zone that CRON_TZ names: an IANA name ("Europe/Paris") or a POSIX rule
// ("EST5EDT,M3.2.0,M11.1.0"), where a file of that name comes first; a ':' in front is skipped. A
// zone that is not known, or whose data is missing or damaged, is an error that says which. UTC
// needs no data. Never opens a path outside of zoneinfo_dir, links in it aside.
Result<calendar::Zone> find_zone(std::string_view name, const Sources& sources);

// The daemon's zone, as glibc finds it: TZ (a path, a name or a rule; empty is UTC), else the file
// `localtime`; UTC if there is none. Unlike glibc, a TZ that is not known or a file that cannot be
// read is an error.
Result<calendar::Zone> local_zone(const Sources& sources);

}  // namespace cron::zones
