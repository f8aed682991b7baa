#include "daemon/transport.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include <fmt/format.h>

#include "base/unique_fd.h"

namespace cron::daemon {
namespace {

constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;

class Syslog : public Transport {
  public:
    explicit Syslog(std::string path) : path_(std::move(path)) {}

    int fd() const override { return fd_.get(); }

    Result<std::size_t> send(std::string_view bytes) override {
        // A reader that was started anew refuses the old connection: try once more with a new one.
        for (const bool is_last : {false, true}) {
            if (!fd_ && !connect()) return 0;
            if (::send(fd_.get(), bytes.data(), bytes.size(), kSendFlags) >= 0) return bytes.size();
            if (errno == EAGAIN) return 0;
            if (errno == EMSGSIZE) return system_failure(errno, "send", path_);
            fd_.reset();
            if (is_last) break;
        }
        return 0;
    }

  private:
    bool connect() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path_.size() >= sizeof address.sun_path) return false;
        std::memcpy(address.sun_path, path_.data(), path_.size());
        UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fd) return false;
        if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            return false;
        }
        fd_ = std::move(fd);
        return true;
    }

    std::string path_;
    UniqueFd fd_;
};

// O_NONBLOCK belongs to the open file, which a terminal or a pipe shares with other processes: they
// are opened once more for a flag of our own. Another user's pipe cannot be: from a pipe of our own
// the kernel moves into it what there is room for. A file needs none of it: it takes what it gets.
class Stream : public Transport {
  public:
    explicit Stream(int fd) : shared_(fd) {
        struct stat file {};
        if (::fstat(fd, &file) != 0) return;
        is_socket_ = S_ISSOCK(file.st_mode);
        is_file_ = S_ISREG(file.st_mode);
        const bool is_pipe = S_ISFIFO(file.st_mode);
        if (!is_pipe && ::isatty(fd) == 0) return;
        own_.reset(::open(fmt::format("/proc/self/fd/{}", fd).c_str(),
                          O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        if (is_pipe && !own_) make_relay();
    }

    int fd() const override { return own_ ? own_.get() : shared_; }

    Result<std::size_t> send(std::string_view bytes) override {
        const ssize_t count = try_send(bytes);
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno == EAGAIN || errno == EINTR) return 0;
        const int error = errno;
        if (relay_in_) make_relay();  // nothing of what failed may follow
        return system_failure(error, "write", "");
    }

  private:
    void make_relay() {
        int ends[2] = {-1, -1};
        relayed_bytes_ = 0;
        relay_out_.reset();
        relay_in_.reset();
        if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
        relay_out_.reset(ends[0]);
        relay_in_.reset(ends[1]);
    }

    ssize_t try_send(std::string_view bytes) {
        if (is_socket_) return ::send(shared_, bytes.data(), bytes.size(), kSendFlags);
        if (own_ || is_file_) return ::write(fd(), bytes.data(), bytes.size());
        if (relay_in_) return send_by_relay(bytes);
        // Another user's terminal, or a device. One that is ready takes so many bytes at once.
        pollfd room{shared_, POLLOUT, 0};
        if (::poll(&room, 1, 0) == 0) return 0;
        return ::write(shared_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    }

    ssize_t send_by_relay(std::string_view bytes) {
        if (relayed_bytes_ == 0) {
            const ssize_t count = ::write(relay_in_.get(), bytes.data(), bytes.size());
            if (count < 0) return count;
            relayed_bytes_ = static_cast<std::size_t>(count);
        }
        const ssize_t count = ::splice(relay_out_.get(), nullptr, shared_, nullptr, relayed_bytes_,
                                       SPLICE_F_NONBLOCK);
        if (count > 0) relayed_bytes_ -= static_cast<std::size_t>(count);
        return count;
    }

    int shared_;
    UniqueFd own_;
    bool is_socket_ = false;
    bool is_file_ = false;
    UniqueFd relay_in_;
    UniqueFd relay_out_;
    std::size_t relayed_bytes_ = 0;  // the first of what send() was given the last time
};

}  // namespace

std::unique_ptr<Transport> open_syslog(std::string path) {
    return std::make_unique<Syslog>(std::move(path));
}

std::unique_ptr<Transport> open_stream(int fd) { return std::make_unique<Stream>(fd); }

bool is_same_stream(int a, int b) {
    if (a == b) return true;
    struct stat one {};
    struct stat other {};
    if (::fstat(a, &one) != 0 || ::fstat(b, &other) != 0 || S_ISREG(one.st_mode)) return false;
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace cron::daemon
