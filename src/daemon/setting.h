// What the daemon is told by the process around it, and what follows from that for its parts.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "calendar/zone.h"
#include "daemon/config_file.h"
#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/upgrade.h"
#include "spool/tables.h"
#include "zones/load.h"

namespace cron::daemon {

struct Setting {
    Options options;
    Paths paths;
    std::string job_program;      // the path of crond-job
    std::string session_program;  // of crond-session
    std::string version;
    std::string home_variable;   // HOME, for tables given as arguments
    std::string inherited_path;  // as in Customs
    zones::Sources zones;
    bool is_stdout_open = true;  // as we were called; it is never closed later
    Origin origin{};
};

Setting make_setting(const Options& options, std::string job_program, std::string version);

// Where tables are looked for, and how users and zones are found. An error: we do not know who we
// are.
Result<spool::Settings> spool_settings(const Setting& setting, const calendar::Zone& zone);

// Where the daemon's settings are, and who may have written them.
ConfigFile config_file(const Setting& setting);

LogOptions log_options(const Options& options);
// Says in the machine's log why crond cannot start; whoever started it may not see its stderr.
void log_death(const Options& options, std::string_view reason);

// `crond --test`: reads the daemon's settings and every table, prints what is wrong with them and
// how many entries there are. The exit status: 0, or 1 if anything is wrong.
int check_tables(const Setting& setting);
// The same as supercronic says it, where we are called so.
int check_crontab(const Setting& setting);

}  // namespace cron::daemon
