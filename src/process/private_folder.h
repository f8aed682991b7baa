// Folders of the spool that nobody but us may enter.
#pragma once

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace cron::process {

// Makes the folder if it is missing (not those above it), for its owner alone. One that belongs to
// somebody else is denied.
Result<UniqueFd> open_private_folder(const std::string& path);

}  // namespace cron::process
