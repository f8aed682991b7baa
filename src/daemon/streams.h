// The output of jobs, and what is said of them, on our own stdout and stderr: line by line as it
// comes, in the words of a format, and never waited for long.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "daemon/event_loop.h"
#include "daemon/log.h"
#include "daemon/outlet.h"
#include "daemon/output_facts.h"
#include "daemon/run_format.h"
#include "process/lines.h"

namespace cron::daemon {

inline constexpr std::size_t kGapsMax = 1'000;  // of runs that are over, to be told in the stream

class Streams {
  public:
    // Descriptors of ours, and how long jobs wait for whoever reads them.
    struct Ends {
        int output = STDOUT_FILENO;
        int error = STDERR_FILENO;
        microseconds patience = kReaderPatience;
    };
    // What the log writes on one of the two goes the same way, so that no line comes within
    // another; and so it does where both are one pipe, socket or terminal.
    static Result<std::unique_ptr<Streams>> create(EventLoop& loop, Log& log, const Ends& ends);
    Streams(const Streams&) = delete;
    Streams& operator=(const Streams&) = delete;
    ~Streams();

    struct Opened {
        UniqueFd write_end;
        std::uint64_t id = 0;
    };
    // A pipe for the output that `name` describes. It is read until every writer is gone, be it
    // after the end of the job. `is_counted`: take_count() is called for it.
    Result<Opened> open(SourceLines lines, OutputName name, bool is_counted);

    struct Count {
        std::uint64_t bytes = 0;
        std::uint64_t dropped_bytes = 0;  // of them
    };
    // What was written so far, which is told before this returns where there is room for it. Once.
    Count take_count(std::uint64_t id);
    // At once, or when there is room.
    void say(Told told);

    // Writes what has come so far, and waits a little for whoever reads it. Nothing is read
    // afterwards.
    void finish();

  private:
    struct Pipe {
        Pipe(OutputName its_name, Outlet& its_outlet, std::unique_ptr<LineWriter> its_writer,
             UniqueFd read_end)
            : name(std::move(its_name)),
              outlet(&its_outlet),
              writer(std::move(its_writer)),
              reader(std::move(read_end)) {}

        bool is_over() const { return has_ended && !has_lines; }
        void drop(const process::OutputLine& line);

        OutputName name;
        Outlet* outlet;
        std::unique_ptr<LineWriter> writer;
        process::LineReader reader;
        bool is_counted = false;
        bool has_ended = false;  // every writer is gone
        bool has_lines = false;  // that wait for room
        std::uint64_t dropped_bytes = 0;
        Gap gap{};               // not told yet
        EventLoop::Watch watch;  // none while there is no room
    };
    using Pipes = std::map<std::uint64_t, Pipe>;

    Streams(EventLoop& loop, Log& log, const Ends& ends, UniqueFd timer);
    Outlet& open_outlet(int fd, microseconds patience);
    Outlet& outlet_of(Stream stream) { return stream == Stream::output ? *output_ : *error_; }
    Result<void> watch(std::uint64_t id, Pipe& pipe);
    void on_readable(std::uint64_t id);
    void read(Pipe& pipe);
    void read_waiting(Pipe& pipe);
    void forward(Pipe& pipe);
    void close(Pipes::iterator pipe);
    void look(Outlet& outlet);
    void tell_gap(Pipe& pipe, std::string& text, Instant now);
    void resume();
    void arm();
    void on_timer();
    void tell_unread();
    void write(const Record& record);

    EventLoop& loop_;
    Log& log_;
    std::vector<std::unique_ptr<Outbox>> own_outboxes_;
    std::vector<std::unique_ptr<Outlet>> outlets_;
    Outlet* output_ = nullptr;
    Outlet* error_ = nullptr;
    Pipes pipes_;
    std::map<std::uint64_t, Count> ended_;  // with output, and not asked for yet
    std::vector<Pipe> past_gaps_;           // of pipes that have ended
    std::uint64_t last_id_ = 0;
    bool is_resuming_ = false;  // at the timer
    UniqueFd timer_;
    EventLoop::Watch timer_watch_;
};

}  // namespace cron::daemon
