// A % that ends a command where it was meant as a part of it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "crontab/report.h"
#include "crontab/shell_text.h"

namespace cron::crontab {

// `shell` is the command that ends before `written[at]`, the first % without a backslash.
std::optional<Finding> advise_on_percent(const ShellText& shell, std::string_view written,
                                         std::size_t at);

}  // namespace cron::crontab
