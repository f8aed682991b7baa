// Redirections that are not what they seem.
#pragma once

#include <string_view>
#include <vector>

#include "crontab/report.h"
#include "crontab/shell_text.h"

namespace cron::crontab {

// `is_plain_sh`: what only bash knows is a mistake. Columns are those of the text.
std::vector<Finding> advise_on_redirections(const ShellText& shell, bool is_plain_sh);

}  // namespace cron::crontab
