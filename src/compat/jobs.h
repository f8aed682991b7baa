// The jobs of the crontab as supercronic's log and metrics know them: by their place in it, with
// their runs counted. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "crontab/table.h"
#include "engine/run.h"

namespace cron::compat {

// The upper bounds of what a run takes; the last bucket has none.
inline constexpr std::array<seconds, 8> kDurationBounds = {seconds{10}, seconds{30}, minutes{1},
                                                           minutes{2},  minutes{5},  minutes{10},
                                                           minutes{30}, hours{1}};

struct Counts {
    std::uint64_t executions = 0;
    std::uint64_t successes = 0;
    std::uint64_t failures = 0;
    std::uint64_t deadlines_exceeded = 0;  // due while an earlier run lived
    std::array<std::uint64_t, kDurationBounds.size() + 1> durations{};  // each run in one bucket
    double duration_sum_s = 0;
};

struct LiveRun {
    Instant due{};
    std::uint64_t iteration = 0;
    bool is_running = false;  // else its process is not made yet
};

struct Job {
    std::size_t position = 0;  // in the crontab, from 0
    std::string command;
    std::string schedule;
    bool is_loaded = false;  // else it is not in the crontab any more, and goes with the next that
                             // is read, if no run lives
    std::uint64_t next_iteration = 0;
    std::map<std::pair<engine::Pass, Instant>, LiveRun> runs;
    Counts counts;

    std::size_t running() const;
    // The last of the running ones that was due before `due`; null if there is none.
    const LiveRun* running_before(Instant due) const;
};

class Jobs {
  public:
    // These are all there are. Who was here before goes on with its counts.
    void load(const crontab::Entries& entries);
    // The run of this key, which gets the next iteration when it is first named.
    LiveRun& run(const crontab::Entry& entry, const engine::RunKey& key);
    Job& job(const crontab::Entry& entry);

    void started(const crontab::Entry& entry, const engine::RunKey& key);
    // An attempt ended, and another follows.
    void failed(const crontab::Entry& entry, const engine::RunKey& key, microseconds duration);
    // No more of this run, if there was any. One that the rules kept from starting is only counted
    // as exceeding a deadline, where it is.
    void finished(const crontab::Entry& entry, const engine::RunKey& key,
                  const engine::Outcome& outcome);
    void exceeded_deadline(const crontab::Entry& entry);

    const std::map<JobId, Job>& all() const { return jobs_; }

  private:
    std::map<JobId, Job> jobs_;
};

}  // namespace cron::compat
