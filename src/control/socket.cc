#include "control/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"

// Younger than the headers of Debian 12; 83 where options have the numbers of asm-generic/socket.h.
#if !defined(SO_PASSRIGHTS) && defined(SO_NETNS_COOKIE) && SO_NETNS_COOKIE == 71
#define SO_PASSRIGHTS 83
#endif

namespace cron::control {
namespace {

using std::chrono::microseconds;

constexpr int kBacklog = 128;
constexpr mode_t kMode = 0666;                   // who may connect is not who may do something
constexpr std::string_view kNewEnding = ".new";  // of the name that it is made under
constexpr microseconds kShortestWait{1000};      // 0 would be without end

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path - kNewEnding.size()) {
        return failure(ErrorCode::invalid,
                       fmt::format("the path of a socket has 1 to {} bytes, and this has {}: {}",
                                   sizeof address.sun_path - kNewEnding.size() - 1, path.size(),
                                   printable(path)));
    }
    path.copy(address.sun_path, path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

UniqueFd make_socket(int flags) {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

// That the place is free, or that of a socket without a listener.
Result<void> check_place(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return system_failure(errno, "lstat", path);
    }
    if (!S_ISSOCK(status.st_mode)) {
        return failure(ErrorCode::busy, fmt::format("{} is there and is no socket", path));
    }
    const UniqueFd probe = make_socket(SOCK_NONBLOCK);
    if (!probe) return system_failure(errno, "socket", "");
    if (::connect(probe.get(), generic(address), sizeof address) != 0 &&
        (errno == ECONNREFUSED || errno == ENOENT)) {
        return {};
    }
    return failure(ErrorCode::busy, fmt::format("somebody listens on {} already", path));
}

// Where the kernel can (Linux 6.16), it passes no descriptors to us.
void refuse_descriptors([[maybe_unused]] int socket) {
#ifdef SO_PASSRIGHTS
    const int no = 0;
    ::setsockopt(socket, SOL_SOCKET, SO_PASSRIGHTS, &no, sizeof no);
#endif
}

}  // namespace

Result<Peer> peer_of(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return system_failure(errno, "getsockopt", "SO_PEERCRED");
    }
    return Peer{peer.uid, peer.pid};
}

// Made under another name, so that nobody meets it half made, nor meets none while an old one is
// replaced.
Result<Listener> Listener::open(const std::string& path) {
    const Result<sockaddr_un> place = address_of(path);
    if (!place) return tl::unexpected(place.error());
    if (auto free = check_place(path, *place); !free) return tl::unexpected(free.error());
    const std::string made = path + std::string(kNewEnding);
    sockaddr_un address = *place;
    made.copy(address.sun_path, made.size());
    UniqueFd fd = make_socket(SOCK_NONBLOCK);
    if (!fd) return system_failure(errno, "socket", "");
    refuse_descriptors(fd.get());
    // The umask only takes away from the mode that the socket has when it is bound.
    if (::fchmod(fd.get(), kMode) != 0) return system_failure(errno, "fchmod", path);
    struct stat status {};
    // What a crash has left half made; a file of another kind is somebody's.
    if (::lstat(made.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(made.c_str());
    if (::bind(fd.get(), generic(address), sizeof address) != 0) {
        return system_failure(errno, "bind", made);
    }
    const auto fail = [&](const char* call) {
        const int error = errno;
        ::unlink(made.c_str());
        return system_failure(error, call, made);
    };
    if (::chmod(made.c_str(), kMode) != 0) return fail("chmod");
    if (::lstat(made.c_str(), &status) != 0) return fail("lstat");
    if (::listen(fd.get(), kBacklog) != 0) return fail("listen");
    if (::rename(made.c_str(), path.c_str()) != 0) return fail("rename");
    return Listener(std::move(fd), path, status.st_dev, status.st_ino);
}

Result<Listener> Listener::take_over(UniqueFd fd, const std::string& path) {
    const Result<sockaddr_un> address = address_of(path);
    if (!address) return tl::unexpected(address.error());
    int is_listening = 0;
    socklen_t size = sizeof is_listening;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0) {
        return system_failure(errno, "getsockopt", "SO_ACCEPTCONN");
    }
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return system_failure(errno, "lstat", path);
    // Who listens there is told to those who connect, and only to them.
    const UniqueFd probe = make_socket(SOCK_NONBLOCK);
    if (!probe) return system_failure(errno, "socket", "");
    const int connected = ::connect(probe.get(), generic(*address), sizeof *address);
    // No room: many wait, be it for us or not.
    const bool is_full = connected != 0 && errno == EAGAIN;
    const Result<Peer> server = connected == 0 ? peer_of(probe.get()) : Peer{0, ::getpid()};
    const bool is_ours = (connected == 0 || is_full) && server && server->pid == ::getpid();
    if (is_listening == 0 || !is_ours) {
        return failure(ErrorCode::not_found, "nobody finds it at " + printable(path));
    }
    if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) return system_failure(errno, "fcntl", path);
    return Listener(std::move(fd), path, status.st_dev, status.st_ino);
}

void Listener::remove() {
    if (!fd_) return;
    struct stat status {};
    const bool is_ours =
        ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
    if (is_ours) ::unlink(path_.c_str());
}

Result<UniqueFd> connect_to(const std::string& path, Deadline deadline) {
    const Result<sockaddr_un> address = address_of(path);
    if (!address) return tl::unexpected(address.error());
    UniqueFd fd = make_socket(0);
    if (!fd) return system_failure(errno, "socket", "");
    int error = 0;
    do {
        const auto left =
            std::max(kShortestWait,
                     std::chrono::duration_cast<microseconds>(deadline - Deadline::clock::now()));
        timeval wait{};
        wait.tv_sec = left.count() / 1'000'000;
        wait.tv_usec = left.count() % 1'000'000;
        ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        error = ::connect(fd.get(), generic(*address), sizeof *address) == 0 ? 0 : errno;
    } while (error == EINTR);
    if (error == ENOENT || error == ECONNREFUSED) {
        return failure(ErrorCode::not_found,
                       fmt::format("no crond listens on {}", printable(path)));
    }
    if (error == EAGAIN) {
        return failure(ErrorCode::limit,
                       fmt::format("crond has no room for us on {}", printable(path)));
    }
    if (error != 0) return system_failure(error, "connect", printable(path));
    if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) return system_failure(errno, "fcntl", path);
    return fd;
}

}  // namespace cron::control
