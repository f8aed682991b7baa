// The socket of the daemon as a file: made, found, and who is at its other end.
// Source: unix(7).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace cron::control {

using Deadline = std::chrono::steady_clock::time_point;

// Who is at the other end, as the kernel knows it: whoever connected, or whoever listens.
struct Peer {
    uid_t uid = static_cast<uid_t>(-1);
    pid_t pid = 0;  // 0 where it is in another pid namespace
};
Result<Peer> peer_of(int socket);

// A socket on which everybody may connect. Its file goes with it, if it is still there.
class Listener {
  public:
    // Takes the place of a socket on which nobody listens any more; never of one on which somebody
    // does, nor of a file of another kind: an error of code busy. It appears at once, open to all.
    static Result<Listener> open(const std::string& path);
    // The one that the program before us in this process had at `path`, with all who wait for an
    // answer. An error: it is none, or nobody finds it there any more.
    static Result<Listener> take_over(UniqueFd fd, const std::string& path);

    Listener(Listener&&) noexcept = default;
    Listener& operator=(Listener&&) noexcept = delete;
    ~Listener() { remove(); }

    int fd() const { return fd_.get(); }
    // Nobody finds it any more.
    void remove();

  private:
    Listener(UniqueFd fd, std::string path, dev_t device, ino_t inode)
        : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

    UniqueFd fd_;
    std::string path_;
    dev_t device_;
    ino_t inode_;
};

// Connected to whoever listens at `path`, without waiting from then on. not_found: nobody does.
// limit: there was no room until `deadline`.
Result<UniqueFd> connect_to(const std::string& path, Deadline deadline);

}  // namespace cron::control
