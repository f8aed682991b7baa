#include "daemon/state_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unique_fd.h"

namespace cron::daemon {
namespace {

// Why a call on `path` failed, in words for whoever has to mend a volume or its owner.
std::string refusal(int error, const std::string& path) {
    struct stat status {};
    if (error != EACCES || ::stat(path.c_str(), &status) != 0) return std::strerror(error);
    return fmt::format("{} for uid {}: it is owned by uid {} and gid {}, with mode {:04o}",
                       std::strerror(error), ::geteuid(), status.st_uid, status.st_gid,
                       status.st_mode & 07777U);
}

// `status` is what the file is then.
Result<void> check_table(const std::string& path, struct stat& status) {
    const auto wrong = [&](std::string_view reason) {
        return failure(ErrorCode::invalid, fmt::format("table {}: {}", printable(path), reason));
    };
    // It is not opened before it is known to be a file: of a FIFO that would have the writer go on.
    if (::stat(path.c_str(), &status) != 0) return wrong(refusal(errno, path));
    if (S_ISDIR(status.st_mode)) return wrong("it is a folder: name the tables in it");
    if (!S_ISREG(status.st_mode)) return wrong("it is no regular file");
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) return wrong(refusal(errno, path));
    return {};
}

}  // namespace

Result<void> check_argument_tables(const std::vector<std::string>& tables) {
    std::map<std::pair<dev_t, ino_t>, std::string> seen;
    for (const std::string& table : tables) {
        struct stat status {};
        if (auto checked = check_table(table, status); !checked) return checked;
        const auto [first, is_new] = seen.try_emplace({status.st_dev, status.st_ino}, table);
        if (is_new) continue;
        return failure(ErrorCode::invalid,
                       fmt::format("table {} is the same file as {}, and its jobs would run twice",
                                   printable(table), printable(first->second)));
    }
    return {};
}

Result<void> check_state_folder(const std::string& path) {
    const auto wrong = [&](const std::string& at, std::string_view reason) {
        return failure(
            ErrorCode::denied,
            fmt::format("--state {}: {}{}", printable(path),
                        at == path ? "" : fmt::format("cannot be made in {}: ", printable(at)),
                        reason));
    };
    struct stat status {};
    std::string place = path;
    if (::stat(path.c_str(), &status) != 0) {
        if (errno != ENOENT) return wrong(path, refusal(errno, path));
        place = path.substr(0, path.rfind('/'));
        if (place.empty()) place = "/";
        if (::stat(place.c_str(), &status) != 0) return wrong(place, refusal(errno, place));
    }
    if (!S_ISDIR(status.st_mode)) return wrong(place, "it is no folder");
    if (::faccessat(AT_FDCWD, place.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        return wrong(place, refusal(errno, place));
    }
    return {};
}

Result<void> make_state_folder(const std::string& path) {
    if (auto checked = check_state_folder(path); !checked) return checked;
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_failure(errno, "mkdir", path);
    }
    return {};
}

}  // namespace cron::daemon
