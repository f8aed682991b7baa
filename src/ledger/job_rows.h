// The rows of jobs: which number each has, and what is known of it. Part of the store.
#pragma once

#include <cstdint>
#include <map>

#include "base/job_id.h"
#include "engine/event.h"
#include "ledger/database.h"

namespace cron::ledger {

// The database outlives it.
class JobRows {
  public:
    static Result<JobRows> open(Database& database);

    // Adds the job where it is new.
    Result<std::int64_t> row_of(const JobId& job);
    // Its latest decided due time, or since when it is known.
    Result<void> set_reached(std::int64_t row, const engine::JobMemory& memory);
    // What is known of all.
    Result<std::map<JobId, engine::JobMemory>> recall() const;
    // After a transaction was undone: what it added is gone with it.
    Result<void> read_again();

  private:
    explicit JobRows(Database& database) : database_(&database) {}

    Database* database_;
    Statement add_, find_, set_reached_;
    std::map<JobId, std::int64_t> rows_;
};

}  // namespace cron::ledger
