// What of crond's own environment its jobs have: --env. Pure.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

namespace cron::daemon {

// As "NAME=value".
struct PassedVariables {
    uid_t own_uid = static_cast<uid_t>(-1);  // as whom crond runs
    std::vector<std::string> to_own_user;
    std::vector<std::string> to_others;  // the same without what tells of crond's user
    std::vector<std::string> unset;      // names that were asked for, and that crond has not

    const std::vector<std::string>& to(uid_t user) const {
        return user == own_uid ? to_own_user : to_others;
    }
};

// Of `own`, crond's environment, all, or else those of these names. With all does not go what a
// service manager tells crond alone, such as NOTIFY_SOCKET.
PassedVariables pass_variables(bool all, std::span<const std::string> names,
                               std::span<const std::string> own, uid_t own_uid);

}  // namespace cron::daemon
