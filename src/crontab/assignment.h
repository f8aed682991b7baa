// A line that sets a variable: NAME=value.
// Source: load_env in env.c of Vixie cron, as cronie has it (an empty value, a blank at the end of
// a quoted one).
#pragma once

#include <optional>
#include <string_view>
#include <tl/expected.hpp>

#include "crontab/report.h"

namespace cron::crontab {

// Parts of the line, without quotes and the blanks round them.
struct AssignmentText {
    std::string_view name;
    std::string_view value;
};

// A line that can only be meant as an assignment, and is none.
struct BadAssignment {
    std::string_view name;
    Finding finding;
};

// `line` starts with no blank. None: it is no assignment, so it should be an entry.
tl::expected<std::optional<AssignmentText>, BadAssignment> read_assignment(std::string_view line);

// Whether a shell can read a variable of this name.
bool is_shell_name(std::string_view name);

}  // namespace cron::crontab
