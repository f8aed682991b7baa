// Where lines of the log go: the socket of syslog, or a stream such as stderr. Neither ever waits.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cron::daemon {

class Transport {
  public:
    virtual ~Transport() = default;

    // Sends of `bytes`, which are not empty, as many as can be sent now, and returns how many: 0
    // when it must be tried again later. Unless it fails, the next call begins with what was not
    // sent. An error means that what waits is not worth keeping.
    virtual Result<std::size_t> send(std::string_view bytes) = 0;

    // To be watched for room after send() has returned 0; -1 where there is nothing to watch.
    virtual int fd() const = 0;
};

// Datagrams to the socket at `path`. Connects when there is something to send, and anew when the
// reader was started anew; while there is no reader, nothing is sent.
std::unique_ptr<Transport> open_syslog(std::string path);

// An open descriptor that others may use as well (a terminal, a pipe, the journal's socket, a
// file): its flags stay as they are. SIGPIPE must be ignored.
std::unique_ptr<Transport> open_stream(int fd);

// Whether both descriptors are of one pipe, socket or terminal, where lines that are written in
// parts could come within each other. Files are not looked at: they take a line at once.
bool is_same_stream(int a, int b);

}  // namespace cron::daemon
