#include "ledger/store.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "ledger/job_rows.h"
#include "ledger/schema.h"
#include "ledger/spelling.h"
#include "ledger/state_row.h"

namespace cron::ledger {
namespace {

using engine::Cause;
using engine::Fate;
using engine::Outcome;

// One clause of why, of what the outcome has.
std::string reason_of(const Outcome& outcome) {
    if (!outcome.reason.empty() || outcome.launch_error.stage.empty()) return outcome.reason;
    return fmt::format("{}: errno {}", outcome.launch_error.stage, outcome.launch_error.error);
}

// How an attempt ended.
struct End {
    const engine::RunKey& key;
    Cause cause = Cause::schedule;
    std::uint32_t attempt = 1;
    const Outcome& outcome;
    std::optional<Instant> retry_at;  // none: it was the last
};

}  // namespace

class Store::State {
  public:
    static Result<std::unique_ptr<State>> open(const Options& options);

    Result<engine::Decided> decide(const engine::Decide& order);
    Result<void> open_pass(const engine::OpenPass& order);
    Result<void> finish(const std::vector<engine::Finish>& orders);
    Result<void> retry(const engine::Retry& order);
    Result<engine::Memory> recall();
    Result<void> adopt(const engine::Memory& memory);
    Result<bool> prune(const Retention& retention);
    Result<std::vector<OpenRun>> open_runs() { return read_open_runs(database_); }
    Result<void> lose(const std::vector<OpenRun>& runs, const std::string& reason);
    const std::string& id() const { return row_.ledger_id; }

  private:
    explicit State(Database database) : database_(std::move(database)) {}

    Result<void> prepare();
    void begin_boot(const Options& options);
    Result<void> write_row() { return write_state(database_, row_); }
    Result<void> read_passes();
    Result<void> know(const engine::KnownJob& known);
    Result<bool> claim(std::int64_t job, const engine::Verdict& verdict);
    Result<void> add_pass(const engine::OpenPass& order);
    Result<void> add_run(std::int64_t job, const engine::Verdict& verdict);
    Result<bool> take(const engine::Verdict& verdict);
    Result<void> finish(const engine::Finish& order);
    Result<void> write_end(const End& end);
    template <class Body>
    Result<void> in_transaction(Body body);

    Database database_;
    Statement claim_, add_run_, finish_;
    std::optional<JobRows> jobs_;  // there from prepare() on
    StateRow row_;
    engine::Passes passes_;
    bool same_boot_ = false;
    Pruning pruning_;
};

Result<std::unique_ptr<Store::State>> Store::State::open(const Options& options) {
    auto database = Database::open({options.path, options.vfs, false});
    if (!database) return tl::unexpected(database.error());
    std::unique_ptr<State> state(new State(*std::move(database)));
    // In the write-ahead log readers and the writer do not wait for each other; FULL syncs it at
    // each commit.
    for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                               "PRAGMA foreign_keys = ON", "PRAGMA temp_store = MEMORY"}) {
        if (auto set = state->database_.run(pragma); !set) return tl::unexpected(set.error());
    }
    if (auto made = prepare_schema(state->database_); !made) return tl::unexpected(made.error());
    if (auto made = state->prepare(); !made) return tl::unexpected(made.error());
    state->begin_boot(options);
    return state;
}

Result<void> Store::State::prepare() {
    const std::pair<Statement*, const char*> statements[] = {
        {&claim_,
         "INSERT INTO decided (job, pass, due) VALUES (?1, ?2, ?3) "
         "ON CONFLICT DO UPDATE SET due = excluded.due WHERE excluded.due > due"},
        {&add_run_,
         "INSERT INTO run (job, due, pass, boot, fate, cause, first, count, into_due) "
         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING"},
        {&finish_,
         "UPDATE run SET attempt = ?5, outcome = ?6, exit_status = ?7, signal = ?8, started = ?9, "
         "ended = ?10, duration = ?11, cpu_time = ?12, peak_memory = ?13, reason = ?14, "
         "retry_at = ?15, pid = ?16, output_bytes = ?17, output_left_out = ?18, success = ?19 "
         // Of those of a boot, which may be one before, the first due time is the true one.
         "WHERE job = ?1 AND due = ?2 AND pass = ?3 AND first = ?4 AND fate = 'start' "
         "AND outcome IS NULL"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = database_.prepare(sql);
        if (!prepared) return tl::unexpected(prepared.error());
        *statement = *std::move(prepared);
    }
    auto row = read_state(database_);
    if (!row) return tl::unexpected(row.error());
    row_ = *std::move(row);
    auto jobs = JobRows::open(database_);
    if (!jobs) return tl::unexpected(jobs.error());
    jobs_ = *std::move(jobs);
    return read_passes();
}

// Numbers the boot if it is a new one. Written with the first verdict in it, not before: until then
// all that is known is of the boot before.
void Store::State::begin_boot(const Options& options) {
    same_boot_ = !options.boot_id.empty() && row_.boot_id == options.boot_id;
    const bool goes_on = same_boot_ && options.boots == Boots::by_id;
    if (goes_on || options.boots == Boots::none) return;
    row_.boot_id = options.boot_id;
    ++row_.boot;
}

template <class Body>
Result<void> Store::State::in_transaction(Body body) {
    const StateRow before = row_;
    const engine::Passes passes_before = passes_;
    auto transaction = Transaction::begin(database_);
    if (!transaction) return tl::unexpected(transaction.error());
    Result<void> done = body();
    if (done) done = transaction->commit();
    if (!done) {
        row_ = before;
        passes_ = passes_before;
        transaction = tl::unexpected(done.error());
        if (auto read = jobs_->read_again(); !read) return read;
    }
    return done;
}

Result<void> Store::State::read_passes() {
    auto statement =
        database_.prepare("SELECT number, fixed_too, set_to FROM pass ORDER BY number");
    if (!statement) return tl::unexpected(statement.error());
    passes_ = {};
    for (auto row = statement->step();; row = statement->step()) {
        if (!row) return tl::unexpected(row.error());
        if (!*row) return {};
        passes_.open(static_cast<engine::Pass>(statement->number(0)), statement->number(1) != 0,
                     to_instant(statement->number(2)));
    }
}

Result<void> Store::State::know(const engine::KnownJob& known) {
    const auto job = jobs_->row_of(known.job);
    if (!job) return tl::unexpected(job.error());
    return jobs_->set_reached(*job, {known.since, passes_.last()});
}

// Whether the due time is after all that was decided of its job and pass.
Result<bool> Store::State::claim(std::int64_t job, const engine::Verdict& verdict) {
    auto claimed = claim_.bind(1, job)
                       .bind(2, std::int64_t{verdict.key.pass})
                       .bind(3, count(verdict.key.due))
                       .run();
    if (!claimed) return tl::unexpected(claimed.error());
    return database_.changes() == 1;
}

Result<void> Store::State::add_run(std::int64_t job, const engine::Verdict& verdict) {
    const bool is_boot = verdict.cause == Cause::boot;
    const auto into = verdict.fate == Fate::merged
                          ? std::optional<std::int64_t>(count(verdict.into))
                          : std::nullopt;
    return add_run_
        .bind(1, job)
        // Of a boot there is one, whatever the clock read at it.
        .bind(2, is_boot ? 0 : count(verdict.key.due))
        .bind(3, is_boot ? 0 : std::int64_t{verdict.key.pass})
        .bind(4, is_boot ? row_.boot : 0)
        .bind_text(5, spelling_of(verdict.fate))
        .bind_text(6, spelling_of(verdict.cause))
        .bind(7, count(verdict.first))
        .bind(8, static_cast<std::int64_t>(verdict.count))
        .bind(9, into)
        .run();
}

// False: it is refused.
Result<bool> Store::State::take(const engine::Verdict& verdict) {
    const auto job = jobs_->row_of(verdict.key.job);
    if (!job) return tl::unexpected(job.error());
    // What is asked for is no due time: it leaves those of its job as they are.
    if (verdict.cause != Cause::boot && verdict.cause != Cause::manual) {
        const Result<bool> claimed = claim(*job, verdict);
        if (!claimed || !*claimed) return claimed;
        auto reached = jobs_->set_reached(*job, {verdict.key.due, verdict.key.pass});
        if (!reached) return tl::unexpected(reached.error());
    }
    if (auto added = add_run(*job, verdict); !added) return tl::unexpected(added.error());
    return database_.changes() == 1;
}

Result<engine::Decided> Store::State::decide(const engine::Decide& order) {
    engine::Decided answer{order.batch, {}};
    const Result<void> done = in_transaction([&]() -> Result<void> {
        for (const engine::KnownJob& known : order.known) {
            if (auto kept = know(known); !kept) return kept;
        }
        for (const engine::Verdict& verdict : order.verdicts) {
            const Result<bool> taken = take(verdict);
            if (!taken) return tl::unexpected(taken.error());
            if (!*taken && verdict.fate == Fate::start) answer.refused.push_back(verdict.key);
        }
        if (order.decided_until) {
            row_.decided_until = order.decided_until;
            row_.fixed_decided_until = std::max(row_.fixed_decided_until, row_.decided_until);
        }
        return write_row();
    });
    if (!done) return tl::unexpected(done.error());
    return answer;
}

Result<void> Store::State::add_pass(const engine::OpenPass& order) {
    auto statement = database_.prepare(
        "INSERT OR REPLACE INTO pass (number, fixed_too, reached, set_to) VALUES (?1, ?2, ?3, ?4)");
    if (!statement) return tl::unexpected(statement.error());
    passes_.open(order.pass, order.fixed_too, order.to);
    return statement->bind(1, std::int64_t{order.pass})
        .bind(2, std::int64_t{order.fixed_too})
        .bind(3, count(order.from))
        .bind(4, count(order.to))
        .run();
}

Result<void> Store::State::open_pass(const engine::OpenPass& order) {
    return in_transaction([&]() -> Result<void> {
        if (auto added = add_pass(order); !added) return added;
        row_.decided_until = order.to;
        if (order.fixed_too) row_.fixed_decided_until = order.to;
        return write_row();
    });
}

Result<void> Store::State::finish(const engine::Finish& order) {
    // What the ledger has refused is on record already, under another fate.
    if (order.outcome.kind == Outcome::Kind::refused) return {};
    return write_end({order.key, order.cause, order.attempt, order.outcome, std::nullopt});
}

Result<void> Store::State::retry(const engine::Retry& order) {
    return in_transaction([&]() -> Result<void> {
        return write_end({order.key, order.cause, order.attempt, order.outcome,
                          order.outcome.ended + order.delay});
    });
}

Result<void> Store::State::write_end(const End& end) {
    const auto job = jobs_->row_of(end.key.job);
    if (!job) return tl::unexpected(job.error());
    const Outcome& outcome = end.outcome;
    const bool is_boot = end.cause == Cause::boot;
    const bool has_ended = outcome.kind == Outcome::Kind::exited;
    const bool is_known = has_ended && outcome.status.is_known;
    const auto value = std::int64_t{outcome.status.value};
    const auto given = [](bool is_given, std::int64_t number) {
        return is_given ? std::optional<std::int64_t>(number) : std::nullopt;
    };
    const std::string reason = reason_of(outcome);
    finish_.bind(1, *job)
        .bind(2, is_boot ? 0 : count(end.key.due))
        .bind(3, is_boot ? 0 : std::int64_t{end.key.pass})
        .bind(4, count(end.key.due))
        .bind(5, std::int64_t{end.attempt})
        .bind(7, given(is_known && !outcome.status.signalled, value))
        .bind(8, given(is_known && outcome.status.signalled, value))
        .bind(9, count(outcome.started))
        .bind(10, count(outcome.ended))
        .bind(11, given(has_ended, outcome.duration.count()))
        .bind(12, given(has_ended, outcome.usage.cpu_time.count()))
        .bind(13, given(has_ended, static_cast<std::int64_t>(outcome.usage.peak_memory_bytes)))
        .bind_text(14, reason)
        .bind(15, count(end.retry_at))
        .bind(16, given(outcome.pid > 0, outcome.pid))
        .bind(17, given(has_ended, static_cast<std::int64_t>(outcome.printed.bytes)))
        .bind(18, given(has_ended, static_cast<std::int64_t>(outcome.printed.left_out_bytes)))
        .bind(19, given(has_ended, std::int64_t{outcome.is_success()}));
    // A run that is tried again has no outcome yet.
    if (end.retry_at) {
        finish_.bind(6, std::optional<std::int64_t>());
    } else {
        finish_.bind_text(6, spelling_of(outcome.kind));
    }
    return finish_.run();
}

Result<void> Store::State::finish(const std::vector<engine::Finish>& orders) {
    return in_transaction([&]() -> Result<void> {
        for (const engine::Finish& order : orders) {
            if (auto finished = finish(order); !finished) return finished;
        }
        return {};
    });
}

Result<void> Store::State::lose(const std::vector<OpenRun>& runs, const std::string& reason) {
    return in_transaction([&]() -> Result<void> {
        for (const OpenRun& run : runs) {
            if (auto lost = ledger::lose(database_, run, reason); !lost) return lost;
        }
        return {};
    });
}

Result<engine::Memory> Store::State::recall() {
    engine::Memory memory;
    memory.decided_until = row_.decided_until;
    memory.fixed_decided_until = row_.fixed_decided_until;
    memory.passes = passes_;
    memory.same_boot = same_boot_;
    auto jobs = jobs_->recall();
    if (!jobs) return tl::unexpected(jobs.error());
    memory.jobs = *std::move(jobs);
    return memory;
}

Result<void> Store::State::adopt(const engine::Memory& memory) {
    return in_transaction([&]() -> Result<void> {
        row_.decided_until = std::max(row_.decided_until, memory.decided_until);
        row_.fixed_decided_until = std::max(row_.fixed_decided_until, memory.fixed_decided_until);
        for (const auto& [id, job] : memory.jobs) {
            const auto row = jobs_->row_of(id);
            if (!row) return tl::unexpected(row.error());
            if (auto reached = jobs_->set_reached(*row, job); !reached) return reached;
            engine::Verdict verdict;
            verdict.key = {id, job.reached, job.reached_in};
            if (auto claimed = claim(*row, verdict); !claimed) {
                return tl::unexpected(claimed.error());
            }
        }
        return write_row();
    });
}

Result<bool> Store::State::prune(const Retention& retention) {
    bool is_more = false;
    const Result<void> done = in_transaction([&]() -> Result<void> {
        const auto step = pruning_.step(database_, retention);
        if (!step) return tl::unexpected(step.error());
        is_more = *step;
        return {};
    });
    if (!done) return tl::unexpected(done.error());
    return is_more;
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const Options& options) {
    auto state = State::open(options);
    if (!state) return tl::unexpected(state.error());
    return Store(*std::move(state));
}

Result<engine::Decided> Store::decide(const engine::Decide& order) { return state_->decide(order); }
Result<void> Store::open_pass(const engine::OpenPass& order) { return state_->open_pass(order); }
Result<void> Store::finish(const std::vector<engine::Finish>& orders) {
    return state_->finish(orders);
}
Result<void> Store::retry(const engine::Retry& order) { return state_->retry(order); }
Result<engine::Memory> Store::recall() { return state_->recall(); }
Result<void> Store::adopt(const engine::Memory& memory) { return state_->adopt(memory); }
Result<std::vector<OpenRun>> Store::open_runs() { return state_->open_runs(); }
Result<void> Store::lose(const std::vector<OpenRun>& runs, const std::string& reason) {
    return state_->lose(runs, reason);
}
const std::string& Store::id() const { return state_->id(); }
Result<bool> Store::prune(const Retention& retention) { return state_->prune(retention); }

}  // namespace cron::ledger
