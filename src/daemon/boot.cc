#include "daemon/boot.h"

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <string_view>

#include "base/unique_fd.h"

namespace cron::daemon {
namespace {

constexpr std::size_t kIdBytesMax = 128;

// What stands before the first white space of a file.
Result<std::string> read_word(const std::string& path) {
    // A FIFO in its place must not hang the start.
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) return system_failure(errno, "open", path);
    std::array<char, kIdBytesMax> bytes;
    const ssize_t count = ::read(fd.get(), bytes.data(), bytes.size());
    if (count < 0) return system_failure(errno, "read", path);
    const std::string_view text(bytes.data(), static_cast<std::size_t>(count));
    const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n"));
    if (word.empty()) return failure(ErrorCode::invalid, path + " is empty");
    return std::string(word);
}

}  // namespace

std::string read_machine_id(const std::string& path) {
    if (Result<std::string> id = read_word(path)) return *id;
    std::array<char, HOST_NAME_MAX + 1> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return {};
    return name.data();
}

Result<std::string> read_boot_id(const std::string& path) { return read_word(path); }

Result<bool> claim_reboot(const std::string& path) {
    const UniqueFd fd(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0));
    if (fd) return true;
    if (errno == EEXIST) return false;
    return system_failure(errno, "create", path);
}

}  // namespace cron::daemon
