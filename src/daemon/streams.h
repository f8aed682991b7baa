// The output of jobs on our own stdout and stderr, line by line as it comes, each with the job's
// name before it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"
#include "daemon/event_loop.h"
#include "daemon/outbox.h"
#include "process/lines.h"

namespace cron::daemon {

class Streams {
  public:
    explicit Streams(EventLoop& loop);

    struct Opened {
        UniqueFd write_end;
        std::uint64_t id = 0;
    };
    // A pipe whose lines go to stdout, or to stderr, behind `prefix`. It is read until every writer
    // is gone, be it after the end of the job. While nobody reads our own output, neither is the
    // job's: it waits as it would for any reader, and we do not.
    Result<Opened> open(std::string prefix, bool is_error, bool is_asked_for = false);
    // Whether anything was written so far, where that is asked for. To be asked once.
    bool take_wrote(std::uint64_t id);

    // Writes what has come so far, and waits a little for whoever reads it. Nothing is read
    // afterwards.
    void finish();

  private:
    struct Stream {
        std::string prefix;
        bool is_error = false;
        bool is_asked_for = false;
        bool has_read = false;
        process::LineReader reader;
        EventLoop::Watch watch;  // none while there is no room
    };

    Outbox& outbox_of(const Stream& stream) { return stream.is_error ? stderr_ : stdout_; }
    Result<void> watch(std::uint64_t id, Stream& stream);
    void read(std::uint64_t id);
    void resume();
    void print(const Stream& stream, std::string_view line);

    EventLoop& loop_;
    Outbox stdout_;
    Outbox stderr_;
    std::map<std::uint64_t, Stream> streams_;
    std::set<std::uint64_t> ended_with_output_;  // and nobody has asked yet
    std::uint64_t last_id_ = 0;
};

}  // namespace cron::daemon
