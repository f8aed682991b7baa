// The ledger of the simulation: by its seed the one in memory, or the database on files in memory,
// which lose with the power what was not synced.
#pragma once

#include <cstdint>
#include <optional>

#include "../ledger/faulty_files.h"
#include "ledger/memory.h"
#include "ledger/store.h"
#include "trace.h"

namespace cron::sim {

class SimLedger {
  public:
    SimLedger(std::uint64_t seed, Trace& trace)
        : trace_(trace), files_(seed), is_on_disk_(seed % kSeedsPerDisk == 0) {}

    // What a daemon that starts in this boot is told.
    engine::Memory recall(std::uint64_t boot);
    engine::Decided decide(const engine::Decide& order, std::uint64_t boot);
    void open_pass(const engine::OpenPass& order, std::uint64_t boot);
    void finish(const engine::Finish& order);
    void retry(const engine::Retry& order);
    // The daemon is gone, and with the machine what was not synced.
    void close(bool power_is_lost);

  private:
    static constexpr std::uint64_t kSeedsPerDisk = 50;  // a database takes its time

    template <class Value>
    void check(const Result<Value>& result) {
        if (!result) trace_.fail("ledger", result.error().message);
    }

    Trace& trace_;
    ledger::FaultyFiles files_;
    bool is_on_disk_ = false;
    ledger::MemoryLedger memory_;
    std::uint64_t written_in_boot_ = 0;
    std::optional<ledger::Store> store_;
};

}  // namespace cron::sim
