// Old rows go, a few at a time: the record is bounded, and nothing waits long for that. What the
// latest decided due times are is kept elsewhere, and for ever.
#pragma once

#include <cstdint>

#include "calendar/instant.h"
#include "ledger/database.h"

namespace cron::ledger {

inline constexpr std::int64_t kPrunedRowsMax = 500;  // by age, in one step
inline constexpr std::int64_t kPrunedJobsMax = 100;  // looked at in one step

struct Retention {
    Instant before{};           // what was due earlier goes
    std::int64_t rows_max = 0;  // of each job the latest so many stay
};

class Pruning {
  public:
    // One step. True if there is more to look at; never deletes a run without an outcome.
    Result<bool> step(Database& database, const Retention& retention);

  private:
    std::int64_t last_job_ = 0;  // looked at
};

}  // namespace cron::ledger
