#include "ctl/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace cron::ctl {

void Output::flush() {
    if (!is_open() || buffer_.empty()) return;
    if (auto written = write_(buffer_); !written) failure_ = std::move(written.error());
    buffer_.clear();
}

bool Output::has_no_reader() const { return failure_ && failure_->system_errno == EPIPE; }

Output::Write to_descriptor(int fd, std::string name) {
    return [fd, name = std::move(name)](std::string_view text) -> Result<void> {
        while (!text.empty()) {
            const ssize_t count = ::write(fd, text.data(), text.size());
            if (count >= 0) {
                text.remove_prefix(static_cast<std::size_t>(count));
            } else if (errno == EAGAIN) {
                // Somebody made it non-blocking.
                pollfd wanted{fd, POLLOUT, 0};
                ::poll(&wanted, 1, -1);
            } else if (errno != EINTR) {
                return system_failure(errno, "write to", name);
            }
        }
        return {};
    };
}

}  // namespace cron::ctl
