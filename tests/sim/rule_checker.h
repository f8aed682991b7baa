// The rules of settings: overlap, pools and limits, windows, delays, timeouts, retries. It keeps
// its own account of what lives, and says who may start now.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "trace.h"

namespace cron::sim {

class RuleChecker {
  public:
    RuleChecker(Trace& trace, Instant earliest_credible)
        : trace_(trace), earliest_credible_(earliest_credible) {}

    void on_gone();
    // What a daemon before has left.
    void on_started(const engine::Started& event);
    void on_adopt(const engine::Adopt& adopt, const Now& now);
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
    bool is_refused(const JobId& job, engine::Cause cause, const Now& now) const;
    bool has_pending_retry(const JobId& job, const engine::RunKey* but = nullptr) const;
    // Its table is there, and the clock is set: what was left of it goes on.
    bool is_placed(const JobId& job, const Now& now) const {
        return is_loaded(job) && now.instant >= earliest_credible_;
    }
    bool is_loaded(const JobId& job) const { return entries_.contains(job); }

  private:
    using EntryPtr = std::shared_ptr<const crontab::Entry>;
    struct Live {
        engine::RunKey key;
        EntryPtr entry;  // null: it is adopted, and its table is not there yet
        std::uint32_t attempt = 1;
        std::optional<Monotonic> launched;
        std::optional<Monotonic> told;  // to end
        bool killed = false;
    };
    using Due = std::pair<Instant, engine::Pass>;

    void place(const Now& now);
    void die(engine::RunNumber run);
    bool is_full(const crontab::Policy& policy, Monotonic now) const;
    void fail(std::string_view rule, const engine::RunKey& key, std::string_view what);

    Trace& trace_;
    Instant earliest_credible_;
    engine::Capacity capacity_;
    std::map<JobId, EntryPtr> entries_;
    std::map<std::string, std::vector<JobId>> tables_;
    std::unordered_map<engine::RunNumber, Live> live_;
    std::map<JobId, std::size_t> alive_;
    std::map<std::string, std::size_t> in_pool_;
    std::map<JobId, std::map<Due, std::uint32_t>> retries_;  // that wait: attempts that failed
    std::vector<engine::RecalledRun> unplaced_;              // of them, those of a daemon before
    std::deque<Monotonic> starts_;
    bool stopping_ = false;
};

}  // namespace cron::sim
