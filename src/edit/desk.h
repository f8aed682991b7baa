// Where the table of a user is read and changed: at the daemon, or in the spool itself.
#pragma once

#include <functional>

#include "control/message.h"
#include "spool/user_tables.h"

namespace cron::edit {

// An error: no answer was had.
using Desk = std::function<Result<control::Answer>(const control::Request& request)>;

// The spool itself, for who may write it: root, or the owner of one below another root. `owner` is
// whose table it is, whatever a request says.
Desk direct_desk(spool::UserTables tables, spool::TableOwner owner);

}  // namespace cron::edit
