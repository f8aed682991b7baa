// Where users and groups are looked up. Two files have it, and a build takes one of them:
// user_source_system.cc asks the C library, and with it whatever /etc/nsswitch.conf names;
// user_source_files.cc reads /etc/passwd and /etc/group alone, for a static build: the C library
// loads its sources as shared libraries.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "process/user.h"

namespace cron::process {

// Without groups. None: there is no such user, or the source had no descriptor to look with.
Result<std::optional<Identity>> look_up_name(const std::string& name);
Result<std::optional<Identity>> look_up_uid(uid_t uid);

// The groups that `name` is in, and `gid`. More than kGroupsMax are an error.
Result<std::vector<gid_t>> look_up_groups(const std::string& name, gid_t gid);

}  // namespace cron::process
