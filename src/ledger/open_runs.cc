#include "ledger/open_runs.h"

#include "ledger/state_row.h"

namespace cron::ledger {
namespace {

engine::Cause cause_of(const std::string& spelling) {
    if (spelling == "boot") return engine::Cause::boot;
    if (spelling == "catch-up") return engine::Cause::catch_up;
    return spelling == "manual" ? engine::Cause::manual : engine::Cause::schedule;
}

// The last attempt, of one that is to be tried again.
engine::Outcome outcome_of(const Statement& row) {
    engine::Outcome outcome;
    const auto signal = row.optional_number(7);
    outcome.status = {signal.has_value(),
                      static_cast<int>(signal.value_or(row.optional_number(6).value_or(0)))};
    outcome.started = to_instant(row.optional_number(8));
    outcome.ended = to_instant(row.number(9));
    outcome.duration = microseconds{row.number(10)};
    outcome.usage = {microseconds{row.number(11)}, static_cast<std::uint64_t>(row.number(12))};
    outcome.reason = row.bytes(13);
    outcome.pid = static_cast<int>(row.number(15));
    return outcome;
}

OpenRun open_run_of(const Statement& row) {
    OpenRun open;
    open.row = row.number(0);
    engine::RecalledRun& run = open.run;
    run.cause = cause_of(row.bytes(4));
    // Of a boot the row has the true time in its first due time.
    const std::int64_t due = row.number(run.cause == engine::Cause::boot ? 16 : 2);
    run.key = {JobId::of_bytes(row.bytes(1)), to_instant(due),
               static_cast<engine::Pass>(row.number(3))};
    run.attempt = static_cast<std::uint32_t>(row.optional_number(5).value_or(0)) + 1;
    if (const auto retry_at = row.optional_number(14)) {
        run.state = engine::RecalledRun::State::retrying;
        run.wake_at = to_instant(*retry_at);
        run.last_outcome = outcome_of(row);
    }
    return open;
}

}  // namespace

Result<std::vector<OpenRun>> read_open_runs(Database& database) {
    auto rows = database.prepare(
        "SELECT run.id, job.name, due, pass, cause, attempt, exit_status, signal, started, ended, "
        "duration, cpu_time, peak_memory, reason, retry_at, pid, first FROM run JOIN job "
        "ON job.id = run.job WHERE fate = 'start' AND outcome IS NULL ORDER BY run.id");
    if (!rows) return tl::unexpected(rows.error());
    std::vector<OpenRun> found;
    for (auto row = rows->step();; row = rows->step()) {
        if (!row) return tl::unexpected(row.error());
        if (!*row) return found;
        found.push_back(open_run_of(*rows));
    }
}

std::optional<std::string> judge(engine::RecalledRun& run, const Marks* marks, bool same_boot,
                                 const ProcessStart& process_start, const EndLeft& end_left) {
    const auto mark = marks != nullptr ? marks->find(run.key, run.attempt) : std::nullopt;
    if (!mark) {
        if (same_boot && marks != nullptr && marks->tells_all()) return std::nullopt;
        return "the daemon ended, and whether this run was started is not known";
    }
    if (mark->pid == 0) return "the daemon ended while it started this run";
    const bool is_here = mark->pid != kElsewhere;
    const bool lives = is_here && process_start(mark->pid) == mark->process_start;
    if (!lives && !(end_left && end_left(mark->output, mark->output_number))) {
        return is_here ? "it ended while no daemon was there: its status is not known"
                       : "it was started in another container: its end was not seen";
    }
    run.state = engine::RecalledRun::State::alive;
    run.process.pid = mark->pid;
    run.process.process_start = mark->process_start;
    run.process.started = Instant{microseconds{mark->started}};
    run.process.output = mark->output;
    run.process.output_number = mark->output_number;
    return std::nullopt;
}

Result<void> lose(Database& database, const OpenRun& run, const std::string& reason) {
    auto statement = database.prepare(
        "UPDATE run SET attempt = ?2, outcome = 'lost', reason = ?3, retry_at = NULL "
        "WHERE id = ?1");
    if (!statement) return tl::unexpected(statement.error());
    return statement->bind(1, run.row)
        .bind(2, std::int64_t{run.run.attempt})
        .bind_text(3, reason)
        .run();
}

}  // namespace cron::ledger
