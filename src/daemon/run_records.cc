#include "daemon/run_records.h"

#include "daemon/facts.h"

namespace cron::daemon {
namespace {

bool is_end(const RunFinished& fact) {
    return fact.finish.outcome.kind == engine::Outcome::Kind::exited;
}

struct Writer {
    Instant now;
    const Customs& customs;

    using Records = std::vector<Record>;

    Records operator()(const RunStarted& fact) const {
        return {run_started(fact.spawn, fact.pid, now, customs)};
    }
    Records operator()(const RunPostponed& fact) const { return {run_postponed(fact.postpone)}; }
    Records operator()(const RunRetried& fact) const { return {run_retried(fact.retry)}; }
    Records operator()(const RunFinished& fact) const {
        Records records;
        const RunLines& lines = customs.run_lines;
        if (!is_end(fact) || lines.ends) {
            records.push_back(run_finished(fact.finish, fact.pid, customs));
        }
        if (is_end(fact) && lines.failures && !fact.finish.outcome.is_success()) {
            records.push_back(run_failed(fact.finish, fact.pid));
        }
        return records;
    }
    Records operator()(const DueNotRun& fact) const { return {not_run(fact.verdict)}; }
    Records operator()(const RunLost& fact) const { return {run_lost(fact.key, fact.why)}; }
    Records operator()(const RunAdopted& fact) const { return {run_adopted(fact.spawn, fact.pid)}; }
    Records operator()(const RunLeft& fact) const {
        return {run_left(fact.spawn, fact.pid, fact.output)};
    }
};

}  // namespace

bool is_wanted(const RunFact& fact, const RunLines& lines) {
    if (std::holds_alternative<RunStarted>(fact)) return lines.starts;
    const auto* const finished = std::get_if<RunFinished>(&fact);
    return finished == nullptr || !is_end(*finished) || lines.ends || lines.failures;
}

std::vector<Record> records_of(const RunFact& fact, Instant now, const Customs& customs) {
    return std::visit(Writer{now, customs}, fact);
}

}  // namespace cron::daemon
