// The rules of settings: overlap, pools and limits, windows, delays, timeouts, retries. It keeps
// its own account of what lives, and says who may start now.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "trace.h"

namespace cron::sim {

class RuleChecker {
  public:
    explicit RuleChecker(Trace& trace) : trace_(trace) {}

    void on_gone();
    // Before the engine is told.
    void on_event(const engine::Event& event, const Now& now);
    void on_spawn(const engine::Spawn& spawn, const Now& now);
    void on_retry(const engine::Retry& retry, const Now& now);
    void on_signal(const engine::Signal& signal, const Now& now);
    void on_finish(const engine::Finish& finish);
    void on_quiet(const Now& now) const;

    // Its own delay is over.
    bool is_time(const JobId& job, Instant due, engine::Cause cause, const Now& now) const;
    // There is room for it, and no other run of its job that it waits for.
    bool is_free(const JobId& job, const Now& now) const;
    // It is not to start at all, for what the table says or what lives.
    bool is_refused(const JobId& job, const Now& now) const;
    bool has_pending_retry(const JobId& job, engine::RunNumber but) const;

  private:
    using EntryPtr = std::shared_ptr<const crontab::Entry>;
    struct Live {
        JobId job;
        Instant due{};
        EntryPtr entry;
        std::uint32_t attempt = 1;
        std::optional<Monotonic> launched;
        std::optional<Monotonic> told;  // to end
        bool killed = false;
    };

    void die(engine::RunNumber run);
    bool is_full(const crontab::Policy& policy, Monotonic now) const;
    void fail(std::string_view rule, const engine::RunKey& key, std::string_view what);

    Trace& trace_;
    engine::Capacity capacity_;
    std::map<JobId, EntryPtr> entries_;
    std::map<std::string, std::vector<JobId>> tables_;
    std::unordered_map<engine::RunNumber, Live> live_;
    std::map<JobId, std::size_t> alive_;
    std::map<std::string, std::size_t> in_pool_;
    std::map<JobId, std::map<engine::RunNumber, std::uint32_t>> retries_;  // that wait: attempts
    std::deque<Monotonic> starts_;
    bool stopping_ = false;
};

}  // namespace cron::sim
