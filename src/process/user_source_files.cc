#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string_view>

#include <fmt/format.h>

#include "process/job_orders.h"
#include "process/user_source.h"

namespace cron::process {
namespace {

constexpr const char* kPasswd = "/etc/passwd";
constexpr const char* kGroup = "/etc/group";
constexpr std::size_t kBufferMin = 1U << 10;
constexpr std::size_t kBufferMax = 1U << 20;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// Hands each entry of the file at `path` to `take`, until that returns false. `read` is fgetpwent_r
// or fgetgrent_r. A file that is not there is empty.
template <class Entry, class Read, class Take>
Result<void> read_entries(const char* path, Read read, Take take) {
    const File file(std::fopen(path, "re"), &std::fclose);
    if (!file) return errno == ENOENT ? Result<void>{} : system_failure(errno, "open", path);
    std::vector<char> buffer(kBufferMin);
    for (;;) {
        const long position = std::ftell(file.get());
        Entry entry{};
        Entry* found = nullptr;
        const int error = read(file.get(), &entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE && buffer.size() < kBufferMax) {
            buffer.resize(buffer.size() * 2);
            if (std::fseek(file.get(), position, SEEK_SET) != 0) {
                return system_failure(errno, "seek", path);
            }
            continue;
        }
        if (found == nullptr) {
            return error == ENOENT ? Result<void>{} : system_failure(error, "read", path);
        }
        if (!take(entry)) return {};
    }
}

template <class IsMeant>
Result<std::optional<Identity>> look_up(IsMeant is_meant) {
    std::optional<Identity> identity;
    const auto read = read_entries<passwd>(kPasswd, fgetpwent_r, [&](const passwd& entry) {
        // "+" and "-" are NIS's, not users; their other fields may be null.
        if (*entry.pw_name == '+' || *entry.pw_name == '-' || !is_meant(entry)) return true;
        identity =
            Identity{entry.pw_name, entry.pw_uid, entry.pw_gid, {}, entry.pw_dir, entry.pw_shell};
        return false;
    });
    if (!read) return tl::unexpected(read.error());
    return identity;
}

}  // namespace

Result<std::optional<Identity>> look_up_name(const std::string& name) {
    return look_up([&](const passwd& entry) { return name == entry.pw_name; });
}

Result<std::optional<Identity>> look_up_uid(uid_t uid) {
    return look_up([&](const passwd& entry) { return entry.pw_uid == uid; });
}

Result<std::vector<gid_t>> look_up_groups(const std::string& name, gid_t gid) {
    std::vector<gid_t> groups = {gid};
    const auto read = read_entries<group>(kGroup, fgetgrent_r, [&](const group& entry) {
        for (char** member = entry.gr_mem; *member != nullptr; ++member) {
            if (name == *member && entry.gr_gid != gid) {
                groups.push_back(entry.gr_gid);
                break;
            }
        }
        return groups.size() <= kGroupsMax;
    });
    if (!read) return tl::unexpected(read.error());
    if (groups.size() > kGroupsMax) {
        return failure(ErrorCode::limit,
                       fmt::format("user '{}' is in more than {} groups", name, kGroupsMax));
    }
    return groups;
}

}  // namespace cron::process
