#include "process/user.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/unique_fd.h"
#include "process/job_orders.h"

namespace cron::process {
namespace {

constexpr std::size_t kBufferMin = 1U << 10;
constexpr std::size_t kBufferMax = 1U << 20;

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : text; }

// Calls `look_up(entry, buffer, size, result)`, a getpw*_r, with room enough for its answer.
template <class LookUp>
Result<std::optional<Identity>> look_up_passwd(const std::string& object, LookUp look_up) {
    std::vector<char> buffer(kBufferMin);
    passwd entry{};
    passwd* found = nullptr;
    int error = look_up(&entry, buffer.data(), buffer.size(), &found);
    while (error == EINTR || (error == ERANGE && buffer.size() < kBufferMax)) {
        if (error == ERANGE) buffer.resize(buffer.size() * 2);
        error = look_up(&entry, buffer.data(), buffer.size(), &found);
    }
    if (found != nullptr) {
        return Identity{text_or_empty(entry.pw_name),
                        entry.pw_uid,
                        entry.pw_gid,
                        {},
                        text_or_empty(entry.pw_dir),
                        text_or_empty(entry.pw_shell)};
    }
    // "None" has these spellings among the sources of users: getpwnam(3).
    if (error == 0 || error == ENOENT || error == ESRCH) return std::nullopt;
    return system_failure(error, "look up user", object);
}

Result<std::vector<gid_t>> groups_of(const std::string& name, gid_t gid) {
    std::vector<gid_t> groups(32);
    for (;;) {
        int count = static_cast<int>(groups.size());
        if (getgrouplist(name.c_str(), gid, groups.data(), &count) >= 0) {
            groups.resize(static_cast<std::size_t>(count));
            return groups;
        }
        if (groups.size() >= kGroupsMax) {
            return failure(ErrorCode::limit,
                           fmt::format("user '{}' is in more than {} groups", name, kGroupsMax));
        }
        groups.resize(groups.size() * 2);
    }
}

// That so many descriptors are free as the sources of users may need.
Result<void> check_descriptors(const std::string& object) {
    std::array<UniqueFd, 4> probes;
    for (UniqueFd& probe : probes) {
        probe.reset(open("/", O_PATH | O_CLOEXEC));
        if (!probe) return system_failure(errno, "look up user", object);
    }
    return {};
}

Result<std::optional<Identity>> look_up_name(const std::string& name) {
    return look_up_passwd(name,
                          [&](passwd* entry, char* buffer, std::size_t size, passwd** result) {
                              return getpwnam_r(name.c_str(), entry, buffer, size, result);
                          });
}

Result<std::optional<Identity>> look_up_uid(uid_t uid) {
    return look_up_passwd(std::to_string(uid),
                          [&](passwd* entry, char* buffer, std::size_t size, passwd** result) {
                              return getpwuid_r(uid, entry, buffer, size, result);
                          });
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
    auto groups = groups_of(identity.name, identity.gid);
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
