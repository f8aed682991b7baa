// All that can happen, as the engine is told it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crontab/table.h"
#include "engine/gates.h"
#include "engine/passes.h"
#include "engine/run.h"

namespace cron::engine {

// What a ledger remembers of a job.
struct JobMemory {
    // Up to here its due times are decided: the last that has a verdict, or since when its present
    // schedule is known, whichever was written later.
    Instant reached{};
    Pass reached_in = 0;  // the pass of that verdict; the highest when it became known
};

// A run that was granted by an engine before, and has no outcome.
struct RecalledRun {
    enum class State {
        pending,   // it was not started
        retrying,  // it failed, and is to be tried again at `wake_at`
        alive,     // `process`
    };
    RunKey key;
    Cause cause = Cause::schedule;
    State state = State::pending;
    std::uint32_t attempt = 1;  // the next, or the one that lives
    Instant wake_at{};
    Outcome last_outcome;  // retrying only
    LiveProcess process;
};

// What a ledger remembers, for an engine that starts.
struct Memory {
    std::optional<Instant> decided_until;  // no due time after this has a verdict in this pass
    // The same for fixed schedules, which a step back of up to 3 hours leaves as it was.
    std::optional<Instant> fixed_decided_until;
    Passes passes;
    bool same_boot = false;  // as the boot in which it was written
    std::map<JobId, JobMemory> jobs;
    std::vector<RecalledRun> runs;
};

// The first event, once.
struct Started {
    Memory memory;
    bool boot = false;  // @reboot entries are due
};

struct LoadedTable {
    std::string name;
    crontab::Entries entries;
    // The table was there when the daemon started: its @reboot entries are due, if any are.
    bool since_start = false;
};

// Tables that are new or changed, and names of those that are gone.
struct TablesChanged {
    std::vector<LoadedTable> loaded;
    std::vector<std::string> removed;
};

// A timer fired, or the clock was set: look at the time.
struct Woken {};

// The ledger's answer to Decide: which of its starts are on record, and which are refused.
struct Decided {
    std::uint64_t batch = 0;
    std::vector<RunKey> refused;
};

// The process was made; its own failure to become the job may still follow.
struct Launched {
    RunNumber run = 0;
    int pid = 0;
};

// No process was made, or it could not become the job. `temporary`: worth another try (EAGAIN,
// ENOMEM).
struct LaunchFailed {
    RunNumber run = 0;
    LaunchError error;
    bool temporary = false;
};

// The start was taken back in time: there was no process, and there will be none.
struct Cancelled {
    RunNumber run = 0;
};

struct Exited {
    RunNumber run = 0;
    ExitStatus status;
    Usage usage;
    Printed printed{};
};

// Stop. `leave`: at once, and the jobs live on. `drain`: start nothing more, TERM the jobs, KILL
// them after the grace; asked again, KILL them now.
struct StopAsked {
    enum class Manner { leave, drain };
    Manner manner = Manner::leave;
};

// From now on so much may run at once.
struct CapacitySet {
    Capacity capacity;
};

// Somebody asks for a run of this job now, whatever its schedule, its window, its jitter and
// CRON_ENABLED say; overlap, pools and all that holds for a run that has started count. No answer
// where there is no such job, or after StopAsked.
struct RunAsked {
    JobId job;
};

using Event = std::variant<Started, TablesChanged, Woken, Decided, Launched, LaunchFailed,
                           Cancelled, Exited, StopAsked, CapacitySet, RunAsked>;

}  // namespace cron::engine
