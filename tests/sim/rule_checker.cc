#include "rule_checker.h"

#include <algorithm>
#include <csignal>

#include "base/text.h"

namespace cron::sim {
namespace {

using crontab::Overlap;
using engine::Cause;

bool is_in_window(const crontab::Entry& entry, Instant now) {
    if (!entry.policy->window) return true;
    const auto [begin, end] = *entry.policy->window;
    const auto second = floor_seconds(now);
    const auto offset = entry.zone.period_at(second).offset;
    const auto day = hours{24};
    auto minute = std::chrono::floor<minutes>((second + offset).time_since_epoch() % day);
    if (minute < minutes{0}) minute += day;
    // Counted from the begin: it is within if that is less than its length.
    return (minute - begin + day) % day < (end - begin + day) % day;
}

}  // namespace

void RuleChecker::on_gone() {
    entries_.clear();
    tables_.clear();
    live_.clear();
    alive_.clear();
    in_pool_.clear();
    retries_.clear();
    unplaced_.clear();
    starts_.clear();
    stopping_ = false;
}

void RuleChecker::fail(std::string_view rule, const engine::RunKey& key, std::string_view what) {
    trace_.fail(rule,
                fmt::format("{} due {}: {}", printable(key.job.bytes()), print(key.due), what));
}

void RuleChecker::on_started(const engine::Started& event) {
    for (const engine::RecalledRun& run : event.memory.runs) {
        if (run.state == engine::RecalledRun::State::retrying) unplaced_.push_back(run);
    }
}

// It counts from now on; its pool and its timeout when its table is there.
void RuleChecker::on_adopt(const engine::Adopt& adopt, const Now& now) {
    Live& live = live_[adopt.run];
    live.key = adopt.key;
    live.attempt = adopt.attempt;
    live.launched = now.monotonic - std::max(now.instant - adopt.process.started, microseconds{0});
    ++alive_[adopt.key.job];
}

void RuleChecker::place(const Now& now) {
    std::erase_if(unplaced_, [&](const engine::RecalledRun& run) {
        if (!is_placed(run.key.job, now)) return false;
        retries_[run.key.job][{run.key.due, run.key.pass}] = run.attempt - 1;
        return true;
    });
    for (auto& [number, live] : live_) {
        if (live.entry != nullptr || !is_placed(live.key.job, now)) continue;
        live.entry = entries_.at(live.key.job);
        ++in_pool_[live.entry->policy->pool];
    }
}

void RuleChecker::on_event(const engine::Event& event, const Now& now) {
    if (const auto* changed = std::get_if<engine::TablesChanged>(&event)) {
        const auto unload = [&](const std::string& name) {
            for (const JobId& job : tables_[name]) entries_.erase(job);
            tables_[name].clear();
        };
        for (const std::string& name : changed->removed) unload(name);
        for (const auto& table : changed->loaded) {
            unload(table.name);
            for (const EntryPtr& entry : table.entries) {
                if (!entries_.emplace(entry->id, entry).second) continue;
                tables_[table.name].push_back(entry->id);
            }
        }
    }
    if (const auto* set = std::get_if<engine::CapacitySet>(&event)) {
        // Starts are counted for as long as there is a limit of them.
        if (capacity_.max_starts_per_second == 0) starts_.clear();
        capacity_ = set->capacity;
    }
    if (std::holds_alternative<engine::StopAsked>(event)) stopping_ = true;
    if (const auto* launched = std::get_if<engine::Launched>(&event)) {
        const auto live = live_.find(launched->run);
        if (live != live_.end()) live->second.launched = now.monotonic;
    }
    if (const auto* failed = std::get_if<engine::LaunchFailed>(&event)) {
        const auto live = live_.find(failed->run);
        // It may be tried again as what it was: the retry of a run that failed.
        if (live != live_.end() && live->second.attempt > 1) {
            const engine::RunKey& key = live->second.key;
            retries_[key.job][{key.due, key.pass}] = live->second.attempt - 1;
        }
        die(failed->run);
    }
    if (const auto* cancelled = std::get_if<engine::Cancelled>(&event)) die(cancelled->run);
    if (const auto* exited = std::get_if<engine::Exited>(&event)) die(exited->run);
    place(now);
}

void RuleChecker::die(engine::RunNumber run) {
    const auto live = live_.find(run);
    if (live == live_.end()) return;
    --alive_[live->second.key.job];
    if (live->second.entry != nullptr) --in_pool_[live->second.entry->policy->pool];
    live_.erase(live);
}

bool RuleChecker::is_full(const crontab::Policy& policy, Monotonic now) const {
    if (!policy.pool.empty()) {
        const auto size = capacity_.pools.find(policy.pool);
        const auto inside = in_pool_.find(policy.pool);
        const std::size_t most = size == capacity_.pools.end() ? 1 : size->second;
        if (inside != in_pool_.end() && inside->second >= most) return true;
    }
    if (capacity_.max_running > 0 && live_.size() >= capacity_.max_running) return true;
    if (capacity_.max_starts_per_second == 0) return false;
    const auto recent = std::count_if(starts_.begin(), starts_.end(),
                                      [now](Monotonic start) { return start + seconds{1} > now; });
    return static_cast<std::size_t>(recent) >= capacity_.max_starts_per_second;
}

bool RuleChecker::has_pending_retry(const JobId& job, const engine::RunKey* but) const {
    const auto retries = retries_.find(job);
    if (retries == retries_.end()) return false;
    return std::any_of(retries->second.begin(), retries->second.end(), [but](const auto& retry) {
        return but == nullptr || retry.first != Due{but->due, but->pass};
    });
}

bool RuleChecker::is_refused(const JobId& job, Cause cause, const Now& now) const {
    const auto entry = entries_.find(job);
    if (entry == entries_.end()) return true;
    const crontab::Policy& policy = *entry->second->policy;
    const bool is_off = !policy.enabled || !is_in_window(*entry->second, now.instant);
    if (is_off && cause != Cause::manual) return true;
    const auto alive = alive_.find(job);
    const bool is_busy = (alive != alive_.end() && alive->second > 0) || has_pending_retry(job);
    return policy.overlap == Overlap::forbid && is_busy;
}

bool RuleChecker::is_time(const JobId& job, Instant due, Cause cause, const Now& now) const {
    const auto entry = entries_.find(job);
    if (entry == entries_.end() || cause == Cause::boot || cause == Cause::manual) return true;
    return now.instant >= due + entry->second->delay;
}

bool RuleChecker::is_free(const JobId& job, const Now& now) const {
    const auto entry = entries_.find(job);
    if (entry == entries_.end()) return true;
    const crontab::Policy& policy = *entry->second->policy;
    const auto alive = alive_.find(job);
    const bool lives = alive != alive_.end() && alive->second > 0;
    if (policy.overlap == Overlap::queue && (lives || has_pending_retry(job))) return false;
    if (policy.overlap == Overlap::replace && lives) return false;
    return !is_full(policy, now.monotonic);
}

void RuleChecker::on_spawn(const engine::Spawn& spawn, const Now& now) {
    const crontab::Policy& policy = *spawn.entry->policy;
    if (policy.overlap != Overlap::allow && alive_[spawn.key.job] > 0)
        fail("overlap", spawn.key, "the last run lives");
    if (has_pending_retry(spawn.key.job, &spawn.key))
        fail("overlap", spawn.key, "a retry of the job is still to come");
    if (is_full(policy, now.monotonic)) fail("limits", spawn.key, "there is no room for it");
    const bool is_asked_for = spawn.cause == Cause::manual;
    if (!policy.enabled && !is_asked_for) fail("suspended", spawn.key, "started");
    if (!is_in_window(*spawn.entry, now.instant) && !is_asked_for)
        fail("window", spawn.key, "started outside it");
    auto& retries = retries_[spawn.key.job];
    const auto retry = retries.find({spawn.key.due, spawn.key.pass});
    if (spawn.attempt > 1 && (retry == retries.end() || retry->second + 1 != spawn.attempt))
        fail("retry", spawn.key, "it was not to be tried again");
    if (retry != retries.end()) retries.erase(retry);

    live_[spawn.run] = {spawn.key, spawn.entry, spawn.attempt, {}, {}, false};
    ++alive_[spawn.key.job];
    ++in_pool_[policy.pool];
    starts_.push_back(now.monotonic);
    while (starts_.front() + seconds{1} <= now.monotonic) starts_.pop_front();
}

void RuleChecker::on_retry(const engine::Retry& retry, const Now&) {
    const auto entry = entries_.find(retry.key.job);
    if (entry == entries_.end()) return fail("retry", retry.key, "its entry is gone");
    const crontab::Retry& rule = entry->second->policy->retry;
    if (retry.attempt > rule.times) fail("retry", retry.key, "once too often");
    if (retry.outcome.is_success()) fail("retry", retry.key, "it did not fail");
    seconds delay = rule.delay;
    for (std::uint32_t i = 1; i < retry.attempt; ++i) delay = std::min(2 * delay, rule.delay_max);
    if (retry.delay != delay) fail("retry", retry.key, "after another delay");
    if (stopping_) fail("retry", retry.key, "though the daemon stops");
    for (const auto& [run, live] : live_) {
        if (live.key.job == retry.key.job && run > retry.run)
            fail("retry", retry.key, "though a later due time runs");
    }
    if (!retry.outcome.status.is_known) fail("retry", retry.key, "nobody knows how it ended");
    retries_[retry.key.job][{retry.key.due, retry.key.pass}] = retry.attempt;
}

void RuleChecker::on_finish(const engine::Finish& finish) {
    // Of what the ledger refused there is another with its name.
    if (finish.outcome.kind == engine::Outcome::Kind::refused) return;
    std::erase_if(unplaced_, [&](const auto& run) { return run.key == finish.key; });
    const auto retries = retries_.find(finish.key.job);
    if (retries != retries_.end()) retries->second.erase({finish.key.due, finish.key.pass});
}

void RuleChecker::on_signal(const engine::Signal& signal, const Now& now) {
    const auto found = live_.find(signal.run);
    if (found == live_.end() || stopping_) return;
    Live& live = found->second;
    const engine::RunKey& key = live.key;
    if (live.entry == nullptr)
        return fail("timeout", key, "told to end, and its rules are unknown");
    const crontab::Policy& policy = *live.entry->policy;
    if (signal.signal == SIGKILL) {
        if (!live.told || now.monotonic < *live.told + policy.kill_after)
            fail("timeout", key, "killed without its grace");
        live.killed = true;
        return;
    }
    const bool is_over = policy.timeout > seconds{0} && live.launched &&
                         now.monotonic >= *live.launched + policy.timeout;
    // It may have been replaced before it was there to be told, and its entry changed since.
    const auto entry = entries_.find(live.key.job);
    const bool is_replaced =
        policy.overlap == Overlap::replace ||
        (entry != entries_.end() && entry->second->policy->overlap == Overlap::replace);
    if (!is_over && !is_replaced) fail("timeout", key, "told to end without a reason");
    if (live.told) fail("timeout", key, "told to end twice");
    live.told = now.monotonic;
}

void RuleChecker::on_quiet(const Now& now) const {
    if (stopping_) return;
    for (const auto& [run, live] : live_) {
        if (live.entry == nullptr) continue;
        const crontab::Policy& policy = *live.entry->policy;
        if (live.told && !live.killed && now.monotonic >= *live.told + policy.kill_after)
            trace_.fail("timeout", fmt::format("run {} outlives its grace", run));
        if (!live.told && live.launched && policy.timeout > seconds{0} &&
            now.monotonic >= *live.launched + policy.timeout)
            trace_.fail("timeout", fmt::format("run {} outlives its timeout", run));
    }
}

}  // namespace cron::sim
