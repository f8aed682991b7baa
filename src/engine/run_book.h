// The runs that have a verdict and no outcome yet, and what each of them waits for.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "crontab/table.h"
#include "engine/run.h"

namespace cron::engine {

struct Run {
    enum class Stage {
        asked,     // the ledger has not answered
        granted,   // waits for its second
        delayed,   // waits for its jitter to pass
        held,      // waits for the end of another run of its job
        queued,    // waits for its turn at the gates
        waiting,   // its start failed and is tried again
        retrying,  // it failed and is tried again
        starting,  // ordered
        running,
    };

    RunNumber number = 0;
    RunKey key;
    std::shared_ptr<const crontab::Entry> entry;
    Cause cause = Cause::schedule;
    Instant start_at{};   // its due time; for what is not due by the clock: at once
    Instant late_from{};  // from when its lateness counts: its due time, or when a wait by the
                          // rules was over
    Monotonic ready{};    // when it began to wait for other runs and its turn
    std::uint32_t attempt = 1;
    Stage stage = Stage::asked;
    std::optional<Instant> started;
    Monotonic started_monotonic{};
    unsigned failed_starts = 0;
    LaunchError last_error;
    int pid = 0;
    Monotonic wake_at{};                  // waiting and retrying only
    std::optional<Outcome> last_outcome;  // of the attempt before
    EndedBy ended_by = EndedBy::itself;
    std::optional<Monotonic> end_step;  // running only: when it is told to end, or killed
    bool is_told_to_end = false;        // TERM was sent
    bool is_unclaimed = false;          // adopted, and its table is not there yet

    // A process exists or is about to.
    bool is_alive() const { return stage == Stage::starting || stage == Stage::running; }
    // It has failed and is to be tried again, whatever that waits for. It counts as alive for
    // overlap.
    bool is_pending_retry() const { return attempt > 1 && !is_alive(); }
    // It was due and waits to start: a newer due time of the job has nothing to add.
    bool is_waiting() const {
        return attempt == 1 && (stage == Stage::delayed || stage == Stage::held ||
                                stage == Stage::queued || stage == Stage::waiting);
    }
    // It follows the clock and its schedule; what was let in by them does not any more.
    bool is_ahead() const {
        return attempt == 1 && cause != Cause::manual &&
               (stage == Stage::asked || stage == Stage::granted || stage == Stage::delayed ||
                stage == Stage::waiting);
    }
};

// Numbers runs and keeps them by stage. References stay good until close().
class RunBook {
  public:
    Run& open(const RunKey& key, const std::shared_ptr<const crontab::Entry>& entry, Cause cause);
    Run* find(RunNumber number);
    const Run* find(RunNumber number) const;
    void close(RunNumber number);

    void grant(Run& run);
    void delay(Run& run, Instant until);
    void hold(Run& run);
    void queue(Run& run);
    void start(Run& run);
    void set_running(Run& run);
    // It was started by a daemon before.
    void adopt(Run& run);
    // Its start did not happen, or it failed: it waits until `at`.
    void wait(Run& run, Run::Stage stage, Monotonic at);
    // When to look at a running run again; none: not before it ends.
    void set_end_step(Run& run, std::optional<Monotonic> at);

    std::optional<Instant> next_start() const;
    std::optional<Monotonic> next_try() const;
    std::optional<Monotonic> next_end_step() const;
    // The delayed, then the granted runs whose time is not after `now`, by that time, then by
    // number: an older run of a job is dealt with before what could be merged into it.
    std::vector<RunNumber> due_to_start(Instant now) const;
    // The waiting and retrying ones.
    std::vector<RunNumber> due_to_try(Monotonic now) const;
    std::vector<RunNumber> due_to_end(Monotonic now) const;

    std::size_t alive() const { return alive_; }
    std::size_t alive(const JobId& job) const;
    std::vector<RunNumber> all_alive(const JobId& job) const;
    // In the order of their numbers.
    std::vector<RunNumber> all_pending() const;
    std::vector<RunNumber> all_starting() const;
    std::vector<RunNumber> all_running() const;
    std::vector<RunNumber> all_queued() const { return {queued_.begin(), queued_.end()}; }
    std::vector<RunNumber> all_held() const { return {held_.begin(), held_.end()}; }

  private:
    using ByMonotonic = std::set<std::pair<Monotonic, RunNumber>>;

    void enter(Run& run, Run::Stage stage);
    void leave_stage(Run& run);
    std::vector<RunNumber> numbers_of(bool (*matches)(const Run&)) const;

    std::unordered_map<RunNumber, Run> runs_;
    std::set<std::pair<Instant, RunNumber>> by_clock_;  // granted, delayed
    ByMonotonic tries_;
    ByMonotonic end_steps_;
    std::set<RunNumber> held_;
    std::set<RunNumber> queued_;
    std::map<JobId, std::set<RunNumber>> alive_by_job_;
    std::size_t alive_ = 0;
    RunNumber last_number_ = 0;
};

}  // namespace cron::engine
