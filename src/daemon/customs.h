// What the daemon does one way or another, by its flavour and its command line. One value of this
// is Crond's, and its parts look at it whenever they need to: settings may bring another flavour.
#pragma once

#include <string>
#include <string_view>

#include "crontab/flavour.h"
#include "daemon/passed_variables.h"

namespace cron::daemon {

// Which lines the log has on runs: -L of Debian's cron.
struct RunLines {
    bool starts = true;
    bool ends = true;
    bool failures = false;  // as a line of their own, and in the subject of mail
    bool pids = false;      // in the lines on starts and ends
};

struct Customs {
    crontab::Flavour flavour = crontab::Flavour::debian;
    RunLines run_lines;
    std::string inherited_path;  // PATH of jobs whose table sets none; empty: by the flavour

    PassedVariables variables;

    const crontab::Ways& ways() const { return crontab::ways_of(flavour); }
    std::string_view default_path() const {
        return inherited_path.empty() ? ways().path : inherited_path;
    }
};

}  // namespace cron::daemon
