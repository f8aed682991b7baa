// Where today's crons differ one value decides, the flavour: what each does is in one table. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace cron::crontab {

enum class Flavour { debian, cronie };

// Which files of /etc/cron.d are tables; spool/rules.h has the rules.
enum class FileNames { run_parts, lsb, any };

// What one flavour does. Text of it is for everybody to see: log watchers, mail filters and tables
// were written for these words.
struct Ways {
    Flavour flavour = Flavour::debian;
    std::string_view name;  // in crond.json

    // Tables.
    bool folds_backslashes = false;  // \\ in a command is one backslash
    bool keeps_blanks = false;       // those between user and command
    bool has_plain_sh = false;       // sh knows no more than POSIX says
    FileNames file_names = FileNames::run_parts;
    std::string_view path;               // PATH of the jobs of a table that sets none
    bool is_open_without_lists = false;  // neither cron.allow nor cron.deny: crontab(1) is for all

    // Log lines.
    std::string_view ident;
    std::string_view job_ident;  // of what is about the process of a job
    std::string_view startup;    // what STARTUP says in the background; empty: the version
    std::string_view not_startup;
    std::string_view end_action;  // of a run
    std::string_view unsafe_mail_action;
    bool tells_pidfile = false;
    bool tells_short_paths = false;  // RELOAD: "(*system*NAME)" and "crontabs/USER", else in full

    // Mail.
    std::string_view sender_form;    // the From of mail without MAILFROM
    std::string_view mailfrom_form;  // with it; the address stands for {}
    bool is_bulk = false;            // it has Precedence: bulk
};

const Ways& ways_of(Flavour flavour);

// By its name in crond.json.
std::optional<Flavour> find_flavour(std::string_view name);

}  // namespace cron::crontab
