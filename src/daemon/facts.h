// What crond has to say, as log records: one function a fact. Pure.
// Source of the classic lines: Debian's cron and cronie (their syslog is what parsers know).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crontab/diagnostic.h"
#include "daemon/customs.h"
#include "daemon/record.h"
#include "engine/effect.h"
#include "engine/engine.h"
#include "process/output.h"
#include "spool/tables.h"

namespace cron::daemon {

// What the log calls a run by.
struct RunLabel {
    std::string user;
    std::string job;  // its short name
    Instant due{};
    engine::Pass pass = 0;
};

// How a job is called where there is little room: its command, on one line and cut.
std::string short_name(const crontab::Entry& entry);
std::string short_name(const JobId& job);  // where only that is known
RunLabel label_of(const crontab::Entry& entry, const engine::RunKey& key);
void add_run(Record& record, const RunLabel& run);

// "1.234".
std::string seconds_text(microseconds duration);
// Why a run failed: "exit status 1", "signal 9", what ended it, or why it could not start.
std::string failure_text(const engine::Outcome& outcome);

Record said(Level level, std::string_view event, std::string message);  // about the daemon itself
Record started_up(std::string_view version, bool is_foreground, const crontab::Ways& ways);
Record pidfile_held(int fd);
// Tables as arguments without --state: what is not promised then.
Record record_in_memory();
// Why crond cannot start.
Record died(std::string_view reason);
// A signal ends crond: with how many runs still going, and, where they end with it, with how long
// for them.
Record stopping(int signal, std::size_t running, std::optional<seconds> grace);
Record shut_down();
Record table_loaded(const spool::Loaded& loaded, bool is_first, const crontab::Ways& ways);
// The daemon's zone is another one; or tables are read again because a zone that they name has
// other data; or it stays as it was, for a reason.
Record zone_changed(const std::string& before, const std::string& now);
Record zone_data_changed();
Record zone_kept(const std::string& reason);
// What is wrong in crond.json.
Record config_diagnostic(const std::string& path, const crontab::Diagnostic& diagnostic);
Record config_kept(const std::string& path);
Record table_removed(const std::string& name);
Record table_notice(const spool::Notice& notice);
Record table_diagnostic(const spool::Loaded& loaded, const crontab::Diagnostic& diagnostic);
Record run_started(const engine::Spawn& spawn, int pid, Instant now, const Customs& customs);
Record run_postponed(const engine::Postpone& postpone);
Record run_retried(const engine::Retry& retry);
// An end, or why a granted run did not start. `pid` is 0 where there was no process.
Record run_finished(const engine::Finish& finish, int pid, const Customs& customs);
// Besides, of an end that is a failure: as Debian's cron says it with -L 4.
Record run_failed(const engine::Finish& finish, int pid);
// Due times that are not started: missed, or merged into another.
Record run_lost(const engine::RunKey& key, std::string_view why);
Record not_run(const engine::Verdict& verdict);
Record clock_set_back(const engine::OpenPass& pass);
Record home_replaced(const engine::Spawn& spawn, int error, int pid);
// What the setting orders could not be had, and the job runs without.
Record setting_failed(const engine::Spawn& spawn, std::string_view setting, int error, int pid);
// The run is in no control group of its own.
Record run_ungrouped(const engine::Spawn& spawn, std::string_view problem, int pid);
// So many of its processes were killed, at the limit of CRON_MEMORY.
Record run_out_of_memory(const engine::Spawn& spawn, std::uint64_t kills);
// Left running, with its output in `file`; empty: nowhere that outlives us.
Record run_adopted(const engine::Spawn& spawn, int pid);
Record run_left(const engine::Spawn& spawn, int pid, std::string_view file);
// Its output was more than CRON_MAX_OUTPUT, and so much of it was not kept.
Record output_cut(const engine::Spawn& spawn, std::uint64_t left_out_bytes);
// CRON_MAX_OUTPUT cannot be kept.
Record output_unlimited(const crontab::Entry& entry, const engine::RunKey& key,
                        std::string_view problem);
// Output of runs that an earlier daemon left running.
Record output_left(std::string_view folder, const process::OutputFolder::Left& left);
// The command that the table names for the end of a run: how it ended, or why it did not run.
Record hook_ended(const engine::Deliver& run, const engine::ExitStatus& status, bool is_timed_out);
Record hook_problem(const engine::Deliver& run, std::string_view problem);
Record holds(const engine::Snapshot& snapshot);
Record holds_job(const engine::Snapshot::Job& job);

}  // namespace cron::daemon
