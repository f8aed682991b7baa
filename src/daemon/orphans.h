// The children of others that a process inherits when it is the first of its machine or container.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>

namespace cron::daemon {

// Collects every child that has ended and is not ours; ours keep their status for whoever started
// them. Returns how many of the others live on. Needs /proc.
std::size_t reap_orphans(const std::function<bool(pid_t)>& is_ours);

}  // namespace cron::daemon
