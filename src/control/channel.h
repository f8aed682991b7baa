// Lines to and from the other end of a connection, each within bounds of size and time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "control/socket.h"

namespace cron::control {

class Channel {
  public:
    // A socket that does not wait.
    explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}

    enum class Ending { done, closed, too_long, too_late };

    // Waits until `line` is the next line, without its newline. too_long: its first `bytes_max`
    // bytes have no newline; it can be read on with another bound. Descriptors that the other end
    // passes are closed by the kernel: no call of ours asks for them. That may wait, as closing
    // may, so it is not for a thread that must not.
    Ending read_line(std::string& line, std::size_t bytes_max, Deadline deadline);
    // Waits until all of it is written; what finds room at once is, whatever the deadline.
    Ending write(std::string_view text, Deadline deadline);

    // Whether bytes of a line that is not whole have come.
    bool has_begun() const { return !held_.empty(); }
    // Whether the other end was closed, so that nobody will read an answer.
    bool has_gone() const;
    int fd() const { return socket_.get(); }

  private:
    Ending wait(short events, Deadline deadline) const;

    UniqueFd socket_;
    std::string held_;
    std::size_t searched_ = 0;  // so many bytes of these have no newline
};

}  // namespace cron::control
