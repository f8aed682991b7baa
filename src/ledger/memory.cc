#include "ledger/memory.h"

namespace cron::ledger {

engine::Decided MemoryLedger::decide(const engine::Decide& decide) {
    engine::Decided answer{decide.batch, {}};
    for (const engine::KnownJob& known : decide.known) jobs_[known.job].known_since = known.since;
    for (const engine::Verdict& verdict : decide.verdicts) {
        Job& job = jobs_[verdict.key.job];
        const bool is_later_pass = verdict.key.pass > job.pass || !job.decided;
        const bool is_later =
            verdict.key.pass == job.pass && job.decided && verdict.key.due > *job.decided;
        if (is_later_pass || is_later) {
            job.pass = verdict.key.pass;
            job.decided = verdict.key.due;
        } else if (verdict.fate == engine::Fate::start) {
            answer.refused.push_back(verdict.key);
        }
    }
    if (decide.decided_until) decided_until_ = decide.decided_until;
    return answer;
}

void MemoryLedger::open_pass(const engine::OpenPass& open) {
    last_pass_ = open.pass;
    wildcard_pass_ = open.pass;
    if (open.fixed_too) fixed_pass_ = open.pass;
    decided_until_ = open.to;
}

engine::Memory MemoryLedger::recall(bool same_boot) const {
    engine::Memory memory;
    memory.decided_until = decided_until_;
    memory.last_pass = last_pass_;
    memory.wildcard_pass = wildcard_pass_;
    memory.fixed_pass = fixed_pass_;
    memory.same_boot = same_boot;
    for (const auto& [id, job] : jobs_)
        memory.jobs[id] = engine::JobMemory{job.known_since, job.decided};
    return memory;
}

}  // namespace cron::ledger
