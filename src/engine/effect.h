// All that the engine can order. Effects are carried out in their order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crontab/table.h"
#include "engine/run.h"

namespace cron::engine {

// A job whose present schedule is known since now, or since a due time of it that is just ahead and
// has a verdict; a ledger keeps it beside the verdicts.
struct KnownJob {
    JobId job;
    Instant since{};
};

// Write these verdicts, durably and before any start; answered by Decided with the same batch.
struct Decide {
    std::uint64_t batch = 0;
    std::vector<Verdict> verdicts;  // at most kBatchMax
    std::vector<KnownJob> known;
    std::optional<Instant> decided_until;  // no verdict in this pass is on a later due time
};

// The clock was set back so far that due times come again: record it before any later verdict.
struct OpenPass {
    Pass pass = 0;
    bool fixed_too = false;  // for fixed schedules as well as for wildcard ones
    Instant from{};          // what the clock had reached
    Instant to{};            // what it reads now
};

// Start the run. Answered by Launched or LaunchFailed, then by Exited.
struct Spawn {
    RunNumber run = 0;
    RunKey key;
    std::uint32_t attempt = 1;
    Cause cause = Cause::schedule;
    std::shared_ptr<const crontab::Entry> entry;
};

// Watch the process of a run that an engine before has started. Answered by Exited, with an unknown
// status.
struct Adopt {
    RunNumber run = 0;
    RunKey key;
    std::uint32_t attempt = 1;
    LiveProcess process;
    std::shared_ptr<const crontab::Entry> entry;
};

// Take back a Spawn whose process is not made yet. Answered by Cancelled; not where it comes too
// late.
struct Cancel {
    RunNumber run = 0;
};

// Send `signal` to the whole process group of the run. `kill_after`, if not 0: KILL what is left of
// the group so much later, be its first process gone.
struct Signal {
    RunNumber run = 0;
    int signal = 0;
    microseconds kill_after{};
};

// Record how the run ended. Comes once for every start that was granted.
struct Finish {
    RunNumber run = 0;
    RunKey key;
    std::uint32_t attempt = 1;
    Cause cause = Cause::schedule;
    Outcome outcome;
    std::shared_ptr<const crontab::Entry> entry;
};

// The run is over, and is not tried again: hand its output to its reader, and tell whoever asked to
// hear of its end. Not of a run that the rules kept from starting.
struct Deliver {
    RunNumber run = 0;
    RunKey key;
    std::uint32_t attempt = 1;
    Outcome outcome;
    std::shared_ptr<const crontab::Entry> entry;
};

// Send Woken when either clock reaches the given point; replaces the Wake before.
struct Wake {
    std::optional<Instant> instant;
    std::optional<Monotonic> monotonic;

    friend bool operator==(const Wake&, const Wake&) = default;
};

// A start failed for now and is tried again after `delay`: say so.
struct Postpone {
    RunNumber run = 0;
    RunKey key;
    LaunchError error;
    microseconds delay{};
    std::shared_ptr<const crontab::Entry> entry;
};

// This attempt of the run failed, and the next comes after `delay`: record it. Its output belongs
// to that of the run.
struct Retry {
    RunNumber run = 0;
    RunKey key;
    std::uint32_t attempt = 1;  // the one that failed
    Cause cause = Cause::schedule;
    Outcome outcome;
    microseconds delay{};
    std::shared_ptr<const crontab::Entry> entry;
};

// Nothing is left to do: end the process.
struct Quit {};

using Effect = std::variant<Decide, OpenPass, Spawn, Adopt, Cancel, Signal, Finish, Deliver, Wake,
                            Postpone, Retry, Quit>;
using Effects = std::vector<Effect>;

}  // namespace cron::engine
