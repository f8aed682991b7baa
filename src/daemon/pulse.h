// Whether a crond that runs tables of its own still turns its loop: it answers on a socket, and
// `crond --alive` asks there, for the probes of containers. Nothing wakes up to be asked.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/unique_fd.h"

namespace cron::daemon {

// The name of the socket: an abstract one, so that it needs no folder that can be written, made of
// the pid namespace, which a container has for itself.
Result<std::string> pulse_name();

// The daemon's end.
class Pulse {
  public:
    // Code busy: another crond is asked there.
    static Result<Pulse> open(const std::string& name);

    int fd() const { return listener_.get(); }  // readable when somebody asks
    void answer();                              // of the loop's thread; never waits

  private:
    explicit Pulse(UniqueFd listener) : listener_(std::move(listener)) {}

    UniqueFd listener_;
};

// Ok when the crond that is asked at `name` has answered within `patience`. Code not_found: there
// is none.
Result<void> feel_pulse(const std::string& name, std::chrono::milliseconds patience);

}  // namespace cron::daemon
