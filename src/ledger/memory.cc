#include "ledger/memory.h"

#include <algorithm>

namespace cron::ledger {

engine::Decided MemoryLedger::decide(const engine::Decide& decide) {
    engine::Decided answer{decide.batch, {}};
    for (const engine::KnownJob& known : decide.known) {
        jobs_[known.job].memory = {known.since, passes_.last()};
    }
    for (const engine::Verdict& verdict : decide.verdicts) {
        // Once a boot is for the daemon to say: the clock may read 1970 at each.
        if (verdict.cause == engine::Cause::boot) continue;
        // What is asked for is no due time, but a name.
        if (verdict.cause == engine::Cause::manual) {
            if (!name(verdict.key)) answer.refused.push_back(verdict.key);
            continue;
        }
        Job& job = jobs_[verdict.key.job];
        const auto [decided, is_first] = job.decided.try_emplace(verdict.key.pass, verdict.key.due);
        if (is_first || verdict.key.due > decided->second) {
            decided->second = verdict.key.due;
            job.memory = {verdict.key.due, verdict.key.pass};
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

// False: it names a run already.
bool MemoryLedger::name(const engine::RunKey& key) {
    const bool is_new = asked_.insert({key.due, key.pass, key.job}).second;
    if (asked_.size() > kAskedMax) asked_.erase(asked_.begin());
    return is_new;
}

void MemoryLedger::open_pass(const engine::OpenPass& open) {
    passes_.open(open.pass, open.fixed_too, open.to);
    decided_until_ = open.to;
    if (open.fixed_too) fixed_decided_until_ = open.to;
}

void MemoryLedger::adopt(const engine::Memory& memory) {
    decided_until_ = memory.decided_until;
    fixed_decided_until_ = memory.fixed_decided_until;
    passes_ = memory.passes;
    for (const auto& [id, job] : memory.jobs) {
        jobs_[id] = {job, {{job.reached_in, job.reached}}};
    }
}

engine::Memory MemoryLedger::recall(bool same_boot) const {
    engine::Memory memory;
    memory.decided_until = decided_until_;
    memory.fixed_decided_until = fixed_decided_until_;
    memory.passes = passes_;
    memory.same_boot = same_boot;
    for (const auto& [id, job] : jobs_) memory.jobs[id] = job.memory;
    return memory;
}

}  // namespace cron::ledger
