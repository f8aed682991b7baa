// Rules of runs: started once, granted first, in order, not too early or too late, alone where that
// is asked; each with one outcome, and that one for cause.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "rule_checker.h"
#include "trace.h"

namespace cron::sim {

class RunChecker {
  public:
    RunChecker(Trace& trace, const RuleChecker& rules, const engine::Limits& limits)
        : trace_(trace), rules_(rules), limits_(limits) {}

    // The engine lives no longer, and forgot its runs.
    void on_gone();
    // What was decided is not known any more.
    void on_forgotten() { last_started_.clear(); }
    // Runs of an engine before go on.
    void on_started(const engine::Started& event, const Now& now);
    void on_adopt(const engine::Adopt& adopt, const Now& now);
    // Before the engine is told.
    void on_event(const engine::Event& event, const Now& now);
    // After all that follows from the event was carried out.
    void on_handled();

    void on_decide(const engine::Decide& decide, const Now& now);
    void on_answered(const engine::Decide& decide, const engine::Decided& answer);
    void on_open_pass() { cause_ = Change::clock; }
    // True: it did not wait for anything but the clock.
    bool on_spawn(const engine::Spawn& spawn, const Now& now);
    void on_postpone(const engine::Postpone& postpone, const Now& now);
    void on_retry(const engine::Retry& retry, const Now& now);
    void on_finish(const engine::Finish& finish, const Now& now);
    void on_deliver(const engine::Deliver& deliver);

    // Nothing more happens at this instant.
    void on_quiet(const Now& now);
    void on_snapshot(const engine::Snapshot& snapshot);
    // The wall clock changes: what waits for something else by now goes on to do so.
    void on_clock(const Now& now);
    // From here on nothing fails: what falls due later starts in its second.
    void set_calm_since(Instant instant) { calm_since_ = instant; }

    // A process exists, by the engine's knowledge.
    std::size_t alive() const { return alive_count_; }
    std::size_t open() const { return open_.size(); }
    // Of them, those of engines before that were not taken over.
    std::size_t unplaced() const { return unplaced_.size(); }
    std::uint64_t runs() const { return runs_; }
    std::uint64_t asked() const { return runs_asked_; }

  private:
    using Key = std::tuple<std::size_t, Instant, engine::Pass>;  // the first: the job's number
    enum class Stage { idle, alive, waiting, retrying };
    enum class Change { none, tables, clock, stop, failed_start, answer, placed };

    struct Run {
        std::uint64_t batch = 0;  // 0: it was granted to an engine before
        bool granted = false;
        bool refused = false;
        bool waited = false;  // for another run, or for room
        bool failed = false;  // and was to be tried again
        engine::Cause cause = engine::Cause::schedule;
        Stage stage = Stage::idle;
        engine::RunNumber number = 0;
        Monotonic try_at{};          // waiting and retrying only
        microseconds retry_delay{};  // of one of an engine before: at most so long
        Instant retry_at{};
        std::optional<Instant> launched;
        Monotonic launched_monotonic{};
    };

    Key key_of(const engine::RunKey& key);
    Run* find(engine::RunNumber number);
    void die(Run& run, std::size_t job);
    bool ends_second(const engine::Finish& finish, const Key& key);
    std::size_t alive(std::size_t job) const;
    void fail(std::string_view checker, const Key& key, std::string_view what);
    void check_reason(const engine::Finish& finish, const Run& run, const Key& key, const Now& now);
    bool is_dropped(const JobId& job, const Key& key, engine::Cause cause, const Now& now) const;
    bool has_other(const JobId& job, const Key& key, const Now& now) const;
    void place(const Now& now);
    void expect_asked(const JobId& job);
    void check_asked(const engine::Verdict& verdict, const Now& now);
    void rename_refused(std::uint64_t batch);
    bool may_withdraw_asked(const Run& run, const JobId& job) const;
    // By its name: a moment that no schedule has.
    static bool is_asked(const Key& key) {
        return std::get<1>(key) != floor_seconds(std::get<1>(key));
    }
    // Its time has come by the clock. What was asked for has no other time than now.
    static bool is_due(const Key& key, const Now& now) {
        return is_asked(key) || std::get<1>(key) <= now.instant;
    }
    static std::pair<Instant, Key> ready(const Key& key) {
        return {is_asked(key) ? Instant::min() : std::get<1>(key), key};
    }
    bool is_unclaimed(const Key& key, const Now& now) const;
    bool must_start(const Key& key, const Now& now);
    void stop_waiting(Run& run, const Key& key);

    Trace& trace_;
    const RuleChecker& rules_;
    engine::Limits limits_;
    std::map<JobId, std::size_t> jobs_;
    std::vector<JobId> ids_;   // by number
    std::map<Key, Run> open_;  // asked for, without an outcome
    std::unordered_map<engine::RunNumber, Key> by_number_;
    std::unordered_map<std::uint64_t, std::vector<Key>> batches_;
    // Asked for again while they are open, by a schedule that is new: the ledger must refuse.
    std::map<Key, std::uint64_t> again_;
    std::map<JobId, std::size_t> asked_;       // runs without a verdict: by the event at hand
    std::set<std::pair<Instant, Key>> ready_;  // granted, and the engine knows it
    std::map<std::pair<std::size_t, engine::Pass>, Instant> last_started_;  // over all engines
    std::unordered_map<std::size_t, std::size_t> alive_;
    std::unordered_map<std::size_t, std::size_t> waiting_;
    std::set<std::pair<Monotonic, Key>> tries_;  // of those that wait
    std::set<Key> unplaced_;  // of engines before, whose tables are not there yet
    Monotonic started_at_{};  // the engine
    std::size_t alive_count_ = 0;
    std::optional<engine::RunNumber> ended_;      // by the event at hand
    std::optional<engine::RunNumber> delivered_;  // the same
    Change cause_ = Change::none;
    bool stopping_ = false;
    std::optional<Instant> calm_since_;
    std::uint64_t runs_ = 0;
    std::uint64_t runs_asked_ = 0;
};

}  // namespace cron::sim
