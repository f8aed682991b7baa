// supercronic's command line: flags as Go's package flag reads them, then one crontab. Pure.
// Source: supercronic 0.2.45; the documentation of Go's package flag.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cron::compat {

struct Flags {
    bool help = false;
    bool debug = false;
    bool quiet = false;  // no lines below warning; wins over debug
    bool json = false;
    bool version = false;
    bool test = false;
    bool inotify = false;  // read the crontab again when it changes, and not on a signal only
    bool no_reap = false;
    bool split_logs = false;        // lines below warning to stdout, the others to stderr
    bool passthrough_logs = false;  // what jobs print as it is
    bool overlapping = false;       // start jobs whose last run still lives
    std::string listen_address;     // of the metrics; empty: none
    std::string sentry_dsn;
    std::string sentry_environment;
    std::string sentry_release;
    std::string crontab;  // as written; empty only with help or version
};

// The error is one clause, in Go's words where Go has some. What follows -h is not looked at.
Result<Flags> parse_flags(std::span<const char* const> arguments);

// For -h; ends with a newline.
std::string usage(std::string_view program);

}  // namespace cron::compat
