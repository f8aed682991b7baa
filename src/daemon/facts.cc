#include "daemon/facts.h"

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/text.h"
#include "daemon/log_format.h"
#include "engine/run_variables.h"

namespace cron::daemon {
namespace {

constexpr std::size_t kShortNameBytes = 40;

// To kShortNameBytes, between two characters.
std::string cut(const std::string& text) {
    if (text.size() <= kShortNameBytes) return text;
    std::size_t end = kShortNameBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end) + "…";
}

// Not by way of a time_point: fmt 9 writes that in the process's own zone, and the system's own
// ends in 2262.
std::string instant_text(Instant instant) {
    const std::time_t time = floor_seconds(instant).time_since_epoch().count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time));
}

// Jobs of tables as arguments are the same ones whoever runs them: their names have no user.
void add_user(Record& record, std::string user) {
    if (!user.empty()) record.fields.push_back({"user", std::move(user)});
}

void add_job(Record& record, const crontab::Entry& entry) {
    record.fields.push_back({"user", entry.user});
    record.fields.push_back({"job", short_name(entry)});
}

void add_run(Record& record, const crontab::Entry& entry, const engine::RunKey& key) {
    daemon::add_run(record, label_of(entry, key));
    record.fields.push_back({"run", engine::run_id(key)});
}

std::string status_text(const engine::ExitStatus& status) {
    if (!status.is_known) return "unknown";
    return status.signalled ? fmt::format("signal {}", status.value) : std::to_string(status.value);
}

std::string launch_error_text(const engine::LaunchError& error) {
    if (error.error == 0) return error.stage;
    // A job's program is its shell.
    const std::string stage = error.stage == "exec" ? "exec of SHELL" : error.stage;
    return fmt::format("{}: {}", stage, std::strerror(error.error));
}

std::string command_text(const crontab::Entry& entry, int pid, const Customs& customs) {
    if (!customs.run_lines.pids) return entry.command;
    return fmt::format("[{}] {}", pid, entry.command);
}

Level level_of(const engine::Finish& finish) {
    using Kind = engine::Outcome::Kind;
    switch (finish.outcome.kind) {
        case Kind::exited:
            return finish.entry->quiet ? Level::debug : Level::info;
        case Kind::not_started:
            return Level::error;
        case Kind::withdrawn:
            return Level::info;
        case Kind::skipped:
        case Kind::merged:
        case Kind::missed:
        case Kind::refused:
            return Level::warning;
    }
    return Level::warning;
}

std::string_view event_of(engine::Outcome::Kind kind) {
    using Kind = engine::Outcome::Kind;
    switch (kind) {
        case Kind::exited:
            return "run-ended";
        case Kind::not_started:
            return "run-not-started";
        case Kind::skipped:
            return "run-skipped";
        case Kind::withdrawn:
            return "run-withdrawn";
        case Kind::merged:
            return "run-merged";
        case Kind::missed:
            return "run-missed";
        case Kind::refused:
            return "run-refused";
    }
    return "run-ended";
}

std::string_view event_of(engine::Fate fate) {
    switch (fate) {
        case engine::Fate::start:
            return "due";
        case engine::Fate::merged:
            return "due-merged";
        case engine::Fate::missed:
            return "due-missed";
        case engine::Fate::suspended:
            return "due-suspended";
    }
    return "due";
}

}  // namespace

std::string short_name(const crontab::Entry& entry) {
    return cut(printable(entry.id.is_named() ? entry.id.title() : entry.command));
}

std::string short_name(const JobId& job) { return cut(printable(job.title())); }

std::string seconds_text(microseconds duration) {
    return fmt::format("{:.3f}", static_cast<double>(duration.count()) / 1e6);
}

std::string failure_text(const engine::Outcome& outcome) {
    std::string text = outcome.reason;
    if (!outcome.launch_error.stage.empty()) {
        text += (text.empty() ? "" : "; ") + launch_error_text(outcome.launch_error);
    }
    if (!text.empty()) return text;
    return (outcome.status.signalled ? "" : "exit status ") + status_text(outcome.status);
}

RunLabel label_of(const crontab::Entry& entry, const engine::RunKey& key) {
    return {entry.user, short_name(entry), key.due, key.pass};
}

void add_run(Record& record, const RunLabel& run) {
    add_user(record, run.user);
    record.fields.push_back({"job", run.job});
    record.fields.push_back({"due", instant_text(run.due)});
    if (run.pass > 0) record.fields.push_back({"pass", static_cast<std::int64_t>(run.pass)});
}

Record run_started(const engine::Spawn& spawn, int pid, Instant now, const Customs& customs) {
    Record record{spawn.entry->quiet ? Level::debug : Level::info, "run-started", {}, {}, pid};
    add_run(record, *spawn.entry, spawn.key);
    const auto late = std::chrono::floor<std::chrono::milliseconds>(now - spawn.key.due);
    record.fields.push_back({"late_ms", late.count()});
    record.classic =
        classic_line(spawn.entry->user, "CMD", command_text(*spawn.entry, pid, customs));
    return record;
}

Record run_postponed(const engine::Postpone& postpone) {
    Record record{Level::warning, "run-postponed", {}, {}, 0};
    add_run(record, *postpone.entry, postpone.key);
    const std::string reason = launch_error_text(postpone.error);
    record.fields.push_back({"reason", reason});
    record.fields.push_back({"delay_s", seconds_text(postpone.delay)});
    record.classic =
        classic_line(postpone.entry->user, "ERROR",
                     fmt::format("cannot start yet, {}; again in {} s: {}", reason,
                                 seconds_text(postpone.delay), postpone.entry->command));
    return record;
}

Record run_retried(const engine::Retry& retry) {
    Record record{Level::warning, "run-retried", {}, {}, 0};
    add_run(record, *retry.entry, retry.key);
    const std::string status = status_text(retry.outcome.status);
    record.fields.push_back({"attempt", static_cast<std::int64_t>(retry.attempt)});
    record.fields.push_back({"status", status});
    if (!retry.outcome.reason.empty()) record.fields.push_back({"reason", retry.outcome.reason});
    record.fields.push_back({"delay_s", seconds_text(retry.delay)});
    record.classic =
        classic_line(retry.entry->user, "INFO",
                     fmt::format("attempt {} failed ({}), again in {} s: {}", retry.attempt, status,
                                 seconds_text(retry.delay), retry.entry->command));
    return record;
}

Record run_finished(const engine::Finish& finish, int pid, const Customs& customs) {
    const engine::Outcome& outcome = finish.outcome;
    Record record{level_of(finish), event_of(outcome.kind), {}, {}, pid};
    add_run(record, *finish.entry, finish.key);
    const std::string& command = finish.entry->command;
    if (outcome.kind == engine::Outcome::Kind::exited) {
        record.fields.push_back({"status", status_text(outcome.status)});
        record.fields.push_back({"duration_s", seconds_text(outcome.duration)});
        if (finish.attempt > 1) {
            record.fields.push_back({"attempt", static_cast<std::int64_t>(finish.attempt)});
        }
        if (!outcome.reason.empty()) record.fields.push_back({"reason", outcome.reason});
        record.classic = classic_line(
            finish.entry->user, customs.ways().end_action,
            fmt::format("{} ({}, {} s)", command_text(*finish.entry, pid, customs),
                        outcome.status.signalled ? status_text(outcome.status)
                                                 : "status " + status_text(outcome.status),
                        seconds_text(outcome.duration)));
        return record;
    }
    const std::string reason = failure_text(outcome);
    record.fields.push_back({"reason", reason});
    const bool is_error = outcome.kind == engine::Outcome::Kind::not_started;
    record.classic =
        classic_line(finish.entry->user, is_error ? "ERROR" : "INFO",
                     fmt::format("{}, {}: {}", event_of(outcome.kind), reason, command));
    return record;
}

Record run_failed(const engine::Finish& finish, int pid) {
    const engine::ExitStatus& status = finish.outcome.status;
    Record record{Level::warning, "run-failed", {}, {}, pid};
    add_run(record, *finish.entry, finish.key);
    record.fields.push_back({"reason", failure_text(finish.outcome)});
    record.classic = classic_line(
        "CRON", "error",
        fmt::format("grandchild #{} {} {}", pid,
                    status.signalled ? "terminated by signal" : "failed with exit status",
                    status.value));
    return record;
}

Record run_lost(const engine::RunKey& key, std::string_view why) {
    Record record{Level::warning, "run-lost", {}, {}, 0};
    add_user(record, std::string(key.job.owner()));
    record.fields.push_back({"job", short_name(key.job)});
    record.fields.push_back({"due", instant_text(key.due)});
    record.fields.push_back({"reason", std::string(why)});
    return record;
}

Record not_run(const engine::Verdict& verdict) {
    const bool is_suspended = verdict.fate == engine::Fate::suspended;
    Record record{is_suspended ? Level::debug : Level::warning, event_of(verdict.fate), {}, {}, 0};
    add_user(record, std::string(verdict.key.job.owner()));
    record.fields.push_back({"job", short_name(verdict.key.job)});
    record.fields.push_back({"first", instant_text(verdict.first)});
    record.fields.push_back({"last", instant_text(verdict.key.due)});
    record.fields.push_back({"count", static_cast<std::int64_t>(verdict.count)});
    if (verdict.fate == engine::Fate::merged) {
        record.fields.push_back({"into", instant_text(verdict.into)});
    }
    return record;
}

Record clock_set_back(const engine::OpenPass& pass) {
    Record record{Level::warning, "clock-set-back", {}, {}, 0};
    record.fields.push_back({"from", instant_text(pass.from)});
    record.fields.push_back({"to", instant_text(pass.to)});
    record.fields.push_back({"pass", static_cast<std::int64_t>(pass.pass)});
    record.fields.push_back({"repeats", pass.fixed_too ? "all" : "wildcard"});
    return record;
}

Record home_replaced(const engine::Spawn& spawn, int error, int pid) {
    Record record{Level::warning, "home-replaced", {}, {}, pid};
    add_run(record, *spawn.entry, spawn.key);
    const std::string reason =
        fmt::format("HOME cannot be entered, the job runs in /: {}", std::strerror(error));
    record.fields.push_back({"reason", reason});
    record.classic = classic_line(spawn.entry->user, "INFO", reason);
    return record;
}

Record setting_failed(const engine::Spawn& spawn, std::string_view setting, int error, int pid) {
    Record record{Level::warning, "setting-failed", {}, {}, pid};
    add_run(record, *spawn.entry, spawn.key);
    const std::string reason = fmt::format(
        "{} cannot be had, the job runs as crond was started: {}", setting, std::strerror(error));
    record.fields.push_back({"setting", std::string(setting)});
    record.fields.push_back({"reason", reason});
    record.classic = classic_line(spawn.entry->user, "INFO", reason);
    return record;
}

Record run_ungrouped(const engine::Spawn& spawn, std::string_view problem, int pid) {
    Record record{Level::warning, "run-ungrouped", {}, {}, pid};
    add_run(record, *spawn.entry, spawn.key);
    const std::string reason = fmt::format(
        "the run has no control group of its own, so it has no limits, and a timeout "
        "ends its process group only: {}",
        problem);
    record.fields.push_back({"reason", reason});
    record.classic = classic_line(spawn.entry->user, "INFO", reason);
    return record;
}

Record run_out_of_memory(const engine::Spawn& spawn, std::uint64_t kills) {
    Record record{Level::warning, "run-out-of-memory", {}, {}, 0};
    add_run(record, *spawn.entry, spawn.key);
    record.fields.push_back({"killed", static_cast<std::int64_t>(kills)});
    record.classic =
        classic_line(spawn.entry->user, "INFO",
                     fmt::format("{} processes killed for want of memory, CRON_MEMORY: {}", kills,
                                 spawn.entry->command));
    return record;
}

Record run_adopted(const engine::Spawn& spawn, int pid) {
    Record record{Level::info, "run-adopted", {}, {}, pid};
    add_run(record, *spawn.entry, spawn.key);
    record.classic =
        classic_line(spawn.entry->user, "INFO",
                     fmt::format("still running as pid {}: {}", pid, spawn.entry->command));
    return record;
}

Record run_left(const engine::Spawn& spawn, int pid, std::string_view file) {
    Record record{Level::info, "run-left", {}, {}, pid};
    add_run(record, *spawn.entry, spawn.key);
    record.fields.push_back({"output", std::string(file)});
    record.classic =
        classic_line(spawn.entry->user, "INFO",
                     fmt::format("left running as pid {}, output in {}: {}", pid,
                                 file.empty() ? "memory" : file, spawn.entry->command));
    return record;
}

Record output_cut(const engine::Spawn& spawn, std::uint64_t left_out_bytes) {
    Record record{Level::warning, "output-cut", {}, {}, 0};
    add_run(record, *spawn.entry, spawn.key);
    record.fields.push_back({"left_out_bytes", static_cast<std::int64_t>(left_out_bytes)});
    record.classic = classic_line(
        spawn.entry->user, "INFO",
        fmt::format("{} bytes of output left out: {}", left_out_bytes, spawn.entry->command));
    return record;
}

Record output_unlimited(const crontab::Entry& entry, const engine::RunKey& key,
                        std::string_view problem) {
    Record record{Level::warning, "output-unlimited", {}, {}, 0};
    add_run(record, entry, key);
    record.fields.push_back({"reason", std::string(problem)});
    return record;
}

Record output_left(std::string_view folder, const process::OutputFolder::Left& left) {
    Record record{Level::warning, "output-left", {}, {}, 0};
    record.fields.push_back({"folder", std::string(folder)});
    record.fields.push_back({"files", static_cast<std::int64_t>(left.files)});
    record.fields.push_back({"bytes", static_cast<std::int64_t>(left.bytes)});
    return record;
}

Record hook_ended(const engine::Deliver& run, const engine::ExitStatus& status, bool is_timed_out) {
    const bool is_failure = !status.is_success();
    Record record{is_failure ? Level::warning : Level::info, "hook", {}, {}, 0};
    add_run(record, *run.entry, run.key);
    record.fields.push_back({"after", run.outcome.is_success() ? "success" : "failure"});
    record.fields.push_back({"status", status_text(status)});
    if (is_timed_out) record.fields.push_back({"reason", "its time was over"});
    return record;
}

Record hook_problem(const engine::Deliver& run, std::string_view problem) {
    Record record{Level::warning, "hook-problem", {}, {}, 0};
    add_run(record, *run.entry, run.key);
    record.fields.push_back({"after", run.outcome.is_success() ? "success" : "failure"});
    record.fields.push_back({"reason", std::string(problem)});
    return record;
}

Record holds(const engine::Snapshot& snapshot) {
    Record record{Level::info, "holds", {}, {}, 0};
    record.fields.push_back({"tables", static_cast<std::int64_t>(snapshot.tables)});
    record.fields.push_back({"jobs", static_cast<std::int64_t>(snapshot.job_count)});
    record.fields.push_back({"running", static_cast<std::int64_t>(snapshot.running)});
    return record;
}

Record holds_job(const engine::Snapshot::Job& job) {
    Record record{Level::info, "holds-job", {}, {}, 0};
    add_job(record, *job.entry);
    record.fields.push_back({"schedule", job.entry->schedule_text});
    record.fields.push_back(
        {"next", job.next_due ? instant_text(*job.next_due) : std::string("never")});
    if (job.running > 0)
        record.fields.push_back({"running", static_cast<std::int64_t>(job.running)});
    return record;
}

}  // namespace cron::daemon
