// Which job somebody means who names one. Pure.
#pragma once

#include <memory>
#include <string_view>

#include "base/error.h"
#include "crontab/table.h"

namespace cron::daemon {

// The one of `entries` that `asked` is: its CRON_NAME; its code, as the names of runs begin with,
// or the name of a run of it; TABLE:LINE, where TABLE is a path or what a path ends in; its
// command; or else the beginning of its name, command or code. The first of these that any job has
// decides. An error lists those it may be or, where it is none, all that there are.
Result<std::shared_ptr<const crontab::Entry>> choose_job(const crontab::Entries& entries,
                                                         std::string_view asked);

}  // namespace cron::daemon
