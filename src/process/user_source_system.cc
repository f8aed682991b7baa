#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstddef>

#include <fmt/format.h>

#include "process/job_orders.h"
#include "process/user_source.h"

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

}  // namespace

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

Result<std::vector<gid_t>> look_up_groups(const std::string& name, gid_t gid) {
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

}  // namespace cron::process
