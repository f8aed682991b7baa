// The tables that a command is about: those given as files, or all of this machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crontab/table.h"
#include "ctl/options.h"
#include "ctl/surroundings.h"

namespace cron::ctl {

struct TableFile {
    std::string shown;  // as the user named it
    std::string name;   // as crond names it
    std::string owner;
    crontab::Kind kind = crontab::Kind::user;
    crontab::Table table;
};

// A file without a table, or one that crond would not read so.
struct FileProblem {
    std::string shown;
    std::string message;  // names the file
    crontab::Severity severity = crontab::Severity::error;
};

struct TableFiles {
    std::vector<TableFile> tables;
    std::vector<FileProblem> problems;

    bool have_errors() const;
};

// `zone` is for entries that name none; `advise_from` as in crontab::Options. What cannot be read
// is a problem. An error: we do not know who we are.
Result<TableFiles> read_tables(const Options& options, const Surroundings& surroundings,
                               const calendar::Zone& zone, std::optional<Instant> advise_from);

}  // namespace cron::ctl
