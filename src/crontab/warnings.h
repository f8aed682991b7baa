// The names of warnings: they stay, for filters and for the manual.
#pragma once

#include <span>
#include <string_view>

namespace cron::crontab {

struct WarningName {
    std::string_view name;
    std::string_view meaning;  // one clause
};

// All that a table may raise.
std::span<const WarningName> warning_names();

}  // namespace cron::crontab
