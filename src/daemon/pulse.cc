#include "daemon/pulse.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace cron::daemon {
namespace {

constexpr const char* kNamespace = "/proc/self/ns/pid";
constexpr int kAskersMax = 16;  // that wait, and that are answered in one turn
constexpr int kPauseMs = 50;
constexpr char kAnswer = '\n';

struct Address {
    sockaddr_un value{};
    socklen_t size = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&value); }
};

// The path begins with a byte of value 0, which makes the name abstract.
Address address_of(const std::string& name) {
    Address address;
    address.value.sun_family = AF_UNIX;
    CRON_CHECK(name.size() < sizeof address.value.sun_path);
    std::memcpy(address.value.sun_path + 1, name.data(), name.size());
    address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    return address;
}

UniqueFd new_socket() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

}  // namespace

Result<std::string> pulse_name() {
    std::array<char, 64> space{};  // "pid:[4026531836]"
    const ssize_t length = ::readlink(kNamespace, space.data(), space.size());
    if (length < 0) return system_failure(errno, "readlink", kNamespace);
    return "crond-alive-" + std::string(space.data(), static_cast<std::size_t>(length));
}

Result<Pulse> Pulse::open(const std::string& name) {
    const Address address = address_of(name);
    UniqueFd listener = new_socket();
    if (!listener) return system_failure(errno, "socket", "--alive");
    if (::bind(listener.get(), address.get(), address.size) != 0) {
        if (errno != EADDRINUSE) return system_failure(errno, "bind", "--alive");
        return failure(ErrorCode::busy, "another crond answers to --alive here");
    }
    if (::listen(listener.get(), kAskersMax) != 0) {
        return system_failure(errno, "listen", "--alive");
    }
    return Pulse(std::move(listener));
}

void Pulse::answer() {
    for (int i = 0; i < kAskersMax; ++i) {
        const UniqueFd asker(
            ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!asker) return;
        // One who has gone has no need of it.
        static_cast<void>(::send(asker.get(), &kAnswer, 1, MSG_NOSIGNAL));
    }
}

Result<void> feel_pulse(const std::string& name, std::chrono::milliseconds patience) {
    const Address address = address_of(name);
    const UniqueFd socket = new_socket();
    if (!socket) return system_failure(errno, "socket", "--alive");
    const auto end = std::chrono::steady_clock::now() + patience;
    const auto left = [&] {
        const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        return std::max(0, static_cast<int>(time.count()));
    };
    while (::connect(socket.get(), address.get(), address.size) != 0) {
        if (errno == ECONNREFUSED) {
            return failure(ErrorCode::not_found,
                           "no crond with tables as arguments, or none that has read them, runs "
                           "in this pid namespace");
        }
        // EAGAIN: nobody has answered those before us, and nothing tells when there is room.
        if (errno != EAGAIN) return system_failure(errno, "connect", "--alive");
        if (left() == 0) break;
        ::poll(nullptr, 0, std::min(kPauseMs, left()));
    }
    pollfd answer{socket.get(), POLLIN, 0};
    char byte = 0;
    if (::poll(&answer, 1, left()) != 1 || ::recv(socket.get(), &byte, 1, 0) != 1) {
        return failure(
            ErrorCode::busy,
            fmt::format("crond has not answered within {} s",
                        std::chrono::duration_cast<std::chrono::seconds>(patience).count()));
    }
    return {};
}

}  // namespace cron::daemon
