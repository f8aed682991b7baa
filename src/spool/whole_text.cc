#include "spool/whole_text.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "crontab/table.h"

namespace cron::spool {

Result<void> write_all(int fd, std::string_view text, std::string_view object) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EAGAIN) {
            // Somebody made it non-blocking.
            pollfd wanted{fd, POLLOUT, 0};
            ::poll(&wanted, 1, -1);
        } else if (errno != EINTR) {
            return system_failure(errno, "write to", object);
        }
    }
    return {};
}

Result<std::string> read_all(int fd, std::string_view object) {
    std::string text;
    std::array<char, 65'536> bytes;
    while (text.size() <= crontab::kTableBytesMax) {
        const ssize_t count = ::read(fd, bytes.data(), bytes.size());
        if (count == 0) break;
        if (count > 0) {
            text.append(bytes.data(), static_cast<std::size_t>(count));
        } else if (errno == EAGAIN) {
            pollfd wanted{fd, POLLIN, 0};
            ::poll(&wanted, 1, -1);
        } else if (errno != EINTR) {
            return system_failure(errno, "read", object);
        }
    }
    return text;
}

}  // namespace cron::spool
