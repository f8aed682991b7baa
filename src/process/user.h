// Users: from a name to the numbers, groups, home and shell that a job needs.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/run.h"

namespace cron::process {

struct Identity {
    std::string name;
    uid_t uid = static_cast<uid_t>(-1);  // no user has -1, and setuid refuses it
    gid_t gid = static_cast<gid_t>(-1);
    std::vector<gid_t> groups;  // all of them, gid too
    std::string home;
    std::string shell;

    friend bool operator==(const Identity&, const Identity&) = default;
};

// The user called `name`. not_found: there is none. Any other error: the lookup failed, and may
// succeed later (a directory service that is not up yet). Blocks: for a worker.
Result<Identity> find_user(const std::string& name);

// What the user of this number is called; of several names, the first. Errors, and blocking, as
// with find_user.
Result<std::string> find_user_name(uid_t uid);

// Whoever runs this process, with the groups that it has now. A uid without a passwd entry is
// called by its number, or root, and lives in `home_variable` (the caller's $HOME) or, if that is
// empty, in
// `/`.
Result<Identity> current_user(std::string_view home_variable);

// Users that were looked up a short while ago. Entries are the users named in tables: no more.
class UserCache {
  public:
    static constexpr seconds kLife{60};

    // `name` as it was asked for: a directory may fold case.
    void put(const std::string& name, Identity identity, Monotonic now);
    // Null when `name` is not there or has been for kLife. Valid until the next put or drop.
    const Identity* get(const std::string& name, Monotonic now) const;
    void drop() { known_.clear(); }

  private:
    struct Known {
        Identity identity;
        Monotonic until{};
    };
    std::map<std::string, Known> known_;
};

}  // namespace cron::process
