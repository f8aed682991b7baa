// The signals of the daemon, as a descriptor.
#pragma once

#include <initializer_list>
#include <optional>

#include "base/error.h"
#include "base/unique_fd.h"

namespace cron::daemon {

// HUP and URG (cronie's word for reload), TERM, INT, USR1 and USR2 are blocked and read here. PIPE
// and XFSZ are ignored: a write fails instead. CHLD keeps its default, or the kernel would reap
// children whose end pidfds tell; QUIT keeps its default, for a core dump. Jobs do not inherit any
// of this: crond-job resets it.
class Signals {
  public:
    struct Received {
        int number = 0;
        int sender = 0;  // pid; 0 is the kernel, or another pid namespace
    };

    // Sets the dispositions of the process and the mask of this thread, whatever was inherited. For
    // the final process, before it has threads.
    // `more` are read too: CHLD by a process that inherits the children of others, and QUIT by the
    // first process of a container, whom no signal's default ends, and in images that stop by it.
    static Result<Signals> take(std::initializer_list<int> more = {});

    int fd() const { return fd_.get(); }

    // The next signal that was received; none if there is none. Does not wait.
    Result<std::optional<Received>> next();

  private:
    explicit Signals(UniqueFd fd) : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

}  // namespace cron::daemon
