// The children of others that a process inherits when it is the first of its machine or container.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>

namespace cron::daemon {

// Collects the children of this thread, which is the main one, that have ended and are not ours;
// ours keep their status for whoever started them, and come to another thread
// (process::ParentThread), so that they do not stand in the way. Those that a program before us has
// made do: then the others are asked one by one, for which /proc is needed. Where very many wait,
// SIGCHLD is raised for the rest.
void reap_orphans(const std::function<bool(pid_t)>& is_ours);

// The same among children that are all of this thread, one by one. Returns how many that are not
// ours live on. Needs /proc.
std::size_t reap_listed(const std::function<bool(pid_t)>& is_ours);

// Whether this process has a child, be it one that has ended.
bool has_children();

}  // namespace cron::daemon
