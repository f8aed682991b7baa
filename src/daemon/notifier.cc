#include "daemon/notifier.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unique_fd.h"

namespace cron::daemon {
namespace {

constexpr seconds kReadyPause{1};
constexpr microseconds kBeatMin{10'000};  // whatever is asked for: the loop has other work
constexpr std::uint64_t kWatchdogMax = 366ULL * 24 * 3600 * 1'000'000;  // longer is as good as none

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

// Half of the time after which systemd gives us up; 0 where there is no watchdog, or it is not
// for us.
microseconds beat_every(const Notifier::Address& address, pid_t own) {
    const auto usec = parse_decimal(address.watchdog_usec);
    if (!usec || *usec > kWatchdogMax) return microseconds{0};
    if (!address.watchdog_pid.empty() && address.watchdog_pid != std::to_string(own)) {
        return microseconds{0};
    }
    if (*usec == 0) return microseconds{0};
    return std::max(microseconds{static_cast<std::int64_t>(*usec / 2)}, kBeatMin);
}

}  // namespace

Notifier::Address Notifier::address_here() {
    return {variable("NOTIFY_SOCKET"), variable("WATCHDOG_USEC"), variable("WATCHDOG_PID")};
}

Notifier::Notifier(Address address, pid_t own)
    : socket_(std::move(address.notify_socket)),
      beat_every_(socket_.empty() ? microseconds{0} : beat_every(address, own)) {}

void Notifier::ready(Monotonic now) {
    last_beat_ = now;
    const bool is_said = send("READY=1\n" + status_);
    ready_again_at_ = is_said ? std::nullopt : std::optional(now + kReadyPause);
}

void Notifier::reloading(Monotonic now) const {
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.time_since_epoch().count()));
}

void Notifier::stopping() const { send("STOPPING=1"); }

void Notifier::beat(Monotonic now) {
    if (ready_again_at_ && now >= *ready_again_at_) ready(now);
    if (beat_every_ == microseconds{0} || now - last_beat_ < beat_every_ / 2) return;
    // What had no room is said again at half of the time that is left.
    last_beat_ = send("WATCHDOG=1") ? now : now - beat_every_ / 2;
}

std::optional<Monotonic> Notifier::deadline() const {
    if (ready_again_at_) return ready_again_at_;
    if (beat_every_ == microseconds{0}) return std::nullopt;
    return last_beat_ + beat_every_;
}

void Notifier::loaded(std::size_t jobs, std::size_t tables) {
    std::string status = fmt::format("STATUS={} jobs in {} tables", jobs, tables);
    if (status == std::exchange(status_, status)) return;
    send(status_);
}

bool Notifier::send(std::string_view message) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // Of another kind, such as vsock, there is none inside of a machine.
    const bool is_known = socket_.starts_with('/') || socket_.starts_with('@');
    if (!is_known || socket_.size() > sizeof address.sun_path) return true;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_.starts_with('@')) address.sun_path[0] = '\0';
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return false;
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    const ssize_t sent = ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL,
                                  reinterpret_cast<const sockaddr*>(&address), length);
    // Only that is mended by time: a listener that is gone does not come back.
    return sent >= 0 || (errno != EAGAIN && errno != ENOBUFS);
}

}  // namespace cron::daemon
