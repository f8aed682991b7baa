// The environment of a job. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/effect.h"
#include "process/user.h"

namespace cron::process {

struct JobEnvironment {
    std::vector<std::string> variables;  // "NAME=value", each name once
    std::string shell;                   // the value of SHELL
    std::string home;                    // the value of HOME
};

inline constexpr std::string_view kDefaultPath = "/usr/bin:/bin";  // where nobody says another

// The assignments of the table in their order, then, of what they do not set, SHELL=/bin/sh, HOME,
// PATH=`path`; LOGNAME and USER are those of `who`, whatever the table says. `base`, as
// "NAME=value", is what the job has besides (the environment of a container): it goes before the
// defaults, LOGNAME and USER among them, and after the table, but gives no SHELL, so that a command
// means the same wherever it runs.
// `run` is what the job is told of its run: nothing else sets a variable of these names.
JobEnvironment build_environment(const crontab::Environment& table, const Identity& who,
                                 std::span<const std::string> base = {},
                                 const crontab::Environment& run = {},
                                 std::string_view path = kDefaultPath);

// As execve(2) takes them, which changes nothing: pointers into `strings`, and a null behind them.
std::vector<char*> pointers_to(const std::vector<std::string>& strings);

// The arguments with which `shell` runs `command`.
std::vector<std::string> shell_arguments(std::string_view shell, std::string_view command);

}  // namespace cron::process
