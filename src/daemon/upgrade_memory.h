// The memory file by which a handover reaches the next program of the same process.
#pragma once

#include <string>

#include "base/error.h"
#include "base/unique_fd.h"
#include "daemon/upgrade_format.h"

namespace cron::daemon {

// Written and sealed.
Result<UniqueFd> write_handover(const Handover& handover);
// Only what was written so.
Result<Handover> read_handover(int fd);

// "NAME=value": tells the next program of this process which descriptor it is.
std::string handover_variable(int fd);
// Its descriptor; -1 if nobody has told us. Not told again, nor to programs that we start.
int take_handover_variable();

}  // namespace cron::daemon
