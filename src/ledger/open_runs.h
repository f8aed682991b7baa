// Runs that were granted and have no outcome: what a daemon leaves behind.
// DESIGN: After a restart.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/event.h"
#include "ledger/database.h"
#include "ledger/marks.h"

namespace cron::ledger {

struct OpenRun {
    std::int64_t row = 0;
    // Pending, or retrying where its last attempt failed: whether it was started since is not known
    // here.
    engine::RecalledRun run;
};

// In the order in which they were decided.
Result<std::vector<OpenRun>> read_open_runs(Database& database);

// When the process of this pid started, in ticks since the boot; none if there is none that lives.
using ProcessStart = std::function<std::optional<std::uint64_t>(std::int32_t pid)>;

// Whether a process whose output has this name has ended and left how.
using EndLeft = std::function<bool(std::uint64_t output, std::uint64_t output_number)>;

// What became of an open run since, which its state then says: it was not started, waits for its
// next try, or lives, as does one whose end is left to be told. Else why it is lost. `marks` may be
// null; `same_boot`: as that in which the run was granted.
std::optional<std::string> judge(engine::RecalledRun& run, const Marks* marks, bool same_boot,
                                 const ProcessStart& process_start, const EndLeft& end_left = {});

// Its outcome is that there will be none.
Result<void> lose(Database& database, const OpenRun& run, const std::string& reason);

}  // namespace cron::ledger
