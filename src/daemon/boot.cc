#include "daemon/boot.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <string_view>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/unique_fd.h"
#include "process/child.h"
#include "spool/machine_id.h"

namespace cron::daemon {

Result<std::string> read_boot_id(const std::string& path) { return spool::read_word(path); }

// The number alone would do no longer than the namespace lives: it is given again. The start of its
// first process is not, but others may not be shown it.
std::uint64_t pid_namespace() {
    struct stat status {};
    if (::stat("/proc/self/ns/pid", &status) != 0) return 0;
    const std::uint64_t first_start = process::process_start(1).value_or(0);
    return stable_hash(fmt::format("{}:{}", status.st_ino, first_start)) | 1U;
}

Result<bool> claim_reboot(const std::string& path, const std::string& boot_id) {
    constexpr int kFlags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    UniqueFd fd(::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0));
    if (!fd && errno != EEXIST) return system_failure(errno, "create", path);
    if (!fd) {
        // Its mode is 0: who may not read it learns no more than that it is there.
        fd.reset(::open(path.c_str(), kFlags));
        if (!fd) return false;
        std::array<char, spool::kIdBytesMax> bytes;
        const ssize_t count = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
        if (count < 0) return system_failure(errno, "read", path);
        const std::string_view named(bytes.data(), static_cast<std::size_t>(count));
        if (named.empty() || named == boot_id) return false;
        if (::ftruncate(fd.get(), 0) != 0) return system_failure(errno, "ftruncate", path);
    }
    const ssize_t written = ::pwrite(fd.get(), boot_id.data(), boot_id.size(), 0);
    if (written < 0) return system_failure(errno, "write", path);
    return true;
}

}  // namespace cron::daemon
