#include "record_checker.h"

#include "base/text.h"

namespace cron::sim {

using engine::Cause;
using State = engine::RecalledRun::State;

void RecordChecker::fail(std::string_view rule, const engine::RunKey& key, std::string_view what) {
    trace_.fail(rule, fmt::format("{} due {} pass {}: {}", printable(key.job.bytes()),
                                  print(key.due), key.pass, what));
}

void RecordChecker::on_granted(const engine::Verdict& verdict, std::uint64_t boot) {
    const auto [run, is_first] = runs_.try_emplace(verdict.key, Run{verdict.cause, boot, 0, false});
    if (is_first) return;
    // The clock may read the same at two boots.
    const bool is_of_boot = verdict.cause == Cause::boot && run->second.boot != boot;
    if (!is_of_boot) return fail("never twice", verdict.key, "granted twice");
    run->second = {verdict.cause, boot, 0, false};
}

void RecordChecker::on_made(const engine::Spawn& spawn) {
    const auto run = runs_.find(spawn.key);
    if (run == runs_.end()) return fail("granted first", spawn.key, "started without a grant");
    if (spawn.attempt <= run->second.attempt) fail("never twice", spawn.key, "started twice");
    if (spawn.attempt > run->second.attempt + 1) fail("retry", spawn.key, "an attempt is left out");
    if (run->second.has_ended) fail("never twice", spawn.key, "started after its end");
    run->second.attempt = spawn.attempt;
}

void RecordChecker::on_ended(const engine::RunKey& key) {
    const auto run = runs_.find(key);
    if (run == runs_.end()) return;  // its grant was forgotten
    if (run->second.has_ended) fail("outcome", key, "a second one on record");
    run->second.has_ended = true;
}

void RecordChecker::on_recalled(const engine::RecalledRun& run, const Finding& truth,
                                std::uint64_t boot) {
    const auto known = runs_.find(run.key);
    if (known == runs_.end()) return fail("recalled", run.key, "it was never granted");
    if (known->second.has_ended) fail("recalled", run.key, "it has ended");
    const bool was_started = known->second.attempt >= run.attempt;
    switch (run.state) {
        case State::pending:
        case State::retrying:
            if (was_started || truth.is_marked) fail("recalled", run.key, "it was started");
            if (known->second.boot != boot) fail("recalled", run.key, "it is of another boot");
            break;
        case State::alive:
            if (truth.process != Process::alive || truth.pid != run.process.pid ||
                truth.start != run.process.process_start)
                fail("recalled", run.key, "it does not live");
            break;
    }
}

// At most once is kept, and no more is given up for it than must be.
void RecordChecker::on_lost(const engine::RecalledRun& run, const Finding& truth,
                            std::uint64_t boot) {
    const auto known = runs_.find(run.key);
    if (known == runs_.end()) return fail("lost", run.key, "it was never granted");
    if (truth.process == Process::alive) fail("lost", run.key, "though it lives");
    if (!truth.is_marked && known->second.boot == boot)
        fail("lost", run.key, "though it was not started");
}

}  // namespace cron::sim
