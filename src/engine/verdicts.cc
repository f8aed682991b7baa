// Verdicts on due times, and the ledger's answers.
#include <algorithm>
#include <utility>

#include "engine/state.h"

namespace cron::engine {

void Engine::State::decide_due() {
    const Instant horizon = now_.instant + kVerdictLead;
    while (const DueQueue::Group* group = queue_.front(horizon)) {
        const Judgement shared =
            judge(group->schedule, group->zone, group->after, now_.instant, horizon);
        for (Job* job : group->members) {
            if (job->decided <= group->after) {
                propose(*job, shared);
            } else if (job->decided < horizon) {
                propose(*job,
                        judge(group->schedule, group->zone, job->decided, now_.instant, horizon));
            }
            job->decided = std::max(job->decided, horizon);
        }
        queue_.advance_front(horizon);
    }
    decided_until_ = std::max(decided_until_.value_or(horizon), horizon);
    fixed_decided_until_ = std::max(fixed_decided_until_, decided_until_);
}

void Engine::State::propose(Job& job, const Judgement& shared) {
    const crontab::Policy& policy = *job.entry->policy;
    const bool may_catch_up = shared.missed && policy.enabled && policy.catch_up > seconds{0};
    const Judgement judgement =
        may_catch_up ? allow_catch_up(shared, *job.entry, now_.instant) : shared;
    const auto start = policy.enabled ? Fate::start : Fate::suspended;
    const auto merge = policy.enabled ? Fate::merged : Fate::suspended;
    if (judgement.missed) propose(job, Fate::missed, *judgement.missed);
    if (const auto due = judgement.catch_up) {
        propose(job, Fate::start, {*due, *due, 1}, {}, Cause::catch_up);
    }
    for (const Span& merged : judgement.merged) {
        propose(job, merge, merged, judgement.starts.front());
    }
    for (const Instant due : judgement.starts) propose(job, start, {due, due, 1});
}

void Engine::State::propose(Job& job, Fate fate, const Span& span, Instant into, Cause cause) {
    Verdict verdict;
    verdict.key = RunKey{job.id, span.last, pass_of(*job.entry)};
    verdict.fate = fate;
    verdict.cause = cause;
    verdict.first = span.first;
    verdict.count = span.count;
    if (fate == Fate::merged) verdict.into = into;
    proposals_.push_back({std::move(verdict), &job});
}

void Engine::State::on(const RunAsked& event) {
    // In the pass of a clock that was set back, be this what tells it.
    check_clock();
    Job* const job = jobs_.find(event.job);
    if (job != nullptr && !is_stopping()) propose_asked(*job);
}

// It is named by a moment that no schedule can name, so that a due time in the same second is
// another run.
void Engine::State::propose_asked(Job& job) {
    const bool is_again = last_asked_ >= now_.instant && last_asked_ < now_.instant + seconds{1};
    Instant named = is_again ? last_asked_ + microseconds{1} : now_.instant;
    if (named == floor_seconds(named)) named += microseconds{1};
    last_asked_ = named;
    propose(job, Fate::start, {named, named, 1}, {}, Cause::manual);
}

void Engine::State::send_decides() {
    // By due time, then in the order of tables and lines; that keeps each job's own order.
    std::stable_sort(proposals_.begin(), proposals_.end(),
                     [](const Proposal& a, const Proposal& b) {
                         if (a.verdict.key.due != b.verdict.key.due)
                             return a.verdict.key.due < b.verdict.key.due;
                         return a.job->starts_before(*b.job);
                     });
    std::size_t next = 0;
    while (next < proposals_.size() || !known_.empty()) {
        Decide decide;
        decide.batch = ++last_batch_;
        decide.known = std::exchange(known_, {});
        auto& asked = batches_[decide.batch];
        for (; next < proposals_.size() && decide.verdicts.size() < kBatchMax; ++next) {
            Proposal& proposal = proposals_[next];
            if (proposal.verdict.fate == Fate::start) {
                const Run& run =
                    runs_.open(proposal.verdict.key, proposal.job->entry, proposal.verdict.cause);
                proposal.job->pending.push_back(run.number);
                asked.push_back(run.number);
            }
            decide.verdicts.push_back(std::move(proposal.verdict));
        }
        decide.decided_until = decided_until_;
        effects_.emplace_back(std::move(decide));
    }
    proposals_.clear();
}

void Engine::State::on(const Decided& event) {
    const auto batch = batches_.find(event.batch);
    if (batch == batches_.end()) return;
    for (const RunNumber number : batch->second) {
        Run* run = runs_.find(number);
        if (run == nullptr) continue;  // withdrawn meanwhile
        if (std::find(event.refused.begin(), event.refused.end(), run->key) ==
            event.refused.end()) {
            runs_.grant(*run);
            continue;
        }
        if (run->cause == Cause::manual && !is_stopping()) {
            rename(*run);
            continue;
        }
        Outcome outcome;
        outcome.kind = Outcome::Kind::refused;
        outcome.reason = "this due time has a verdict already";
        finish(*run, std::move(outcome));
    }
    batches_.erase(batch);
}

// Its moment has named a run before: the clock was set back, or another daemon was asked then.
void Engine::State::rename(const Run& run) {
    Job& job = *jobs_.find(run.key.job);
    std::erase(job.pending, run.number);
    runs_.close(run.number);
    propose_asked(job);
}

}  // namespace cron::engine
