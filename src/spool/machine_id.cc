#include "spool/machine_id.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <string_view>

#include "base/unique_fd.h"

namespace cron::spool {

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

std::string read_machine_id(const std::string& path) {
    if (Result<std::string> id = read_word(path)) return *id;
    std::array<char, HOST_NAME_MAX + 1> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return {};
    return name.data();
}

}  // namespace cron::spool
