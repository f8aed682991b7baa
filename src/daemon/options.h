// The command line of crond, and the paths that follow from it. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "calendar/instant.h"
#include "compat/flags.h"
#include "daemon/customs.h"
#include "daemon/invocation.h"
#include "daemon/record.h"

namespace cron::daemon {

enum class OutputFormat {
    mail,
    prefix,  // lines on stdout and stderr, each with the job's name before it
    raw,     // the same without the name
    json,    // objects, one a line, of runs and of what they print
};

inline constexpr std::string_view kNoMail = "off";  // as the mail command

// All paths are absolute.
struct Options {
    bool foreground = false;
    bool test = false;
    bool asks_alive = false;            // whether the crond of this container is alive: pulse.h
    LogFormat log = LogFormat::syslog;  // or text in the foreground: see default_log()
    Level log_level = Level::info;
    OutputFormat output = OutputFormat::mail;  // prefix in the foreground with tables as arguments
    RunLines run_lines;
    bool has_lsb_names = false;      // files of /etc/cron.d have names of the LSB
    bool permits_any_table = false;  // whoever owns it or may write to it
    bool inherits_path = false;      // PATH of jobs whose table sets none is ours
    bool watches_files = true;       // by inotify; else they are looked at each minute
    bool tells_full_host = false;    // in the subject of mail
    bool is_output_logged = false;   // and not mailed
    std::string mail_command;        // for the shell, in place of the mailer; kNoMail: none
    seconds grace{25};
    std::string root;                  // "" is /
    std::optional<std::string> spool;  // the next five: as asked for; the result is in Paths
    std::optional<std::string> config;
    std::optional<std::string> pidfile;
    std::optional<std::string> socket;
    std::optional<std::string> mailer;
    std::vector<std::string> tables;  // run these, as the caller
    // The rest but the last: with tables only.
    struct PassedEnvironment {
        bool all = false;
        std::vector<std::string> names;
    };
    PassedEnvironment passed_environment;  // what of ours jobs get; with tables all by default
    std::optional<std::string> state;      // the folder of the ledger; none: in memory
    std::optional<std::string> once;       // run this job now, and exit with its status
    bool has_user_column = false;
    bool reloads_on_change = true;             // else on signals only
    std::optional<compat::Flags> supercronic;  // we are called as supercronic, in this way
    std::optional<std::string> notice;  // --help, --version: print this on stdout and exit with 0

    // What runs is on record where the next start finds it.
    bool keeps_record() const { return tables.empty() || state.has_value(); }
};

// What the arguments (without the program's name) say. Relative paths are below `directory`. The
// error is one clause; the program says it, points to --help and exits with status 1, as the
// classics do.
Result<Options> parse_options(std::span<const char* const> arguments, std::string_view directory,
                              const Invocation& invocation = {});

// Where everything is. --root moves the tables, what crond keeps, and the daemon's zone; an option
// for one path wins over it. What belongs to the machine and is only used (the mailer, the data of
// zones) stays.
struct Paths {
    // The daemon's settings. Empty: none, for tables as arguments have the machine's no more than
    // its pidfile.
    std::string config;
    std::string spool;  // the working directory; with tables as arguments the folder of --state
    std::string crontabs;
    std::string previous_tables;  // those of users before their last change
    std::string output;
    std::string mail;  // that is tried again
    std::string spool_lock;
    std::string ledger;
    std::string pidfile;
    std::string control_socket;
    std::string reboot_marker;
    std::string system_table;
    std::string system_folder;  // cron.d
    std::string cron_allow;
    std::string cron_deny;
    std::string mailer;
    std::string localtime;  // the machine's, where there is none below the root: make_setting
    std::string zoneinfo;
};

Paths paths_of(const Options& options);

}  // namespace cron::daemon
