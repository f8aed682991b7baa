// What the daemon before has left: runs without an outcome, and the marks of those that it started.
// DESIGN: After a restart.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "daemon/facts.h"
#include "daemon/keeper.h"

namespace cron::daemon {
namespace {

constexpr std::size_t kLostShownMax = 20;

}  // namespace

ledger::Marks::Options Keeper::marks_of(const Options& options, const ledger::Store& store) {
    return {options.marks, options.store.boot_id, store.id(), options.pid_namespace};
}

Result<void> Keeper::take_over(ledger::Opening opened) {
    if (opened.set_aside) say_set_aside(*opened.set_aside);
    const auto memory = opened.store.recall();
    if (!memory) return tl::unexpected(memory.error());
    same_boot_ = memory->same_boot;
    memory_.adopt(*memory);
    if (auto recalled = recall_runs(opened.store); !recalled) return recalled;
    shared_->store = std::move(opened.store);
    const auto lost = shared_->lost;
    if (auto recorded = record_lost(*shared_); !recorded) {
        shared_->store.reset();
        return recorded;
    }
    for (const auto& [why, runs] : lost) {
        if (!marks_) break;
        for (const ledger::OpenRun& run : runs) marks_->clear(run.run.key, run.run.attempt);
    }
    return {};
}

void Keeper::open_marks(const ledger::Store& store) {
    auto marks = ledger::Marks::open(marks_of(shared_->options, store));
    if (marks) {
        marks_ = *std::move(marks);
        shared_->has_marks = true;
    } else {
        say(Level::error, "marks-failed",
            fmt::format("{}: after a crash runs that were granted and have no outcome are lost",
                        marks.error().message));
    }
}

Result<void> Keeper::recall_runs(ledger::Store& store) {
    const auto found = store.open_runs();
    if (!found) return tl::unexpected(found.error());
    open_marks(store);
    // Who comes for one run only leaves what the daemon before has left to the next one.
    if (shared_->options.store.boots == ledger::Store::Boots::none) return {};
    const ledger::Marks* const told = marks_ ? &*marks_ : nullptr;
    for (ledger::OpenRun run : *found) {
        auto why = ledger::judge(run.run, told, same_boot_, surroundings_.process_start,
                                 shared_->options.end_left);
        const bool is_of_start_before =
            shared_->options.store.boots == ledger::Store::Boots::by_start &&
            run.run.cause == engine::Cause::boot &&
            run.run.state == engine::RecalledRun::State::pending;
        // This start has one of its own.
        if (!why && is_of_start_before) why = "the daemon ended before it started";
        if (why) {
            shared_->lost[*why].push_back(std::move(run));
        } else {
            runs_.push_back(std::move(run.run));
        }
    }
    // Before it is on record: who is killed in between has the next daemon say it again.
    for (const auto& [why, runs] : shared_->lost) say_lost(runs, why);
    return {};
}

Result<void> Keeper::record_lost(Shared& shared) {
    while (!shared.lost.empty()) {
        const auto& [why, runs] = *shared.lost.begin();
        if (auto done = shared.store->lose(runs, why); !done) return done;
        shared.lost.erase(shared.lost.begin());
    }
    return {};
}

void Keeper::say_lost(const std::vector<ledger::OpenRun>& runs, const std::string& why) {
    for (std::size_t i = 0; i < std::min(runs.size(), kLostShownMax); ++i) {
        const engine::RunKey& key = runs[i].run.key;
        if (hooks_.lost) {
            hooks_.lost(key, why);
        } else {
            hooks_.write(run_lost(key, why));
        }
    }
    if (runs.size() <= kLostShownMax) return;
    say(Level::warning, "runs-lost",
        fmt::format("{} more runs are lost: {}", runs.size() - kLostShownMax, why));
}

void Keeper::mark(const engine::Spawn& spawn) {
    if (!marks_) return;
    const auto marked = marks_->set(spawn.key, spawn.attempt);
    if (marked || !marks_->is_complete()) return;
    marks_->give_up();
    say(Level::error, "marks-failed",
        fmt::format("{}: after a crash runs that were granted and have no outcome are lost",
                    marked.error().message));
}

void Keeper::add_process(const engine::Spawn& spawn, const engine::LiveProcess& process) {
    if (!marks_) return;
    marks_->add_process(
        spawn.key, spawn.attempt,
        {process.pid, process.process_start, process.started.time_since_epoch().count(),
         process.output, process.output_number});
}

void Keeper::unmark(const engine::Spawn& spawn) {
    if (marks_) marks_->clear(spawn.key, spawn.attempt);
}

// Its end is on record, and nobody asks for its mark any more.
void Keeper::unmark(const Order& order) {
    if (!marks_) return;
    if (const auto* finish = std::get_if<engine::Finish>(&order.what)) {
        marks_->clear(finish->key, finish->attempt);
    } else if (const auto* retry = std::get_if<engine::Retry>(&order.what)) {
        marks_->clear(retry->key, retry->attempt);
    }
}

void Keeper::set_retention(seconds age, std::int64_t rows_max) {
    age_max_ = age;
    rows_max_ = rows_max;
    if (shared_ != nullptr && !is_pruning_) prune_at_ = surroundings_.clock().monotonic;
}

// A step between two writes; what is to be written goes first.
void Keeper::prune(Monotonic now) {
    if (flight_ != nullptr || !waiting_.empty() || is_weak_ || !shared_->store) {
        prune_at_ = now + kLedgerRetry;
        return;
    }
    prune_at_.reset();
    is_pruning_ = true;
    const ledger::Retention retention{surroundings_.clock().instant - age_max_, rows_max_};
    const bool is_posted =
        surroundings_.post([this, shared = shared_, retention]() -> Worker::Continuation {
            return [this, more = shared->store->prune(retention)] {
                is_pruning_ = false;
                // What fails here fails the next write too, which says so.
                const microseconds wait = more && *more ? microseconds{kPruneGap} : kPruneEvery;
                prune_at_ = surroundings_.clock().monotonic + wait;
                send();
            };
        });
    CRON_CHECK(is_posted);
}

}  // namespace cron::daemon
