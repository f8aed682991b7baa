// Which boot this is, and whether the entries for @reboot have had their turn in it.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace cron::daemon {

// A name that no other boot of any machine has.
Result<std::string> read_boot_id(const std::string& path = "/proc/sys/kernel/random/boot_id");

// A name for the pid namespace that we are in, which no other of this boot has: what pids mean is
// up to it. 0 where /proc does not tell.
std::uint64_t pid_namespace();

// Makes the file that says "@reboot entries were started", with mode 0 as Debian's cron does. True
// if it was not there, or if it names another boot than `boot_id` (where /run outlives a boot), so
// that they are due. One that names none is Debian's, and counts.
Result<bool> claim_reboot(const std::string& path, const std::string& boot_id);

}  // namespace cron::daemon
