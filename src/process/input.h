// The standard input of a job: the text after the first `%` of its line.
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace cron::process {

// A file in memory with `text`, at its start, that nobody can change any more. A file and not a
// pipe, so that nobody has to feed it, and a job that does not read it kills no writer.
Result<UniqueFd> make_input(std::string_view text);

}  // namespace cron::process
