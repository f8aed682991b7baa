#include "record_model.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "trace.h"

namespace cron::sim {
namespace {

using engine::Cause;
using State = engine::RecalledRun::State;

bool is_same(const engine::RecalledRun& a, const engine::RecalledRun& b) {
    return a.key == b.key && a.cause == b.cause && a.state == b.state && a.attempt == b.attempt &&
           a.wake_at == b.wake_at;
}

bool is_same(const engine::JobMemory& a, const engine::JobMemory& b) {
    return a.reached == b.reached && a.reached_in == b.reached_in;
}

std::string name_of(const engine::RunKey& key) {
    return fmt::format("{} due {}", printable(key.job.bytes()), print(key.due));
}

}  // namespace

std::optional<engine::Decided> RecordModel::apply(const Order& order, std::uint64_t boot) {
    if (const auto* decide = std::get_if<engine::Decide>(&order)) {
        written_in_boot_ = boot;
        engine::Decided answer = memory_.decide(*decide);
        grant(*decide, answer, boot);
        return answer;
    }
    if (const auto* pass = std::get_if<engine::OpenPass>(&order)) {
        written_in_boot_ = boot;
        memory_.open_pass(*pass);
    } else if (const auto* retry = std::get_if<engine::Retry>(&order)) {
        const auto found = find(retry->key);
        if (found == open_.end()) return std::nullopt;
        engine::RecalledRun& run = open_.at(found->first);
        run.state = State::retrying;
        run.attempt = retry->attempt + 1;
        run.last_outcome = retry->outcome;
        run.wake_at = retry->outcome.ended + retry->delay;
    } else if (const auto* lost = std::get_if<Lose>(&order)) {
        lose(lost->key);
    } else {
        const auto& finish = std::get<engine::Finish>(order);
        if (finish.outcome.kind != engine::Outcome::Kind::refused) lose(finish.key);
    }
    return std::nullopt;
}

void RecordModel::grant(const engine::Decide& order, engine::Decided& answer, std::uint64_t boot) {
    for (const engine::Verdict& verdict : order.verdicts) {
        if (verdict.fate != engine::Fate::start) continue;
        const bool is_boot = verdict.cause == Cause::boot;
        if (is_boot && std::exchange(booted_[verdict.key.job], boot) == boot)
            answer.refused.push_back(verdict.key);
        const bool is_refused = std::find(answer.refused.begin(), answer.refused.end(),
                                          verdict.key) != answer.refused.end();
        if (is_refused) continue;
        engine::RecalledRun run;
        run.key = verdict.key;
        run.cause = verdict.cause;
        open_[{run.key.job, run.key.due, run.key.pass, is_boot ? boot : 0}] = run;
    }
}

void RecordModel::lose(const engine::RunKey& key) {
    const auto found = find(key);
    if (found != open_.end()) open_.erase(found);
}

RecordModel::Runs::const_iterator RecordModel::find(const engine::RunKey& key) const {
    const auto found = open_.lower_bound({key.job, key.due, key.pass, 0});
    return found != open_.end() && found->second.key == key ? found : open_.end();
}

std::vector<engine::RecalledRun> RecordModel::open_runs() const {
    std::vector<engine::RecalledRun> runs;
    for (const auto& [name, run] : open_) runs.push_back(run);
    return runs;
}

std::string RecordModel::difference(const engine::Memory& other, std::uint64_t boot) const {
    const engine::Memory mine = recall(boot);
    if (mine.decided_until != other.decided_until ||
        mine.fixed_decided_until != other.fixed_decided_until)
        return "up to where all is decided";
    if (!(mine.passes == other.passes)) return "the passes";
    if (mine.same_boot != other.same_boot) return "the boot";
    if (mine.jobs.size() != other.jobs.size()) return "how many jobs there are";
    for (const auto& [id, job] : mine.jobs) {
        const auto found = other.jobs.find(id);
        if (found == other.jobs.end() || !is_same(job, found->second)) return printable(id.bytes());
    }
    if (open_.size() != other.runs.size())
        return fmt::format("{} open runs, not {}", other.runs.size(), open_.size());
    for (const engine::RecalledRun& run : other.runs) {
        const auto found = find(run.key);
        if (found == open_.end() || !is_same(found->second, run)) return name_of(run.key);
    }
    return "";
}

}  // namespace cron::sim
