#include "daemon/supercronic.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "calendar/rfc3339.h"
#include "compat/go_text.h"
#include "compat/messages.h"
#include "daemon/facts.h"
#include "daemon/log_logrus.h"
#include "engine/run_variables.h"

namespace cron::daemon {
namespace {

compat::Style style_of(const compat::Flags& flags) {
    return flags.json ? compat::Style::json : compat::Style::text;
}

compat::Field number(std::string key, std::uint64_t value) {
    return {std::move(key), fmt::to_string(value), true};
}

Record record_of(Level level, std::string_view event, std::string message) {
    Record record{level, event, {}, {}, 0};
    record.fields.push_back({"message", std::move(message)});
    return record;
}

Level level_of(engine::Outcome::Kind kind) {
    return kind == engine::Outcome::Kind::withdrawn ? Level::info : Level::warning;
}

}  // namespace

// ---- what runs print ----

class Supercronic::Writer : public LineWriter {
  public:
    Writer(Supercronic& owner, std::vector<compat::Field> fields)
        : owner_(owner),
          is_wanted_(owner.log_.accepts(Level::info)),
          line_(owner.style_, compat::Level::info, fields),
          gap_(owner.style_, compat::Level::warning, std::move(fields)) {}

    void append(std::string& out, const process::OutputLine& line, Instant now) override {
        if (is_wanted_) line_.append(out, line.text, owner_.times_.write(now));
    }

    void append_gap(std::string& out, const Gap& gap, Instant now) override {
        gap_.append(out, fmt::format("{} lines ({} bytes) dropped", gap.lines, gap.bytes),
                    owner_.times_.write(now));
    }

  private:
    Supercronic& owner_;
    bool is_wanted_;
    compat::Line line_;
    compat::Line gap_;
};

SourceLines Supercronic::lines_of(const Source& source) {
    if (flags_.passthrough_logs) return raw_->lines_of(source);
    // A hook follows the end of its run, which is forgotten by then.
    const std::uint64_t next = jobs_.job(source.entry).next_iteration;
    const std::uint64_t iteration = source.is_hook ? next - std::min<std::uint64_t>(next, 1)
                                                   : jobs_.run(source.entry, source.key).iteration;
    auto fields = run_fields(source.entry, source.key, source.attempt, iteration);
    fields.push_back({"channel", source.stream == Stream::output ? "stdout" : "stderr", false});
    return {stream_for(Level::info), std::make_unique<Writer>(*this, std::move(fields))};
}

// ---- what happens to them ----

class Supercronic::Teller {
  public:
    Teller(Supercronic& owner, Instant now) : owner_(owner), now_(now) {}

    using Answer = std::optional<Told>;

    Answer operator()(const RunStarted& fact) {
        const crontab::Entry& entry = *fact.spawn.entry;
        const engine::RunKey& key = fact.spawn.key;
        const compat::LiveRun* const last = owner_.jobs_.job(entry).running_before(key.due);
        if (last != nullptr) {
            owner_.jobs_.exceeded_deadline(entry);
            owner_.log_.write(still_running(entry, *last, key.due, true), now_);
        }
        owner_.jobs_.started(entry, key);
        auto fields = owner_.run_fields(entry, key, fact.spawn.attempt,
                                        owner_.jobs_.run(entry, key).iteration);
        add(fields, "pid", fact.pid);
        return owner_.line(Level::info, std::move(fields), "starting", now_);
    }

    Answer operator()(const RunFinished& fact) {
        const engine::Finish& finish = fact.finish;
        return finish.outcome.is_of_run() ? ended(finish, fact.pid) : not_started(finish);
    }

    Answer operator()(const RunRetried& fact) {
        const engine::Retry& retry = fact.retry;
        const std::uint64_t iteration = owner_.jobs_.run(*retry.entry, retry.key).iteration;
        owner_.jobs_.failed(*retry.entry, retry.key, retry.outcome.duration);
        auto fields = owner_.run_fields(*retry.entry, retry.key, retry.attempt, iteration);
        add_end(fields, retry.outcome, fact.pid);
        return owner_.line(
            Level::error, std::move(fields),
            fmt::format("{}, again in {} s",
                        compat::end_message(retry.outcome, failure_text(retry.outcome)),
                        seconds_text(retry.delay)),
            now_);
    }

    // Supercronic has no words for the rest.
    template <class Fact>
    Answer operator()(const Fact&) {
        return std::nullopt;
    }

  private:
    // Ours: text has what supercronic's has.
    void add(std::vector<compat::Field>& fields, const char* key, int value) const {
        if (owner_.style_ == compat::Style::json && value != 0) {
            fields.push_back({key, fmt::to_string(value), true});
        }
    }

    void add_end(std::vector<compat::Field>& fields, const engine::Outcome& outcome,
                 int pid) const {
        add(fields, "pid", pid);
        if (owner_.style_ != compat::Style::json) return;
        if (outcome.kind != engine::Outcome::Kind::exited) return;
        fields.push_back({"duration_s", seconds_text(outcome.duration), true});
        if (!outcome.status.is_known) return;
        fields.push_back({outcome.status.signalled ? "signal" : "exit_status",
                          fmt::to_string(outcome.status.value), true});
    }

    Answer ended(const engine::Finish& finish, int pid) {
        const crontab::Entry& entry = *finish.entry;
        const std::uint64_t iteration = owner_.jobs_.run(entry, finish.key).iteration;
        auto fields = owner_.run_fields(entry, finish.key, finish.attempt, iteration);
        add_end(fields, finish.outcome, pid);
        owner_.jobs_.finished(entry, finish.key, finish.outcome);
        const Level level = finish.outcome.is_success() ? Level::info : Level::error;
        return owner_.line(level, std::move(fields),
                           compat::end_message(finish.outcome, failure_text(finish.outcome)), now_);
    }

    Answer not_started(const engine::Finish& finish) {
        const crontab::Entry& entry = *finish.entry;
        const bool is_skipped = finish.outcome.kind == engine::Outcome::Kind::skipped;
        const compat::LiveRun* const last =
            is_skipped ? owner_.jobs_.job(entry).running_before(finish.key.due) : nullptr;
        Record record;
        if (last != nullptr) {
            owner_.jobs_.exceeded_deadline(entry);
            record = still_running(entry, *last, finish.key.due, false);
        } else {
            record = about(entry, level_of(finish.outcome.kind), "not-started",
                           "not starting: " + failure_text(finish.outcome));
        }
        owner_.jobs_.finished(entry, finish.key, finish.outcome);
        owner_.log_.write(record, now_);
        return Told{};
    }

    Record about(const crontab::Entry& entry, Level level, std::string_view event,
                 std::string message) {
        Record record = record_of(level, event, std::move(message));
        const compat::Job& job = owner_.jobs_.job(entry);
        record.fields.push_back({"job.command", job.command});
        record.fields.push_back({"job.position", static_cast<std::int64_t>(job.position)});
        record.fields.push_back({"job.schedule", job.schedule});
        return record;
    }

    Record still_running(const crontab::Entry& entry, const compat::LiveRun& last, Instant due,
                         bool is_started) {
        Record record = about(entry, Level::warning, "still-running",
                              compat::still_running(is_started, last.due, entry.zone,
                                                    std::chrono::floor<seconds>(due - last.due)));
        record.fields.push_back({"iteration", static_cast<std::int64_t>(last.iteration)});
        return record;
    }

    Supercronic& owner_;
    Instant now_;
};

Supercronic::Supercronic(const compat::Flags& flags, Log& log)
    : flags_(flags), style_(style_of(flags)), log_(log), raw_(make_raw_format()) {}

std::optional<Told> Supercronic::tell(const RunFact& fact, Instant now) {
    return std::visit(Teller(*this, now), fact);
}

Stream Supercronic::stream_for(Level level) const {
    return flags_.split_logs && level > Level::warning ? Stream::output : Stream::error;
}

Told Supercronic::line(Level level, std::vector<compat::Field> fields, std::string_view message,
                       Instant now) {
    Told told{stream_for(level), {}};
    if (log_.accepts(level)) {
        compat::Line(style_, logrus_level(level), std::move(fields))
            .append(told.text, message, times_.write(now));
    }
    return told;
}

std::vector<compat::Field> Supercronic::job_fields(const crontab::Entry& entry) {
    const compat::Job& job = jobs_.job(entry);
    return {{"job.command", job.command, false},
            number("job.position", job.position),
            {"job.schedule", job.schedule, false}};
}

std::vector<compat::Field> Supercronic::run_fields(const crontab::Entry& entry,
                                                   const engine::RunKey& key, std::uint32_t attempt,
                                                   std::uint64_t iteration) {
    auto fields = job_fields(entry);
    fields.push_back(number("iteration", iteration));
    if (style_ == compat::Style::text) return fields;
    fields.push_back({"job", short_name(entry), false});
    fields.push_back({"run", engine::run_id(key), false});
    fields.push_back({"due", calendar::print_instant(key.due, entry.zone), false});
    fields.push_back(number("attempt", attempt));
    return fields;
}

// ---- what happens to the daemon ----

Record crontab_read(std::string_view crontab) {
    return record_of(Level::info, "crontab-read", fmt::format("read crontab: {}", crontab));
}

Record crontab_valid() { return record_of(Level::info, "crontab-valid", "crontab is valid"); }

Record told_to_reload(int signal) {
    return record_of(Level::info, "reload", compat::received(signal, true));
}

Record told_to_stop(int signal) {
    return record_of(Level::info, "stopping", compat::received(signal, false));
}

Record waits_for_jobs() { return record_of(Level::info, "waiting", "waiting for jobs to finish"); }

Record exits() { return record_of(Level::info, "stopped", "exiting"); }

std::optional<Record> sentry_refused(const compat::Flags& flags, bool is_in_environment) {
    const bool is_asked = is_in_environment || !flags.sentry_dsn.empty();
    if (!is_asked) return std::nullopt;
    return record_of(Level::warning, "sentry-refused",
                     "nothing is sent to Sentry: CRON_ON_FAILURE in the crontab is what a failure "
                     "can run instead");
}

std::string fatal_line(const compat::Flags& flags, std::string_view message, Instant now,
                       const calendar::Zone& zone) {
    std::string time;
    compat::append_time(time, now, zone);
    std::string text;
    compat::Line(style_of(flags), compat::Level::fatal, {}).append(text, message, time);
    return text;
}

}  // namespace cron::daemon
