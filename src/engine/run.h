// The names and records of runs: what the engine decides about and the ledger keeps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/job_id.h"
#include "calendar/instant.h"

namespace cron::engine {

// The count of a clock set back: the same due time in another pass is another run.
using Pass = std::uint32_t;

// The name of a run.
struct RunKey {
    JobId job;
    Instant due{};
    Pass pass = 0;

    friend bool operator==(const RunKey&, const RunKey&) = default;
};

enum class Cause { schedule, catch_up, manual, boot };

// A handle for one run while this daemon lives; never used again.
using RunNumber = std::uint64_t;

// What was decided on a due time, or on several at once that share a fate.
enum class Fate {
    start,      // it asks to be granted
    merged,     // into the run of a later due time of the job: `into`
    missed,     // too late, or nobody was there to start it
    suspended,  // CRON_ENABLED=no
};

struct Verdict {
    RunKey key;  // of the latest due time that it covers
    Fate fate = Fate::start;
    Cause cause = Cause::schedule;
    Instant first{};          // the earliest due time that it covers
    std::uint64_t count = 1;  // how many it covers
    Instant into{};           // merged only

    friend bool operator==(const Verdict&, const Verdict&) = default;
};

// How a process ended.
struct ExitStatus {
    bool signalled = false;
    int value = 0;         // the exit status, or the signal
    bool is_known = true;  // else it ended while nobody could see how

    bool is_success() const { return is_known && !signalled && value == 0; }
    friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

struct Usage {
    microseconds cpu_time{};
    std::uint64_t peak_memory_bytes = 0;
};

// What a run printed.
struct Printed {
    std::uint64_t bytes = 0;
    std::uint64_t left_out_bytes = 0;  // of them, for good
    bool is_failure = false;           // some of it on its standard error, where that fails a run

    friend bool operator==(const Printed&, const Printed&) = default;
};

// Where the start of a run failed, and why; `stage` names the call.
struct LaunchError {
    std::string stage;
    int error = 0;  // errno
};

// The process of a run that a daemon before has started.
struct LiveProcess {
    int pid = 0;
    std::uint64_t process_start = 0;  // in ticks since the boot: pids are used again
    Instant started{};
    std::uint64_t output = 0;  // with the next: the name of its output
    std::uint64_t output_number = 0;
};

// Who told the process of a run to end.
enum class EndedBy { itself, timeout, replacement, stop };

// How a run ended, or why a granted one did not start.
struct Outcome {
    enum class Kind {
        exited,       // `status`
        not_started,  // `launch_error`
        skipped,      // refused at its start: `reason`
        withdrawn,    // a reload, a clock step or a stop took it back before its start
        merged,       // into a newer or a waiting run of its job
        missed,       // it waited until it was too late
        refused,      // by the ledger: the due time has a verdict already
    };
    Kind kind = Kind::exited;
    ExitStatus status;
    Usage usage;
    LaunchError launch_error;
    std::string reason;              // one clause, for people
    std::optional<Instant> started;  // when the process was made
    int pid = 0;
    Printed printed{};
    Instant ended{};
    microseconds duration{};  // by the monotonic clock; 0 where nothing ran
    EndedBy ended_by = EndedBy::itself;

    // It ran, or was to run and could not.
    bool is_of_run() const { return kind == Kind::exited || kind == Kind::not_started; }
    bool is_success() const {
        return kind == Kind::exited && status.is_success() && ended_by != EndedBy::timeout &&
               !printed.is_failure;
    }
};

}  // namespace cron::engine
