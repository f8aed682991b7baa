// What crond has to say of those who talk to it, as log records. Pure.
// Source of the classic lines: crontab of Debian's cron and of cronie.
#pragma once

#include <string>
#include <string_view>

#include "daemon/record.h"

namespace cron::daemon {

// Who asked for what: a user, and the process that asked in his name.
struct Asker {
    std::string name;
    int pid = 0;
};

// `action` as the classics have it: LIST, REPLACE, DELETE.
Record table_used(const Asker& asker, std::string_view action, std::string_view owner);
// He may not use crontab; or not that table.
Record crontab_denied(const Asker& asker, std::string_view why);
Record table_denied(const Asker& asker, std::string_view owner);

}  // namespace cron::daemon
