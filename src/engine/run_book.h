// The runs that have a verdict and no outcome yet, and what each of them waits for.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "crontab/table.h"
#include "engine/run.h"

namespace cron::engine {

struct Run {
    enum class Stage {
        asked,     // the ledger has not answered
        granted,   // waits for its second
        waiting,   // its start failed and is tried again
        starting,  // ordered
        running,
    };

    RunNumber number = 0;
    RunKey key;
    std::shared_ptr<const crontab::Entry> entry;
    Cause cause = Cause::schedule;
    Instant start_at{};  // its due time; for what is not due by the clock: at once
    std::uint32_t attempt = 1;
    Stage stage = Stage::asked;
    std::optional<Instant> started;
    Monotonic started_monotonic{};
    unsigned failed_starts = 0;
    LaunchError last_error;
    Monotonic try_again{};  // waiting only

    // A process exists or is about to.
    bool is_alive() const { return stage == Stage::starting || stage == Stage::running; }
};

// Numbers runs and keeps them by stage. References stay good until close().
class RunBook {
  public:
    Run& open(const RunKey& key, const std::shared_ptr<const crontab::Entry>& entry, Cause cause);
    Run* find(RunNumber number);
    void close(RunNumber number);

    void grant(Run& run);
    void start(Run& run);
    void set_running(Run& run);
    // The start did not happen: the run waits until `at`.
    void postpone(Run& run, Monotonic at);

    std::optional<Instant> next_start() const;
    std::optional<Monotonic> next_try() const;
    // The granted runs whose time is not after `now`, by that time, then by number.
    std::vector<RunNumber> due_to_start(Instant now) const;
    std::vector<RunNumber> due_to_try(Monotonic now) const;

    std::size_t alive() const { return alive_; }
    std::size_t alive(const JobId& job) const;
    // In the order of their numbers.
    std::vector<RunNumber> all_pending() const;
    std::vector<RunNumber> all_starting() const;
    std::vector<RunNumber> all_running() const;

  private:
    void leave_stage(Run& run);
    std::vector<RunNumber> numbers_of(bool (*matches)(const Run&)) const;

    std::unordered_map<RunNumber, Run> runs_;
    std::set<std::pair<Instant, RunNumber>> granted_;
    std::set<std::pair<Monotonic, RunNumber>> waiting_;
    std::map<JobId, std::size_t> alive_by_job_;
    std::size_t alive_ = 0;
    RunNumber last_number_ = 0;
};

}  // namespace cron::engine
