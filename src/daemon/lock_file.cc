#include "daemon/lock_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <fstream>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::daemon {
namespace {

constexpr int kAttemptsMax = 10;
constexpr int kDeadWaitMs = 500;
constexpr int kProcLocksLinesMax = 100'000;

// The whole file, for writing.
struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

// 0, or the errno of the kind of lock that was refused.
int lock_both_ways(int fd) {
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return errno;
    struct flock lock = whole_file();
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return 0;
    const int error = errno == EACCES ? EAGAIN : errno;
    // Nobody else is to be kept out, and /proc/locks is not to show us.
    ::flock(fd, LOCK_UN);
    return error;
}

std::string first_bytes(int fd) {
    std::array<char, 32 + HOST_NAME_MAX> bytes;
    const ssize_t count = ::pread(fd, bytes.data(), bytes.size(), 0);
    return count > 0 ? std::string(bytes.data(), static_cast<std::size_t>(count)) : std::string();
}

std::optional<int> to_pid(std::string_view text) {
    const std::optional<std::uint64_t> pid = parse_decimal(text);
    if (!pid || *pid == 0 || *pid > 0x7fff'ffff) return std::nullopt;
    return static_cast<int>(*pid);
}

// The pid that the file begins with.
std::optional<int> named_pid(int fd) {
    const std::string text = first_bytes(fd);
    return to_pid(text.substr(0, text.find_first_not_of("0123456789")));
}

// The host that it names behind the pid; empty: none.
std::string named_host(int fd) {
    const std::string text = first_bytes(fd);
    const std::size_t blank = text.find_first_not_of("0123456789");
    if (blank == 0 || blank == std::string::npos || text[blank] != ' ') return {};
    return printable(text.substr(blank + 1, text.find('\n', blank) - blank - 1));
}

bool lives(int pid) { return ::access(fmt::format("/proc/{}", pid).c_str(), F_OK) == 0; }

// The name of a process; empty when it cannot be read.
std::string name_of(int pid) {
    std::ifstream file(fmt::format("/proc/{}/comm", pid));
    std::string name;
    std::getline(file, name);
    return printable(name);
}

// Who took a flock on the file, by /proc/locks. Its lines:
// "1: FLOCK  ADVISORY  WRITE 708 fe:01:131 0 EOF" (pid, then device and inode)
std::optional<int> flock_holder(const struct stat& file) {
    const std::string inode =
        fmt::format("{:02x}:{:02x}:{}", ::major(file.st_dev), ::minor(file.st_dev), file.st_ino);
    std::ifstream locks("/proc/locks");
    std::string number, kind, strength, mode, pid, where, rest;
    for (int line = 0; line < kProcLocksLinesMax; ++line) {
        if (!(locks >> number >> kind)) break;
        if (kind == "->") {  // somebody who waits for the lock above
            std::getline(locks, rest);
            continue;
        }
        locks >> strength >> mode >> pid >> where;
        std::getline(locks, rest);
        if (kind == "FLOCK" && where == inode) return to_pid(pid);
    }
    return std::nullopt;
}

// The process that keeps us out: the one that the file names while it lives, or the one that the
// kernel names. The kernel has none for an open-file-description lock.
std::optional<int> holder(int fd, const struct stat& file) {
    const std::optional<int> named = named_pid(fd);
    if (named && lives(*named)) return named;
    struct flock lock = whole_file();
    if (::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0) {
        return lock.l_pid;
    }
    if (const std::optional<int> pid = flock_holder(file); pid && lives(*pid)) return pid;
    return named;
}

tl::unexpected<Error> busy(const std::string& path, int fd, const struct stat& file) {
    // No process of ours has to do with what another container or machine holds.
    if (const std::string host = named_host(fd); !host.empty() && host != host_name()) {
        return failure(ErrorCode::busy, fmt::format("{} is locked by process {} on {}", path,
                                                    named_pid(fd).value_or(0), host));
    }
    const std::optional<int> pid = holder(fd, file);
    if (!pid) return failure(ErrorCode::busy, path + " is locked by another process");
    // Our own number is another's in its pid namespace: containers that share a spool.
    if (*pid == ::getpid()) {
        return failure(ErrorCode::busy,
                       fmt::format("{} is locked by process {} of another container", path, *pid));
    }
    const std::string name = name_of(*pid);
    return failure(ErrorCode::busy, fmt::format("{} is locked by process {}{}", path, *pid,
                                                name.empty() ? "" : " (" + name + ")"));
}

// 0, or the errno of a lock that was refused. A child of a daemon that was killed shares its lock
// until it executes its program, an instant later: the lock of a process that is gone is waited
// for.
int lock_or_outlast(int fd) {
    int error = lock_both_ways(fd);
    for (int waited = 0; error == EAGAIN && waited < kDeadWaitMs; ++waited) {
        const std::optional<int> named = named_pid(fd);
        if (!named || lives(*named)) break;
        ::poll(nullptr, 0, 1);
        error = lock_both_ways(fd);
    }
    return error;
}

// Whether `path` still names the file that was locked: somebody may have removed or replaced it
// between our open and our lock.
bool still_names(const std::string& path, const struct stat& locked) {
    struct stat named {};
    return ::lstat(path.c_str(), &named) == 0 && named.st_dev == locked.st_dev &&
           named.st_ino == locked.st_ino;
}

}  // namespace

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

Result<LockFile> LockFile::acquire(const std::string& path) {
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        constexpr int kFlags = O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
        UniqueFd fd(::open(path.c_str(), kFlags, 0600));
        if (!fd) return system_failure(errno, "open", path);
        struct stat file {};
        if (::fstat(fd.get(), &file) != 0) return system_failure(errno, "fstat", path);
        if (!S_ISREG(file.st_mode)) {
            return failure(ErrorCode::invalid, path + " is not a regular file");
        }
        const int error = lock_or_outlast(fd.get());
        if (error == EAGAIN) return busy(path, fd.get(), file);
        if (error != 0) return system_failure(error, "lock", path);
        if (!still_names(path, file)) continue;
        // Whoever may open a file, be it to read, may lock it: so nobody else may.
        if ((file.st_mode & 077) != 0 && ::fchmod(fd.get(), 0600) != 0) {
            return system_failure(errno, "fchmod", path);
        }
        return LockFile(std::move(fd), path);
    }
    return failure(ErrorCode::busy, path + " is being replaced again and again");
}

Result<LockFile> LockFile::take_over(UniqueFd fd, const std::string& path) {
    struct stat file {};
    if (::fstat(fd.get(), &file) != 0) return system_failure(errno, "fstat", path);
    if (!still_names(path, file)) return failure(ErrorCode::invalid, path + " is another file");
    // It is ours already; or was lost, and then nobody else may have it.
    if (const int error = lock_both_ways(fd.get()); error != 0) {
        return system_failure(error, "lock", path);
    }
    return LockFile(std::move(fd), path);
}

// The new content first, then the end of the old: no reader finds an empty file.
Result<void> LockFile::write_pid(std::string_view host) {
    const std::string text =
        fmt::format("{}{}{}\n", ::getpid(), host.empty() ? "" : " ", printable(host));
    has_pid_ = true;
    const ssize_t written = ::pwrite(fd_.get(), text.data(), text.size(), 0);
    if (written < 0) return system_failure(errno, "write", path_);
    if (static_cast<std::size_t>(written) != text.size()) {
        return system_failure(ENOSPC, "write", path_);
    }
    if (::ftruncate(fd_.get(), static_cast<off_t>(text.size())) != 0) {
        return system_failure(errno, "ftruncate", path_);
    }
    return {};
}

LockFile::~LockFile() {
    // Nobody should take a pid for ours that is given again. Failure changes nothing.
    if (fd_ && has_pid_ && ::ftruncate(fd_.get(), 0) != 0) return;
}

}  // namespace cron::daemon
