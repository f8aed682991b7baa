// The command line of crontab. Pure.
// Source: crontab(1) of Debian's cron and of cronie.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cron::edit {

enum class Command { install, check, list, edit, remove, undo };

struct Options {
    Command command = Command::install;
    std::optional<std::string> user;    // -u
    std::optional<std::string> file;    // install and check; "-" and none are stdin
    bool asks = false;                  // -i: before a removal
    bool is_sure = false;               // -f: no question, on a terminal neither
    std::string root;                   // before the machine's paths; "" is /
    std::optional<std::string> notice;  // -h, -V: print this and exit with 0
};

// What the arguments (without the program's name) say, as getopt(3) takes them: options before and
// after the file, "-lualice" and "-l -u alice" alike. A relative --root is below `directory`.
Result<Options> parse_options(std::span<const char* const> arguments, std::string_view directory);

std::string usage();

}  // namespace cron::edit
