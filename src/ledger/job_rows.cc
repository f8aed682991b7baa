#include "ledger/job_rows.h"

#include <utility>

#include "ledger/state_row.h"

namespace cron::ledger {

Result<JobRows> JobRows::open(Database& database) {
    JobRows rows(database);
    const std::pair<Statement*, const char*> statements[] = {
        // Who else has the database open may have added it.
        {&rows.add_, "INSERT INTO job (name) VALUES (?1) ON CONFLICT DO NOTHING"},
        {&rows.find_, "SELECT id FROM job WHERE name = ?1"},
        {&rows.set_reached_, "UPDATE job SET reached = ?2, reached_in = ?3 WHERE id = ?1"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = database.prepare(sql);
        if (!prepared) return tl::unexpected(prepared.error());
        *statement = *std::move(prepared);
    }
    if (auto read = rows.read_again(); !read) return tl::unexpected(read.error());
    return rows;
}

Result<void> JobRows::read_again() {
    rows_.clear();
    auto statement = database_->prepare("SELECT id, name FROM job");
    if (!statement) return tl::unexpected(statement.error());
    for (auto row = statement->step();; row = statement->step()) {
        if (!row) return tl::unexpected(row.error());
        if (!*row) return {};
        rows_.emplace(JobId::of_bytes(statement->bytes(1)), statement->number(0));
    }
}

Result<std::int64_t> JobRows::row_of(const JobId& job) {
    const auto known = rows_.find(job);
    if (known != rows_.end()) return known->second;
    if (auto added = add_.bind_bytes(1, job.bytes()).run(); !added) {
        return tl::unexpected(added.error());
    }
    if (database_->changes() == 1) return rows_.emplace(job, database_->last_row()).first->second;
    find_.bind_bytes(1, job.bytes());
    for (auto row = find_.step();; row = find_.step()) {
        if (!row) return tl::unexpected(row.error());
        if (!*row) return rows_.at(job);
        rows_[job] = find_.number(0);
    }
}

Result<void> JobRows::set_reached(std::int64_t row, const engine::JobMemory& memory) {
    return set_reached_.bind(1, row)
        .bind(2, count(memory.reached))
        .bind(3, std::int64_t{memory.reached_in})
        .run();
}

Result<std::map<JobId, engine::JobMemory>> JobRows::recall() const {
    std::map<JobId, engine::JobMemory> jobs;
    auto statement =
        database_->prepare("SELECT name, reached, reached_in FROM job WHERE reached IS NOT NULL");
    if (!statement) return tl::unexpected(statement.error());
    for (auto row = statement->step();; row = statement->step()) {
        if (!row) return tl::unexpected(row.error());
        if (!*row) return jobs;
        jobs[JobId::of_bytes(statement->bytes(0))] = {
            to_instant(statement->number(1)), static_cast<engine::Pass>(statement->number(2))};
    }
}

}  // namespace cron::ledger
