// Runs and what they print as JSON, one object a line: docs/output.md. Pure.
#pragma once

#include <memory>

#include "daemon/run_format.h"

namespace cron::daemon {

inline constexpr int kOutputJsonVersion = 1;

std::unique_ptr<RunFormat> make_json_format();

}  // namespace cron::daemon
