// Which machine this is, which boot, and whether the entries for @reboot have had their turn in it.
#pragma once

#include <string>

#include "base/error.h"

namespace cron::daemon {

// The first word of /etc/machine-id; where there is none, the host's name. For stable choices that
// should differ between machines, so an empty one only makes them equal.
std::string read_machine_id(const std::string& path = "/etc/machine-id");

// A name that no other boot of any machine has.
Result<std::string> read_boot_id(const std::string& path = "/proc/sys/kernel/random/boot_id");

// Makes the file that says "@reboot entries were started", with mode 0 as Debian's cron does. True
// if it was not there, or if it names another boot than `boot_id` (where /run outlives a boot), so
// that they are due. One that names none is Debian's, and counts.
Result<bool> claim_reboot(const std::string& path, const std::string& boot_id);

}  // namespace cron::daemon
