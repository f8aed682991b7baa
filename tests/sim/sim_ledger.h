// The ledger of a daemon in the simulation. By the seed it is the daemon's own keeper with the
// database and its launching marks, on files in memory that fail as disks do, or a model that
// writes in order, sometimes late. The marks are the real ones in both, in a file.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../daemon/support.h"
#include "../ledger/faulty_files.h"
#include "daemon/keeper.h"
#include "ledger/marks.h"
#include "ledger/open_runs.h"
#include "random.h"
#include "record_model.h"
#include "trace.h"

namespace cron::sim {

class SimLedger {
  public:
    // What it needs of the world, and tells it.
    struct Hooks {
        std::function<Now()> clock;
        std::function<microseconds()> elapsed;
        // An action of the daemon that lives now, later.
        std::function<void(microseconds, std::function<void()>)> later;
        std::function<microseconds()> delay;  // how long the next write takes
        ledger::ProcessStart process_start;
        // The engine's answer: durable, or from memory while the disk fails.
        std::function<void(const engine::Decide&, engine::Decided)> answered;
        // The same, where the daemon died before it heard.
        std::function<void(const engine::Decide&, const engine::Decided&)> granted_unseen;
        // On disk now.
        std::function<void(const Order&)> written;
    };
    // What a daemon that starts finds.
    struct Recalled {
        engine::Memory memory;
        std::vector<engine::RecalledRun> lost;
    };

    SimLedger(std::uint64_t seed, Trace& trace, Hooks hooks);

    // A daemon starts, in this boot.
    Recalled open(std::uint64_t boot);
    void order(Order order);
    // Another machine has it, which was granted here.
    void give_away(const engine::RunKey& key) { model_.lose(key); }
    // What a second daemon that is let in finds, and writes, after all that was ordered before. Not
    // with a database: its files here know no locks.
    engine::Memory open_for_rival();
    engine::Decided order_of_rival(const Order& order);

    void mark(const engine::Spawn& spawn);
    void add_process(const engine::Spawn& spawn, const engine::LiveProcess& process);
    void unmark(const engine::Spawn& spawn);

    // Calls of it fail, it is full, or it cannot be written.
    void fail_disk(Random& random);
    void mend_disk();

    // When expire() wants to be called.
    std::optional<Monotonic> deadline() const;
    void expire(Monotonic now);

    // The daemon waits until all is on disk, or cannot be.
    void finish();
    // The daemon is gone, and with the machine what was not synced. What was ordered and never
    // written, in its order.
    std::vector<Order> close(bool power_is_lost);

    bool is_on_disk() const { return is_on_disk_; }
    // Its answers come from memory: a crash may lose them.
    bool is_weak() const { return is_weak_; }
    std::size_t open_runs() const { return model_.open_runs().size(); }

  private:
    static constexpr std::uint64_t kSeedsPerDisk = 5;  // a database takes its time

    daemon::Keeper::Options options() const;
    engine::Memory open_keeper();
    engine::Memory open_model();
    void answered(engine::Decided answer);
    void said(const daemon::Record& record);
    void post(daemon::Worker::Work work);
    void go_on_later();
    void go_on();
    void write_later(microseconds delay);
    void write_oldest();
    void settle(std::size_t count);
    std::optional<engine::Decided> settle_next();
    void settle_as_found();
    engine::Memory read_disk();
    std::string boot_id() const { return std::to_string(boot_); }

    Trace& trace_;
    Hooks hooks_;
    ledger::FaultyFiles files_;
    daemon::TemporaryFolder folder_;
    bool is_on_disk_ = false;
    bool is_weak_ = false;
    std::uint64_t boot_ = 0;
    RecordModel model_;         // what is on disk
    std::deque<Order> orders_;  // that are not, or not known to be
    // Without a database:
    microseconds last_write_at_{};
    std::optional<ledger::Marks> marks_;
    // With it: what the keeper has posted, then what is left to do in the loop.
    std::optional<daemon::Keeper> keeper_;
    daemon::Worker::Work work_;
    daemon::Worker::Continuation continuation_;
    std::uint64_t turn_ = 0;
};

}  // namespace cron::sim
