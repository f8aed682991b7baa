#include "control/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

namespace cron::control {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;

int milliseconds_until(Deadline deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - Deadline::clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

}  // namespace

Channel::Ending Channel::wait(short events, Deadline deadline) const {
    for (;;) {
        pollfd wanted{socket_.get(), events, 0};
        const int left = milliseconds_until(deadline);
        const int ready = ::poll(&wanted, 1, left);
        if (ready > 0) return Ending::done;
        if (ready == 0 && left == 0) return Ending::too_late;
        if (ready < 0 && errno != EINTR) return Ending::closed;
    }
}

Channel::Ending Channel::read_line(std::string& line, std::size_t bytes_max, Deadline deadline) {
    for (;;) {
        const std::size_t end = held_.find('\n', searched_);
        if (end != std::string::npos && end < bytes_max) {
            line.assign(held_, 0, end);
            held_.erase(0, end + 1);
            held_.shrink_to_fit();
            searched_ = 0;
            return Ending::done;
        }
        searched_ = std::min(held_.size(), end);
        if (held_.size() >= bytes_max) return Ending::too_long;
        // Also where bytes come without a pause: they must not come for ever.
        if (Deadline::clock::now() >= deadline) return Ending::too_late;
        std::array<char, kReadBytes> bytes;
        const std::size_t room = std::min(bytes.size(), bytes_max - held_.size());
        const ssize_t count = ::recv(socket_.get(), bytes.data(), room, MSG_DONTWAIT);
        if (count > 0) {
            held_.append(bytes.data(), static_cast<std::size_t>(count));
        } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            return Ending::closed;
        } else if (const Ending ending = wait(POLLIN, deadline); ending != Ending::done) {
            return ending;
        }
    }
}

Channel::Ending Channel::write(std::string_view text, Deadline deadline) {
    while (!text.empty()) {
        const ssize_t count =
            ::send(socket_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EAGAIN && errno != EINTR) {
            return Ending::closed;
        } else if (const Ending ending = wait(POLLOUT, deadline); ending != Ending::done) {
            return ending;
        }
    }
    return Ending::done;
}

bool Channel::has_gone() const {
    pollfd wanted{socket_.get(), 0, 0};
    return ::poll(&wanted, 1, 0) > 0 && (wanted.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

}  // namespace cron::control
