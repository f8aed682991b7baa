// A ledger that lives as long as its process: it answers Decide by the rules, and forgets at the
// end.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "engine/effect.h"
#include "engine/event.h"

namespace cron::ledger {

class MemoryLedger {
  public:
    // Takes the verdicts in their order. A start whose due time is not after the latest decided one
    // of its job and pass is refused, and what was asked for under a name that is taken.
    engine::Decided decide(const engine::Decide& decide);
    void open_pass(const engine::OpenPass& open);

    // Goes on from what another ledger recalls.
    void adopt(const engine::Memory& memory);

    // What an engine that starts now is to be told. `same_boot`: the machine has not been started
    // since.
    engine::Memory recall(bool same_boot) const;

  private:
    struct Job {
        engine::JobMemory memory;
        std::map<engine::Pass, Instant> decided;  // its latest decided due time
    };

    bool name(const engine::RunKey& key);

    static constexpr std::size_t kAskedMax = 10'000;

    std::map<JobId, Job> jobs_;
    // Names of runs that were asked for. The earliest go first: a clock seldom comes back to them.
    std::set<std::tuple<Instant, engine::Pass, JobId>> asked_;
    std::optional<Instant> decided_until_;
    std::optional<Instant> fixed_decided_until_;
    engine::Passes passes_;
};

}  // namespace cron::ledger
