// Runs that were granted and have no outcome: what a daemon leaves behind.
// DESIGN: After a restart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/event.h"
#include "ledger/database.h"

namespace cron::ledger {

struct OpenRun {
    std::int64_t row = 0;
    // Pending, or retrying where its last attempt failed: whether it was started since is not known
    // here.
    engine::RecalledRun run;
};

// In the order in which they were decided.
Result<std::vector<OpenRun>> read_open_runs(Database& database);

// Its outcome is that there will be none.
Result<void> lose(Database& database, const OpenRun& run, const std::string& reason);

}  // namespace cron::ledger
