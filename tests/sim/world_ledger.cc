// What the world knows of the ledger: its answers, what is on disk, and what a restart finds.
#include <algorithm>

#include "world.h"

namespace cron::sim {
namespace {

constexpr std::uint64_t kAskedAgain = UINT64_MAX;  // a batch that no engine reaches

auto mark_of(const engine::RunKey& key, std::uint32_t attempt) {
    return std::tuple{key.job, key.due, key.pass, attempt};
}

}  // namespace

// Whoever asks: it is decided.
void World::ask_again() {
    if (!last_granted_) return;
    // What was asked for in another life is a name that only a disk knows.
    if (last_granted_->cause == engine::Cause::manual && granted_in_ != life_) return;
    engine::Decide again;
    again.batch = kAskedAgain;
    again.verdicts = {*last_granted_};
    ledger_.order(std::move(again));
}

// What is on disk, or is held in memory while the disk fails.
void World::answer(const engine::Decide& decide, engine::Decided answer) {
    // What was decided in another life may be in no memory.
    if (decide.batch == kAskedAgain) {
        const bool is_known = !ledger_.is_weak() || granted_in_ == life_;
        if (answer.refused.empty() && is_known)
            trace_.fail("never twice", "what was granted is granted again");
        return;
    }
    if (ledger_.is_weak() && random_.one_in(10))
        later_with_daemon(microseconds{0}, [this] { ask_again(); });
    coverage_.on_answered(decide, answer);
    for (const engine::Verdict& verdict : decide.verdicts) {
        if (verdict.fate != engine::Fate::start) continue;
        const auto& refused = answer.refused;
        if (std::find(refused.begin(), refused.end(), verdict.key) != refused.end()) continue;
        if (is_taken(verdict)) {
            ledger_.give_away(verdict.key);
            answer.refused.push_back(verdict.key);
        } else {
            record_.on_granted(verdict, boot_);
            if (verdict.cause == engine::Cause::boot) continue;
            last_granted_ = verdict;
            granted_in_ = life_;
        }
    }
    runs_.on_answered(decide, answer);
    trace_.line(clock_.seen(), "answered {}, {} refused", decide.batch, answer.refused.size());
    later_event(microseconds{0}, std::move(answer));
}

void World::note_granted(const engine::Decide& decide, const engine::Decided& answer) {
    for (const engine::Verdict& verdict : decide.verdicts) {
        const bool is_refused = std::find(answer.refused.begin(), answer.refused.end(),
                                          verdict.key) != answer.refused.end();
        const bool is_start = verdict.fate == engine::Fate::start;
        if (is_start && !is_refused) record_.on_granted_unseen(verdict, boot_);
    }
}

void World::written(const Order& order) {
    const bool is_end = std::holds_alternative<engine::Finish>(order) ||
                        std::holds_alternative<engine::Retry>(order);
    if (const auto* lost = std::get_if<Lose>(&order)) {
        marked_.erase(mark_of(lost->key, lost->attempt));
        return record_.on_ended(lost->key);
    }
    const auto* decide = std::get_if<engine::Decide>(&order);
    if (decide != nullptr && decide->batch == kAskedAgain) return;
    if (!is_end) return coverage_.on_written();
    note_ended(order);
}

// On record: its mark is needed no more.
void World::note_ended(const Order& order) {
    const auto* finish = std::get_if<engine::Finish>(&order);
    const auto* retry = std::get_if<engine::Retry>(&order);
    if (finish != nullptr && finish->outcome.kind != engine::Outcome::Kind::refused) {
        record_.on_ended(finish->key);
        marked_.erase(mark_of(finish->key, finish->attempt));
    }
    if (retry != nullptr) marked_.erase(mark_of(retry->key, retry->attempt));
}

// By another machine. A database of our own knows of none.
bool World::is_taken(const engine::Verdict& verdict) {
    const engine::RunKey& key = verdict.key;
    return verdict.cause == engine::Cause::schedule && !ledger_.is_on_disk() && is_troubled() &&
           trouble_.refusals > 0 &&
           chance("refusal", key.job, key.due, key.pass).one_in(trouble_.refusals);
}

// What is true of the run that a daemon before has left.
RecordChecker::Finding World::look_for(const engine::RecalledRun& run) const {
    RecordChecker::Finding truth;
    truth.is_marked = marked_.contains(mark_of(run.key, run.attempt));
    for (const auto& [pid, process] : processes_) {
        if (!(process.key == run.key) || process.attempt != run.attempt) continue;
        // Of a grant that was forgotten there may be another: the mark is of the last.
        if (process.start < truth.start) continue;
        using What = RecordChecker::Process;
        truth.process = process.is_in_mark ? What::alive : What::unmarked;
        truth.pid = pid;
        truth.start = process.start;
    }
    return truth;
}

void World::recall(const SimLedger::Recalled& recalled) {
    for (const engine::RecalledRun& run : recalled.memory.runs) {
        trace_.line(clock_.seen(), "recalled {} {}: state {} attempt {}",
                    printable(run.key.job.bytes()), print(run.key.due), static_cast<int>(run.state),
                    run.attempt);
        record_.on_recalled(run, look_for(run), boot_);
    }
    for (const engine::RecalledRun& run : recalled.lost) {
        trace_.line(clock_.seen(), "lost {} {}", printable(run.key.job.bytes()),
                    print(run.key.due));
        record_.on_lost(run, look_for(run), boot_);
    }
}

// What was held in memory while the disk failed: a crash loses it.
void World::forget(const std::vector<Order>& orders) {
    for (const Order& order : orders) {
        const auto* decide = std::get_if<engine::Decide>(&order);
        if (decide == nullptr || decide->batch == kAskedAgain) continue;
        for (const engine::Verdict& verdict : decide->verdicts) record_.on_forgotten(verdict.key);
        last_granted_.reset();
        runs_.on_forgotten();
    }
}

}  // namespace cron::sim
