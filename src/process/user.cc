#include "process/user.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/unique_fd.h"
#include "process/user_source.h"

namespace cron::process {
namespace {

// That so many descriptors are free as the sources of users may need.
Result<void> check_descriptors(const std::string& object) {
    std::array<UniqueFd, 4> probes;
    for (UniqueFd& probe : probes) {
        probe.reset(open("/", O_PATH | O_CLOEXEC));
        if (!probe) return system_failure(errno, "look up user", object);
    }
    return {};
}

// The library says that there is no such user also where it had no descriptor to look with: so ask
// again, and believe it only if there was room before and after.
template <class LookUp>
Result<std::optional<Identity>> look_up_twice(const std::string& object, LookUp look_up) {
    auto found = look_up();
    if (!found || *found) return found;
    if (auto room = check_descriptors(object); !room) return tl::unexpected(room.error());
    found = look_up();
    if (auto room = check_descriptors(object); !room) return tl::unexpected(room.error());
    return found;
}

}  // namespace

Result<Identity> find_user(const std::string& name) {
    auto found = look_up_twice(name, [&] { return look_up_name(name); });
    if (!found) return tl::unexpected(found.error());
    if (!*found) return failure(ErrorCode::not_found, fmt::format("there is no user '{}'", name));
    Identity identity = std::move(**found);
    auto groups = look_up_groups(identity.name, identity.gid);
    if (!groups) return tl::unexpected(groups.error());
    identity.groups = std::move(*groups);
    // Without room some of the groups would be missing, and nobody would say so.
    if (auto room = check_descriptors(name); !room) return tl::unexpected(room.error());
    return identity;
}

Result<std::string> find_user_name(uid_t uid) {
    const std::string number = std::to_string(uid);
    auto found = look_up_twice(number, [&] { return look_up_uid(uid); });
    if (!found) return tl::unexpected(found.error());
    if (!*found) return failure(ErrorCode::not_found, fmt::format("there is no user {}", number));
    return std::move((*found)->name);
}

Result<Identity> current_user(std::string_view home_variable) {
    const uid_t uid = geteuid();
    const std::string number = std::to_string(uid);
    auto found = look_up_uid(uid);
    if (!found) return tl::unexpected(found.error());
    Identity identity;
    if (*found) {
        identity = std::move(**found);
    } else {
        identity.name = uid == 0 ? "root" : number;
        identity.home = home_variable.empty() ? "/" : std::string(home_variable);
        identity.shell = "/bin/sh";
    }
    identity.uid = uid;
    identity.gid = getegid();
    const int count = getgroups(0, nullptr);
    if (count < 0) return system_failure(errno, "getgroups", number);
    identity.groups.resize(static_cast<std::size_t>(count));
    if (getgroups(count, identity.groups.data()) < 0) {
        return system_failure(errno, "getgroups", number);
    }
    return identity;
}

void UserCache::put(const std::string& name, Identity identity, Monotonic now) {
    known_.insert_or_assign(name, Known{std::move(identity), now + kLife});
}

const Identity* UserCache::get(const std::string& name, Monotonic now) const {
    const auto known = known_.find(name);
    return known == known_.end() || now >= known->second.until ? nullptr : &known->second.identity;
}

}  // namespace cron::process
