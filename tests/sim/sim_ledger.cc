#include "sim_ledger.h"

namespace cron::sim {

engine::Memory SimLedger::recall(std::uint64_t boot) {
    if (!is_on_disk_) return memory_.recall(written_in_boot_ == boot);
    auto store = ledger::Store::open({"ledger.db", files_.name(), std::to_string(boot)});
    check(store);
    if (!store) return {};
    store_ = *std::move(store);
    auto memory = store_->recall();
    check(memory);
    // Which of the runs without an outcome were started is for their marks to say: here none is
    // started again.
    const auto runs = store_->open_runs();
    check(runs);
    if (runs) check(store_->lose(*runs, "the daemon is gone"));
    return memory.value_or(engine::Memory{});
}

engine::Decided SimLedger::decide(const engine::Decide& order, std::uint64_t boot) {
    written_in_boot_ = boot;
    if (!is_on_disk_) return memory_.decide(order);
    const auto answer = store_->decide(order);
    check(answer);
    return answer.value_or(engine::Decided{order.batch, {}});
}

void SimLedger::open_pass(const engine::OpenPass& order, std::uint64_t boot) {
    written_in_boot_ = boot;
    if (is_on_disk_) {
        check(store_->open_pass(order));
    } else {
        memory_.open_pass(order);
    }
}

void SimLedger::finish(const engine::Finish& order) {
    if (store_) check(store_->finish({order}));
}

void SimLedger::retry(const engine::Retry& order) {
    if (store_) check(store_->retry(order));
}

void SimLedger::close(bool power_is_lost) {
    if (power_is_lost && is_on_disk_) files_.lose_power();
    store_.reset();
}

}  // namespace cron::sim
