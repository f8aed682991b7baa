// The command line of cronctl. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "calendar/instant.h"

namespace cron::ctl {

enum class Command { next, explain, check, simulate };

// Instants and zones are as they were written: to read them takes a zone, and a zone takes files.
struct Options {
    Command command = Command::next;
    std::vector<std::string> what;  // schedules or files
    std::optional<std::string> from;
    std::optional<std::string> until;
    std::optional<std::string> zone;
    std::optional<std::string> as;  // the table is judged as that of this user
    std::string root;               // before the paths of the machine's own tables; "" is /
    bool system = false;            // the tables have a user column
    bool json = false;
    // next
    std::optional<std::uint64_t> count;
    bool previous = false;
    bool marks = false;
    bool seconds = false;  // explain, too
    // simulate
    cron::seconds run_time{0};
    bool chart = false;

    std::optional<std::string> notice;  // --help, --version: print this and exit with 0
};

// What the arguments (without the program's name) say. A relative --root is below `directory`. The
// error is one clause, with the command it is about; the program says it and points to --help.
Result<Options> parse_options(std::span<const char* const> arguments, std::string_view directory);

// "cronctl next", for the pointer to --help; just "cronctl" where the arguments name no command.
std::string program_of(std::span<const char* const> arguments);

}  // namespace cron::ctl
