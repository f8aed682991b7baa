// The ledger on disk: verdicts, runs and outcomes in SQLite, durable when a call returns. It may
// wait for the disk: it belongs on a worker, one thread at a time.
// DESIGN: A due time, start to end; Names of things that run; After a restart.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/effect.h"
#include "engine/event.h"
#include "ledger/database.h"
#include "ledger/open_runs.h"
#include "ledger/pruning.h"

namespace cron::ledger {

class Store {
  public:
    // What counts as a boot, in which an entry for @reboot runs once.
    enum class Boots {
        by_id,     // a boot of the machine
        by_start,  // each opening
        none,      // nobody starts to schedule: what is known of boots and due times stays
    };
    struct Options {
        std::string path;
        std::string vfs;      // the file layer; empty is the system's
        std::string boot_id;  // of the boot in which we are
        Boots boots = Boots::by_id;
    };
    // Opens the database, or makes it.
    static Result<Store> open(const Options& options);
    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;
    ~Store();

    // One transaction. Takes the verdicts in their order; those that the answer refuses left no
    // row. A scheduled due time that is not after the latest decided one of its job and pass is
    // refused, and a second run of a job for @reboot in one boot. A manual one touches no due time.
    Result<engine::Decided> decide(const engine::Decide& order);
    Result<void> open_pass(const engine::OpenPass& order);
    // How runs ended; all or none.
    Result<void> finish(const std::vector<engine::Finish>& orders);
    // How an attempt ended that another is to follow.
    Result<void> retry(const engine::Retry& order);

    // What an engine that starts now is to be told.
    Result<engine::Memory> recall();
    // Takes over what was decided elsewhere while there was no database, or another one.
    Result<void> adopt(const engine::Memory& memory);
    // What the daemon before has left without an outcome.
    Result<std::vector<OpenRun>> open_runs();
    Result<void> lose(const std::vector<OpenRun>& runs, const std::string& reason);
    // What no other ledger is called.
    const std::string& id() const;

    // One step of pruning; true if there is more.
    Result<bool> prune(const Retention& retention);

  private:
    class State;
    explicit Store(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// What stood in the way of the store: it is out of it, under another name.
struct Opening {
    Store store;
    std::optional<std::string> set_aside;  // the path at which a damaged database is now
};

// As Store::open; a damaged database is renamed, and a new one made.
Result<Opening> open_or_replace(const Store::Options& options);

}  // namespace cron::ledger
