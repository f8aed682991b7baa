// The state machine of the scheduler: effects = engine.handle(event, now). It reads no clock, file
// or environment. DESIGN: The house; A due time, start to end; Time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/effect.h"
#include "engine/event.h"

namespace cron::engine {

inline constexpr seconds kVerdictLead{1};    // verdicts come so long before their due time
inline constexpr minutes kLateMax{5};        // up to here a late due time simply runs
inline constexpr hours kCatchUpMax{3};       // up to here the latest one passed over runs, once
inline constexpr minutes kSmallStepMax{5};   // a clock set back by less only waits
inline constexpr hours kWildcardStepMax{3};  // by more, fixed schedules go on in the new time too
inline constexpr minutes kShortOutage{5};    // a daemon away for no longer was merely late
inline constexpr std::size_t kBatchMax = 5'000;  // verdicts in one Decide

// Nothing is due before or after: a clock that reads more is taken to read this.
inline constexpr Instant kClockMin = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
inline constexpr Instant kClockMax = std::chrono::sys_days{std::chrono::year{10000} / 1 / 2};

struct Limits {
    // A clock that reads an earlier time has not been set.
    Instant earliest_credible{};
    microseconds grace = seconds{25};  // between TERM and KILL when stopping
    // What was granted and has not started outlives us in the ledger: a stop leaves it there.
    bool keeps_runs = false;
    // Nothing falls due: only what is asked for is decided upon and started.
    bool only_asked = false;
};

// What the engine holds, for people (SIGUSR1).
struct Snapshot {
    struct Job {
        JobId id;
        std::shared_ptr<const crontab::Entry> entry;
        std::optional<Instant> next_due;
        std::size_t running = 0;
    };
    std::vector<Job> jobs;  // by table and line
    std::size_t job_count = 0;
    std::size_t tables = 0;
    std::size_t running = 0;
};

class Engine {
  public:
    explicit Engine(const Limits& limits);
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;
    ~Engine();

    // Everything that follows from `event`, in the order in which it is to be done.
    Effects handle(const Event& event, const Now& now);

    // The first `jobs_max` of its jobs, and the counts of all.
    Snapshot snapshot(std::size_t jobs_max) const;

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace cron::engine
