#include "ledger/pruning.h"

#include <vector>

#include "ledger/state_row.h"

namespace cron::ledger {
namespace {

// Rows are made in the order of time, nearly: the oldest are the first.
constexpr const char* kOld =
    "DELETE FROM run WHERE id IN (SELECT id FROM run ORDER BY id LIMIT ?2) AND first < ?1 "
    "AND (fate <> 'start' OR outcome IS NOT NULL)";
constexpr const char* kJobs = "SELECT id FROM job WHERE id > ?1 ORDER BY id LIMIT ?2";
constexpr const char* kBeyond =
    "DELETE FROM run WHERE job = ?1 AND due < "
    "(SELECT due FROM run WHERE job = ?1 ORDER BY due DESC LIMIT 1 OFFSET ?2) "
    "AND (fate <> 'start' OR outcome IS NOT NULL)";

}  // namespace

Result<bool> Pruning::step(Database& database, const Retention& retention) {
    auto old = database.prepare(kOld);
    if (!old) return tl::unexpected(old.error());
    auto deleted = old->bind(1, count(retention.before)).bind(2, kPrunedRowsMax).run();
    if (!deleted) return tl::unexpected(deleted.error());
    const bool has_old = database.changes() > 0;

    auto jobs = database.prepare(kJobs);
    if (!jobs) return tl::unexpected(jobs.error());
    jobs->bind(1, last_job_).bind(2, kPrunedJobsMax);
    std::vector<std::int64_t> found;
    for (auto row = jobs->step();; row = jobs->step()) {
        if (!row) return tl::unexpected(row.error());
        if (!*row) break;
        found.push_back(jobs->number(0));
    }
    auto beyond = database.prepare(kBeyond);
    if (!beyond) return tl::unexpected(beyond.error());
    for (const std::int64_t job : found) {
        deleted = beyond->bind(1, job).bind(2, retention.rows_max - 1).run();
        if (!deleted) return tl::unexpected(deleted.error());
    }
    const bool has_jobs = found.size() == static_cast<std::size_t>(kPrunedJobsMax);
    last_job_ = has_jobs ? found.back() : 0;
    return has_old || has_jobs;
}

}  // namespace cron::ledger
