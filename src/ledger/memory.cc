#include "ledger/memory.h"

#include <algorithm>

namespace cron::ledger {

engine::Decided MemoryLedger::decide(const engine::Decide& decide) {
    engine::Decided answer{decide.batch, {}};
    for (const engine::KnownJob& known : decide.known) {
        jobs_[known.job].known_since = known.since;
        jobs_[known.job].known_in = last_pass_;
    }
    for (const engine::Verdict& verdict : decide.verdicts) {
        // Once a boot is for the daemon to say: the clock may read 1970 at each.
        if (verdict.cause == engine::Cause::boot) continue;
        const auto [decided, is_first] =
            jobs_[verdict.key.job].decided.try_emplace(verdict.key.pass, verdict.key.due);
        if (is_first || verdict.key.due > decided->second) {
            decided->second = verdict.key.due;
        } else if (verdict.fate == engine::Fate::start) {
            answer.refused.push_back(verdict.key);
        }
    }
    if (decide.decided_until) {
        decided_until_ = decide.decided_until;
        fixed_decided_until_ = std::max(fixed_decided_until_, decided_until_);
    }
    return answer;
}

void MemoryLedger::open_pass(const engine::OpenPass& open) {
    last_pass_ = open.pass;
    wildcard_pass_ = open.pass;
    wildcard_since_ = open.to;
    decided_until_ = open.to;
    if (!open.fixed_too) return;
    fixed_pass_ = open.pass;
    fixed_since_ = open.to;
    fixed_decided_until_ = open.to;
}

engine::Memory MemoryLedger::recall(bool same_boot) const {
    engine::Memory memory;
    memory.decided_until = decided_until_;
    memory.fixed_decided_until = fixed_decided_until_;
    memory.last_pass = last_pass_;
    memory.wildcard_pass = wildcard_pass_;
    memory.fixed_pass = fixed_pass_;
    memory.wildcard_since = wildcard_since_;
    memory.fixed_since = fixed_since_;
    memory.same_boot = same_boot;
    for (const auto& [id, job] : jobs_)
        memory.jobs[id] = engine::JobMemory{job.known_since, job.known_in, job.decided};
    return memory;
}

}  // namespace cron::ledger
