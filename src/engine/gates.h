// The gates between a run that is ready and its start: its pool, then what the whole daemon may do.
// Whoever comes first goes first; nothing is dropped.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "calendar/instant.h"
#include "engine/run.h"

namespace cron::engine {

// What may run at once. 0 of a whole is no limit.
struct Capacity {
    std::map<std::string, std::uint32_t> pools;  // sizes; a pool that is not here has size 1
    std::uint32_t max_running = 0;
    std::uint32_t max_starts_per_second = 0;

    friend bool operator==(const Capacity&, const Capacity&) = default;
};

class Gates {
  public:
    void set(Capacity capacity);

    // The run waits for its turn; an empty pool is none.
    void enter(RunNumber run, const std::string& pool);
    // It runs already, since before we were here: it takes its place, be there one or not.
    void take_in(RunNumber run, const std::string& pool);
    // It waits or runs no longer. Does nothing for one that is not here.
    void leave(RunNumber run);
    // The one whose turn it is: it counts as running until it leaves.
    std::optional<RunNumber> admit(Monotonic now);
    // One that was admitted has started.
    void note_start(Monotonic now);
    // When the rate of starts admits the next; none where only a run that leaves does.
    std::optional<Monotonic> next_turn(Monotonic now) const;

  private:
    struct Pool {
        std::uint32_t inside = 0;
        std::map<std::uint64_t, RunNumber> waiting;  // by turn
    };
    struct Place {
        enum class Where {
            pool,
            front,
            inside
        };  // front: the gate of all, with a slot of the pool
        Where where = Where::front;
        std::uint64_t turn = 0;
        std::string pool;
    };

    std::uint32_t size_of(const std::string& pool) const;
    void give_back_slots();
    void open(const std::string& name);
    bool is_full() const;
    std::optional<Monotonic> rate_opens() const;

    Capacity capacity_;
    std::map<std::string, Pool> pools_;
    std::set<std::string> opened_;  // pools in which a slot may be free for those that wait
    std::map<std::uint64_t, RunNumber> front_;  // by turn
    std::map<RunNumber, Place> places_;
    std::deque<Monotonic> starts_;  // the latest, at most max_starts_per_second
    std::uint64_t last_turn_ = 0;
    std::size_t running_ = 0;
};

}  // namespace cron::engine
