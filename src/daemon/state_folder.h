// What tables as arguments need of the machine before crond runs them: the tables themselves, and
// the folder of --state.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace cron::daemon {

// That each is a file of its own that we may read. One that goes or comes later is for those who
// watch them; but one that is wrong from the start is a mistake that nobody would see.
Result<void> check_argument_tables(const std::vector<std::string>& tables);

// That we may keep a record in the folder, or make it where its parent is there. Changes nothing.
Result<void> check_state_folder(const std::string& path);

// The same, and makes it where it is missing, for its owner alone.
Result<void> make_state_folder(const std::string& path);

}  // namespace cron::daemon
