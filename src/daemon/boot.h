// Which boot this is, and whether the entries for @reboot have had their turn in it.
#pragma once

#include <string>

#include "base/error.h"

namespace cron::daemon {

// A name that no other boot of any machine has.
Result<std::string> read_boot_id(const std::string& path = "/proc/sys/kernel/random/boot_id");

// Makes the file that says "@reboot entries were started", with mode 0 as Debian's cron does. True
// if it was not there, or if it names another boot than `boot_id` (where /run outlives a boot), so
// that they are due. One that names none is Debian's, and counts.
Result<bool> claim_reboot(const std::string& path, const std::string& boot_id);

}  // namespace cron::daemon
