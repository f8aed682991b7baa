// What holds through all lives of the daemon, whatever its engine and its ledger say: no due time
// starts twice, what starts was granted, and a restart finds each run as it is.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

#include "engine/engine.h"
#include "trace.h"

namespace cron::sim {

class RecordChecker {
  public:
    // What is true of the process of a run.
    enum class Process { none, unmarked, alive };
    struct Finding {
        Process process = Process::none;
        int pid = 0;
        std::uint64_t start = 0;
        bool is_marked = false;  // the mark of its start was set
    };

    explicit RecordChecker(Trace& trace) : trace_(trace) {}

    void on_granted(const engine::Verdict& verdict, std::uint64_t boot);
    // It is on record, be the answer heard or not.
    void on_granted_unseen(const engine::Verdict& verdict, std::uint64_t boot) {
        runs_.try_emplace(verdict.key, Run{verdict.cause, boot, 0, false});
    }
    // A process becomes the job.
    void on_made(const engine::Spawn& spawn);
    // How it ended is on record.
    void on_ended(const engine::RunKey& key);
    // The grant was held in memory, which is gone.
    void on_forgotten(const engine::RunKey& key) { runs_.erase(key); }

    // What a daemon that starts makes of it.
    void on_recalled(const engine::RecalledRun& run, const Finding& truth, std::uint64_t boot);
    void on_lost(const engine::RecalledRun& run, const Finding& truth, std::uint64_t boot);

  private:
    struct Before {
        bool operator()(const engine::RunKey& a, const engine::RunKey& b) const {
            return std::tie(a.due, a.pass, a.job) < std::tie(b.due, b.pass, b.job);
        }
    };
    struct Run {
        engine::Cause cause = engine::Cause::schedule;
        std::uint64_t boot = 0;     // in which it was granted
        std::uint32_t attempt = 0;  // the last for which a process was made
        bool has_ended = false;
    };

    void fail(std::string_view rule, const engine::RunKey& key, std::string_view what);

    Trace& trace_;
    std::map<engine::RunKey, Run, Before> runs_;
};

}  // namespace cron::sim
