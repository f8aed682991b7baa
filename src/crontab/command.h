// What follows schedule and user on a line: OpenBSD's flags, the command, and its input after a %.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "crontab/report.h"
#include "crontab/table.h"

namespace cron::crontab {

struct Flags {
    bool mail_on_failure_only = false;  // -n
    bool quiet = false;                 // -q
    bool single = false;                // -s
    std::size_t length = 0;             // bytes taken, with the blanks that follow
};

// Flags at the start of `text`. Columns of an error are within `text`.
tl::expected<Flags, Finding> read_flags(std::string_view text);

struct CommandText {
    std::string command;
    std::string input;
};

// The first % that no backslash escapes ends the command; the rest is its input, % standing for
// newline.
// \% is %, in both; any other backslash stays, but that a flavour may fold \\ in the command. In
// supercronic's dialect all is command.
CommandText split_command(std::string_view text, Flavour flavour, Dialect dialect = Dialect::cron);

}  // namespace cron::crontab
