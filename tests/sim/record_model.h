// What a ledger has on record after the orders that it wrote, in their order: the measure of the
// database, and the ledger of those simulations that have none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "engine/effect.h"
#include "engine/event.h"
#include "ledger/memory.h"

namespace cron::sim {

// The end of a run that a daemon before has left is that nobody knows it.
struct Lose {
    engine::RunKey key;
    std::uint32_t attempt = 1;
};
using Order = std::variant<engine::Decide, engine::OpenPass, engine::Finish, engine::Retry, Lose>;

class RecordModel {
  public:
    // Answers Decide.
    std::optional<engine::Decided> apply(const Order& order, std::uint64_t boot);
    // It has an outcome, or is another machine's.
    void lose(const engine::RunKey& key);

    // What is granted and has no outcome: pending or retrying.
    std::vector<engine::RecalledRun> open_runs() const;
    // Without its runs.
    engine::Memory recall(std::uint64_t boot) const {
        return memory_.recall(written_in_boot_ == boot);
    }
    // How another memory, with all open runs, differs; empty: not at all.
    std::string difference(const engine::Memory& other, std::uint64_t boot) const;

  private:
    // The last: of which boot it is; 0 for all but @reboot.
    using Name = std::tuple<JobId, Instant, engine::Pass, std::uint64_t>;
    using Runs = std::map<Name, engine::RecalledRun>;

    Runs::const_iterator find(const engine::RunKey& key) const;
    void grant(const engine::Decide& order, engine::Decided& answer, std::uint64_t boot);

    ledger::MemoryLedger memory_;
    Runs open_;
    std::map<JobId, std::uint64_t> booted_;  // the boot in which its @reboot was granted last
    std::uint64_t written_in_boot_ = 0;
};

}  // namespace cron::sim
