// The runs that have a process: started, watched and collected, with their output.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "daemon/accounts.h"
#include "daemon/event_loop.h"
#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/outbox.h"
#include "engine/effect.h"
#include "engine/event.h"
#include "process/environment.h"
#include "process/launch.h"
#include "process/lines.h"
#include "process/output.h"

namespace cron::daemon {

// What is left of a run when its process has ended: who it was, and what it printed.
struct Remains {
    process::Identity identity;
    process::JobEnvironment environment;
    std::optional<process::OutputFile> output;  // OutputFormat::mail only
};

class Runs {
  public:
    struct Settings {
        OutputFormat output = OutputFormat::mail;
        std::string output_folder;  // OutputFormat::mail only
        // Whom all jobs run as, whatever their user column says; none: as their users.
        std::optional<process::Identity> caller;
    };
    using Happened = std::function<void(engine::Event event)>;

    // What happens to runs is told to `happened`, never from within a call of start() or signal().
    static Result<std::unique_ptr<Runs>> create(EventLoop& loop, Accounts& accounts,
                                                process::Launcher& launcher, Log& log,
                                                Settings settings, Happened happened);

    // The starts to come: lets their users be looked up.
    void prepare(const std::string& user);
    void start(const engine::Spawn& spawn);
    void signal(const engine::Signal& order);
    // The pid of the run's process, which may have ended; 0 where it has none.
    int pid_of(engine::RunNumber run) const;
    // Forgets the run, whose end was told.
    std::optional<Remains> take(engine::RunNumber run);
    // Writes out what runs have printed so far.
    void flush();

  private:
    struct Live {
        engine::Spawn spawn;
        Remains remains;
        process::Child child;
        std::optional<process::LaunchFailure> failure;  // said by crond-job; told at its end
        bool report_done = false;
        bool ended = false;
        EventLoop::Watch report_watch;
        EventLoop::Watch end_watch;
    };
    // One of a run's two streams, in the formats prefix; it may outlive the run's main process.
    struct Stream {
        std::string prefix;
        bool is_error = false;
        process::LineReader reader;
        EventLoop::Watch watch;
    };
    struct Descriptors {
        int input = -1;
        int output = -1;
        int error = -1;
        UniqueFd input_owner;
        UniqueFd output_owner;
        UniqueFd error_owner;
    };

    Runs(EventLoop& loop, Accounts& accounts, process::Launcher& launcher, Log& log,
         Settings settings, Happened happened);

    void start_next();
    void start_as(const engine::Spawn& spawn, const Result<process::Identity>& identity);
    Result<Descriptors> open_descriptors(Live& live);
    Result<UniqueFd> open_stream_of(const engine::Spawn& spawn, bool is_error);
    void watch(Live& live);
    void read_report(engine::RunNumber run);
    void collect(engine::RunNumber run);
    void read_stream(std::uint64_t id);
    void print(const Stream& stream, std::string_view line);
    void fail(engine::RunNumber run, const engine::LaunchError& error, bool temporary);

    EventLoop& loop_;
    Accounts& accounts_;
    process::Launcher& launcher_;
    Log& log_;
    Settings settings_;
    Happened happened_;
    std::optional<process::OutputFolder> folder_;
    Outbox stdout_;
    Outbox stderr_;
    std::deque<engine::Spawn> to_start_;
    UniqueFd start_bell_;  // readable while to_start_ has something
    EventLoop::Watch start_watch_;
    std::unordered_map<engine::RunNumber, Live> live_;
    std::map<std::uint64_t, Stream> streams_;
    std::uint64_t last_stream_ = 0;
};

}  // namespace cron::daemon
