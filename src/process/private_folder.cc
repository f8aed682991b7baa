#include "process/private_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace cron::process {

Result<UniqueFd> open_private_folder(const std::string& path) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return system_failure(errno, "mkdir", path);
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return system_failure(errno, "open", path);
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) return system_failure(errno, "fstat", path);
    if (status.st_uid != geteuid()) {
        return failure(ErrorCode::denied, fmt::format("{} belongs to uid {}, not to {}", path,
                                                      status.st_uid, geteuid()));
    }
    if ((status.st_mode & 07777) != 0700 && fchmod(fd.get(), 0700) != 0) {
        return system_failure(errno, "fchmod", path);
    }
    return fd;
}

}  // namespace cron::process
