#include "daemon/upgrade_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::daemon {
namespace {

constexpr const char* kVariable = "CROND_UPGRADE";
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr std::string_view kName = "crond-upgrade";

}  // namespace

Result<UniqueFd> write_handover(const Handover& handover) {
    const std::string text = print(handover);
    if (text.size() > kHandoverBytesMax) return failure(ErrorCode::limit, "it is too much");
    UniqueFd fd(::memfd_create(kName.data(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return system_failure(errno, "memfd_create", kName);
    for (std::size_t written = 0; written < text.size();) {
        const ssize_t count = ::write(fd.get(), text.data() + written, text.size() - written);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return system_failure(count < 0 ? errno : ENOSPC, "write", kName);
        written += static_cast<std::size_t>(count);
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return system_failure(errno, "seal", kName);
    return fd;
}

Result<Handover> read_handover(int fd) {
    // Nothing but a memory file has seals: it is no file of anybody's.
    if (::fcntl(fd, F_GET_SEALS) != kSeals) {
        return failure(ErrorCode::invalid, "it is not what a crond writes");
    }
    struct stat status {};
    if (::fstat(fd, &status) != 0) return system_failure(errno, "fstat", kName);
    if (static_cast<std::size_t>(status.st_size) > kHandoverBytesMax) {
        return failure(ErrorCode::limit, "it is too long");
    }
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    for (std::size_t filled = 0; filled < text.size();) {
        const ssize_t count =
            ::pread(fd, text.data() + filled, text.size() - filled, static_cast<off_t>(filled));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return system_failure(count < 0 ? errno : EIO, "read", kName);
        filled += static_cast<std::size_t>(count);
    }
    return parse_handover(text);
}

std::string handover_variable(int fd) { return fmt::format("{}={}:{}", kVariable, ::getpid(), fd); }

int take_handover_variable() {
    const char* const value = ::getenv(kVariable);
    if (value == nullptr) return -1;
    const std::string text = value;
    ::unsetenv(kVariable);
    const std::size_t colon = std::min(text.find(':'), text.size());
    // In another process it was inherited, and means nothing.
    const auto pid = parse_decimal(std::string_view(text).substr(0, colon));
    if (pid != static_cast<std::uint64_t>(::getpid()) || colon == text.size()) return -1;
    const auto fd = parse_decimal(std::string_view(text).substr(colon + 1));
    return fd && *fd > STDERR_FILENO && *fd < INT32_MAX ? static_cast<int>(*fd) : -1;
}

}  // namespace cron::daemon
