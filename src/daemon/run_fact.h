// What happens to runs, for whoever tells of it: the log, a format of --output, a count.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "engine/effect.h"

namespace cron::daemon {

// All of it is borrowed, for the one call.

struct RunStarted {
    const engine::Spawn& spawn;
    int pid = 0;
};

// The start failed for now.
struct RunPostponed {
    const engine::Postpone& postpone;
};

// An attempt that failed, and is followed by another.
struct RunRetried {
    const engine::Retry& retry;
    int pid = 0;
};

// It has ended, or was granted and is not started after all: Outcome::kind.
struct RunFinished {
    const engine::Finish& finish;
    int pid = 0;  // 0: there was no process
};

// Due times that no run is made for: the verdict is any but start.
struct DueNotRun {
    const engine::Verdict& verdict;
};

// Granted by a daemon before, and nobody knows how it ended.
struct RunLost {
    const engine::RunKey& key;
    std::string_view why;
};

// A daemon before has started it, and it goes on.
struct RunAdopted {
    const engine::Spawn& spawn;
    int pid = 0;
};

// It goes on when the daemon ends; `output` is the file of its output, empty where there is none.
struct RunLeft {
    const engine::Spawn& spawn;
    int pid = 0;
    std::string_view output;
};

using RunFact = std::variant<RunStarted, RunPostponed, RunRetried, RunFinished, DueNotRun, RunLost,
                             RunAdopted, RunLeft>;

}  // namespace cron::daemon
