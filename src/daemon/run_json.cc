#include "daemon/run_json.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "calendar/rfc3339.h"
#include "daemon/facts.h"
#include "daemon/json_line.h"
#include "daemon/log_format.h"
#include "daemon/output_facts.h"
#include "daemon/run_records.h"
#include "engine/run_variables.h"

namespace cron::daemon {
namespace {

// Lines come in bursts: the time of the last one is the next one's most often.
class Clockface {
  public:
    void set_zone(const calendar::Zone& zone) {
        zone_ = zone;
        text_.clear();
    }
    const calendar::Zone& zone() const { return zone_; }
    const std::string& read(Instant instant) {
        if (instant != instant_ || text_.empty()) text_ = rfc3339({instant, zone_, 0});
        instant_ = instant;
        return text_;
    }

  private:
    calendar::Zone zone_;
    Instant instant_{};
    std::string text_;
};

void begin(std::string& out, std::string_view time) {
    out += '{';
    add_number(out, "v", kOutputJsonVersion);
    add_value(out, "time", fmt::format("\"{}\"", time));
}

void add_job(std::string& out, const JobId& job, std::string_view user, std::string_view name) {
    if (!user.empty()) add_text(out, "user", user);
    add_text(out, "job", name);
    add_text(out, "job_id", fmt::format("{:016x}", stable_hash(job.bytes())));
}

std::string_view word_of(engine::Cause cause) {
    switch (cause) {
        case engine::Cause::schedule:
            return "schedule";
        case engine::Cause::catch_up:
            return "catch-up";
        case engine::Cause::manual:
            return "manual";
        case engine::Cause::boot:
            return "boot";
    }
    return "";
}

std::string_view word_of(engine::EndedBy ended_by) {
    switch (ended_by) {
        case engine::EndedBy::itself:
            return "itself";
        case engine::EndedBy::timeout:
            return "timeout";
        case engine::EndedBy::replacement:
            return "replacement";
        case engine::EndedBy::stop:
            return "stop";
    }
    return "";
}

class JsonWriter : public LineWriter {
  public:
    JsonWriter(const Source& source, Clockface& clock) : clock_(clock) {
        add_text(whose_, "stream", name_of(source.stream));
        add_job(whose_, source.entry.id, source.entry.user, short_name(source.entry));
        add_text(whose_, "run", engine::run_id(source.key));
        add_number(whose_, "attempt", source.attempt);
        if (source.is_hook) add_value(whose_, "hook", "true");
    }

    void append(std::string& out, const process::OutputLine& line, Instant now) override {
        begin(out, clock_.read(now));
        add_text(out, "event", "output");
        out += whose_;
        if (!line.is_whole()) {
            add_number(out, "piece", static_cast<std::int64_t>(line.piece));
            add_value(out, "last", line.is_last ? "true" : "false");
        }
        if (line.is_last && !line.has_newline) add_value(out, "newline", "false");
        add_text(out, "text", line.text);
        close_object(out);
    }

    void append_gap(std::string& out, const Gap& gap, Instant now) override {
        begin(out, clock_.read(now));
        add_text(out, "level", name_of(Level::warning));
        add_text(out, "event", "output-dropped");
        out += whose_;
        add_number(out, "lines", static_cast<std::int64_t>(gap.lines));
        add_number(out, "bytes", static_cast<std::int64_t>(gap.bytes));
        close_object(out);
    }

  private:
    Clockface& clock_;
    std::string whose_;
};

// Adds what a fact has besides its time, level and name.
class Members {
  public:
    Members(std::string& out, Clockface& clock, Instant now)
        : out_(out), clock_(clock), now_(now) {}

    void operator()(const RunStarted& fact) {
        const engine::Spawn& spawn = fact.spawn;
        add_run(*spawn.entry, spawn.key, spawn.attempt, spawn.cause);
        add_number(out_, "pid", fact.pid);
        add_instant("start", now_);
        const auto late = std::chrono::floor<std::chrono::milliseconds>(now_ - spawn.key.due);
        add_number(out_, "late_ms", late.count());
    }
    void operator()(const RunPostponed& fact) {
        const engine::Postpone& postpone = fact.postpone;
        add_run(*postpone.entry, postpone.key);
        engine::Outcome outcome;
        outcome.launch_error = postpone.error;
        add_text(out_, "reason", failure_text(outcome));
        add_seconds("delay_s", postpone.delay);
    }
    void operator()(const RunRetried& fact) {
        const engine::Retry& retry = fact.retry;
        add_run(*retry.entry, retry.key, retry.attempt, retry.cause);
        add_outcome(retry.outcome, fact.pid);
        add_seconds("delay_s", retry.delay);
    }
    void operator()(const RunFinished& fact) {
        const engine::Finish& finish = fact.finish;
        add_run(*finish.entry, finish.key, finish.attempt, finish.cause);
        add_outcome(finish.outcome, fact.pid);
    }
    void operator()(const DueNotRun& fact) {
        const engine::Verdict& verdict = fact.verdict;
        const JobId& job = verdict.key.job;
        add_job(out_, job, job.owner(), short_name(job));
        add_due("first", verdict.first);
        add_due("due", verdict.key.due);
        add_number(out_, "count", static_cast<std::int64_t>(verdict.count));
        if (verdict.fate == engine::Fate::merged) add_due("into", verdict.into);
    }
    void operator()(const RunLost& fact) {
        add_job(out_, fact.key.job, fact.key.job.owner(), short_name(fact.key.job));
        add_text(out_, "run", engine::run_id(fact.key));
        add_due("due", fact.key.due);
        add_text(out_, "reason", fact.why);
    }
    void operator()(const RunAdopted& fact) {
        add_run(*fact.spawn.entry, fact.spawn.key, fact.spawn.attempt, fact.spawn.cause);
        add_number(out_, "pid", fact.pid);
    }
    void operator()(const RunLeft& fact) {
        add_run(*fact.spawn.entry, fact.spawn.key, fact.spawn.attempt, fact.spawn.cause);
        add_number(out_, "pid", fact.pid);
    }

  private:
    void add_run(const crontab::Entry& entry, const engine::RunKey& key) {
        add_job(out_, entry.id, entry.user, short_name(entry));
        add_text(out_, "run", engine::run_id(key));
        add_text(out_, "due", calendar::print_instant(key.due, entry.zone));
    }
    void add_run(const crontab::Entry& entry, const engine::RunKey& key, std::uint32_t attempt,
                 engine::Cause cause) {
        add_run(entry, key);
        add_number(out_, "attempt", attempt);
        add_text(out_, "cause", word_of(cause));
    }

    void add_outcome(const engine::Outcome& outcome, int pid) {
        if (pid != 0) add_number(out_, "pid", pid);
        if (outcome.kind == engine::Outcome::Kind::exited) add_end(outcome);
        if (!outcome.is_success()) add_text(out_, "reason", failure_text(outcome));
    }

    void add_end(const engine::Outcome& outcome) {
        if (outcome.started) add_instant("start", *outcome.started);
        add_instant("end", outcome.ended);
        add_seconds("duration_s", outcome.duration);
        const engine::ExitStatus& status = outcome.status;
        if (status.is_known) {
            add_number(out_, status.signalled ? "signal" : "exit_status", status.value);
        }
        const bool is_unknown = !status.is_known && outcome.ended_by == engine::EndedBy::itself;
        add_text(out_, "outcome",
                 outcome.is_success() ? "success" : (is_unknown ? "unknown" : "failure"));
        if (outcome.ended_by != engine::EndedBy::itself) {
            add_text(out_, "ended_by", word_of(outcome.ended_by));
        }
        add_seconds("cpu_s", outcome.usage.cpu_time);
        add_count("peak_memory_bytes", outcome.usage.peak_memory_bytes);
        add_count("output_bytes", outcome.printed.bytes);
        if (outcome.printed.left_out_bytes > 0) {
            add_count("dropped_bytes", outcome.printed.left_out_bytes);
        }
    }

    void add_instant(std::string_view key, Instant instant) {
        add_text(out_, key, clock_.read(instant));
    }
    void add_due(std::string_view key, Instant due) {
        add_text(out_, key, calendar::print_instant(due, clock_.zone()));
    }
    void add_seconds(std::string_view key, microseconds duration) {
        add_value(out_, key, seconds_text(duration));
    }
    void add_count(std::string_view key, std::uint64_t count) {
        add_number(out_, key, static_cast<std::int64_t>(count));
    }

    std::string& out_;
    Clockface& clock_;
    Instant now_;
};

// A failure is more than news, whatever the log makes of it.
Level level_of(const RunFact& fact, Level level) {
    const auto* const finished = std::get_if<RunFinished>(&fact);
    if (finished == nullptr || level != Level::info) return level;
    const engine::Outcome& outcome = finished->finish.outcome;
    return outcome.is_of_run() && !outcome.is_success() ? Level::warning : level;
}

class JsonFormat : public RunFormat {
  public:
    // Its names are those of the log, to which it leaves what only its debug level tells.
    std::optional<Told> tell(const RunFact& fact, Instant now) override {
        const std::vector<Record> records = records_of(fact, now, Customs());
        const Record& record = records.front();
        if (record.level == Level::debug) return std::nullopt;
        Told told;
        begin(told.text, clock_.read(now));
        add_text(told.text, "level", name_of(level_of(fact, record.level)));
        add_text(told.text, "event", record.event);
        std::visit(Members(told.text, clock_, now), fact);
        close_object(told.text);
        return told;
    }

    SourceLines lines_of(const Source& source) override {
        return {source.stream, std::make_unique<JsonWriter>(source, clock_)};
    }

    void set_zone(const calendar::Zone& zone) override { clock_.set_zone(zone); }

  private:
    Clockface clock_;
};

}  // namespace

std::unique_ptr<RunFormat> make_json_format() { return std::make_unique<JsonFormat>(); }

}  // namespace cron::daemon
