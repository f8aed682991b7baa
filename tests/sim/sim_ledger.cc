#include "sim_ledger.h"

#include <algorithm>
#include <utility>

namespace cron::sim {

using engine::Decide;
using engine::Decided;

SimLedger::SimLedger(std::uint64_t seed, Trace& trace, Hooks hooks)
    : trace_(trace),
      hooks_(std::move(hooks)),
      files_(seed),
      is_on_disk_(seed % kSeedsPerDisk == 0) {}

daemon::Keeper::Options SimLedger::options() const {
    return {{"ledger.db", files_.name(), boot_id()}, folder_ / "marks"};
}

SimLedger::Recalled SimLedger::open(std::uint64_t boot) {
    // On a disk that fails then nothing is remembered, and nothing promised.
    mend_disk();
    boot_ = boot;
    Recalled recalled;
    const std::vector<engine::RecalledRun> left = model_.open_runs();
    recalled.memory = is_on_disk_ ? open_keeper() : open_model();
    for (const engine::RecalledRun& run : left) {
        const auto& found = recalled.memory.runs;
        const bool is_found = std::any_of(found.begin(), found.end(),
                                          [&](const auto& other) { return other.key == run.key; });
        if (is_found) continue;
        recalled.lost.push_back(run);
        orders_.push_back(Lose{run.key, run.attempt});
        // The keeper has ordered it by itself.
        if (!is_on_disk_) write_later(hooks_.delay());
    }
    return recalled;
}

engine::Memory SimLedger::open_model() {
    auto marks = ledger::Marks::open({folder_ / "marks", boot_id(), "ledger"});
    if (!marks) {
        trace_.fail("marks", marks.error().message);
        return {};
    }
    marks_ = *std::move(marks);
    engine::Memory memory = model_.recall(boot_);
    for (engine::RecalledRun& run : model_.open_runs()) {
        if (!ledger::judge(run, &*marks_, memory.same_boot, hooks_.process_start))
            memory.runs.push_back(std::move(run));
    }
    return memory;
}

engine::Memory SimLedger::open_keeper() {
    const auto post_work = [this](daemon::Worker::Work work) {
        post(std::move(work));
        return true;
    };
    keeper_.emplace(daemon::Keeper::Surroundings{hooks_.clock, post_work, hooks_.process_start},
                    daemon::Keeper::Hooks{[this](Decided answer) { answered(std::move(answer)); },
                                          [this](const daemon::Record& record) { said(record); }});
    if (auto opened = keeper_->open(options()); !opened) {
        trace_.fail("ledger", opened.error().message);
    }
    return keeper_->recall();
}

void SimLedger::order(Order order) {
    orders_.push_back(order);
    if (is_on_disk_) {
        if (auto* decide = std::get_if<Decide>(&order)) keeper_->decide(std::move(*decide));
        if (auto* pass = std::get_if<engine::OpenPass>(&order)) keeper_->open_pass(*pass);
        if (auto* finish = std::get_if<engine::Finish>(&order)) keeper_->finish(std::move(*finish));
        if (auto* retry = std::get_if<engine::Retry>(&order)) keeper_->retry(std::move(*retry));
        return;
    }
    const microseconds delay = hooks_.delay();
    if (delay == microseconds{0} && orders_.size() == 1) return write_oldest();
    write_later(delay);
}

void SimLedger::write_later(microseconds delay) {
    last_write_at_ = std::max(last_write_at_, hooks_.elapsed() + delay);
    hooks_.later(last_write_at_ - hooks_.elapsed(), [this] {
        if (!orders_.empty()) write_oldest();
    });
}

void SimLedger::write_oldest() {
    const Order oldest = std::move(orders_.front());
    orders_.pop_front();
    auto answer = model_.apply(oldest, boot_);
    if (const auto* finish = std::get_if<engine::Finish>(&oldest))
        marks_->clear(finish->key, finish->attempt);
    if (const auto* retry = std::get_if<engine::Retry>(&oldest))
        marks_->clear(retry->key, retry->attempt);
    if (const auto* lost = std::get_if<Lose>(&oldest)) marks_->clear(lost->key, lost->attempt);
    hooks_.written(oldest);
    if (!answer) return;
    hooks_.answered(std::get<Decide>(oldest), *std::move(answer));
}

void SimLedger::answered(Decided answer) {
    const auto asked = std::find_if(orders_.begin(), orders_.end(), [&](const Order& order) {
        const auto* decide = std::get_if<Decide>(&order);
        return decide != nullptr && decide->batch == answer.batch;
    });
    if (asked == orders_.end()) return trace_.fail("ledger", "it answers what nobody asked");
    const Decide decide = std::get<Decide>(*asked);
    if (!is_weak_) settle(static_cast<std::size_t>(asked - orders_.begin()) + 1);
    hooks_.answered(decide, std::move(answer));
}

void SimLedger::said(const daemon::Record& record) {
    trace_.line(hooks_.clock(), "{}", record.event);
    if (record.event == "ledger-weak") is_weak_ = true;
    if (record.event == "ledger-restored") {
        is_weak_ = false;
        settle(orders_.size());
    }
    for (const char* event : {"ledger-disagrees", "ledger-dropped", "ledger-damaged"}) {
        if (record.event == event) trace_.fail("ledger", event);
    }
}

void SimLedger::post(daemon::Worker::Work work) {
    work_ = std::move(work);
    go_on_later();
}

void SimLedger::go_on_later() {
    hooks_.later(hooks_.delay(), [this, turn = ++turn_] {
        if (turn == turn_) go_on();
    });
}

void SimLedger::go_on() {
    if (work_) {
        continuation_ = std::exchange(work_, nullptr)();
        return go_on_later();
    }
    std::exchange(continuation_, nullptr)();
    if (keeper_->is_idle()) settle(orders_.size());
}

// So many of the first are on disk.
void SimLedger::settle(std::size_t count) {
    for (; count > 0; --count) settle_next();
}

std::optional<Decided> SimLedger::settle_next() {
    const Order order = std::move(orders_.front());
    orders_.pop_front();
    auto answer = model_.apply(order, boot_);
    hooks_.written(order);
    return answer;
}

engine::Memory SimLedger::open_for_rival() {
    finish();
    return model_.recall(boot_);
}

engine::Decided SimLedger::order_of_rival(const Order& order) {
    finish();
    return model_.apply(order, boot_).value_or(engine::Decided{});
}

void SimLedger::mark(const engine::Spawn& spawn) {
    if (keeper_) return keeper_->mark(spawn);
    if (auto marked = marks_->set(spawn.key, spawn.attempt); !marked)
        trace_.fail("marks", marked.error().message);
}

void SimLedger::add_process(const engine::Spawn& spawn, const engine::LiveProcess& process) {
    if (keeper_) return keeper_->add_process(spawn, process);
    marks_->add_process(
        spawn.key, spawn.attempt,
        {process.pid, process.process_start, process.started.time_since_epoch().count(),
         process.output, process.output_number});
}

void SimLedger::unmark(const engine::Spawn& spawn) {
    if (keeper_) return keeper_->unmark(spawn);
    marks_->clear(spawn.key, spawn.attempt);
}

void SimLedger::fail_disk(Random& random) {
    switch (random.below(4)) {
        case 0:
            files_.fail_call(1 + random.below(40));
            break;
        case 1:
            files_.fail_call(1 + random.below(40), true);
            break;
        case 2:
            files_.set_size_max(0);
            break;
        default:
            files_.set_read_only(true);
            break;
    }
}

void SimLedger::mend_disk() {
    files_.fail_call(0);
    files_.set_size_max(SIZE_MAX);
    files_.set_read_only(false);
}

std::optional<Monotonic> SimLedger::deadline() const {
    return keeper_ ? keeper_->deadline() : std::nullopt;
}

void SimLedger::expire(Monotonic now) {
    if (keeper_) keeper_->expire(now);
}

void SimLedger::finish() {
    while (!is_on_disk_ && !orders_.empty()) write_oldest();
    while (keeper_ && !keeper_->is_settled() && (work_ || continuation_)) {
        ++turn_;
        go_on();
    }
}

std::vector<Order> SimLedger::close(bool power_is_lost) {
    if (is_on_disk_) {
        mend_disk();
        if (power_is_lost) {
            files_.lose_power();
        } else {
            files_.lose_process();
        }
        work_ = nullptr;
        continuation_ = nullptr;
        keeper_.reset();
        settle_as_found();
    }
    marks_.reset();
    last_write_at_ = microseconds{0};
    is_weak_ = false;
    const std::deque<Order> left = std::exchange(orders_, {});
    return {left.begin(), left.end()};
}

// What was ordered last may be on disk or not, but in its order and each as a whole.
void SimLedger::settle_as_found() {
    const engine::Memory found = read_disk();
    // What is lost is written by its reasons, whatever the order of the runs.
    const auto first_of_others =
        std::find_if_not(orders_.begin(), orders_.end(),
                         [](const Order& order) { return std::holds_alternative<Lose>(order); });
    std::stable_partition(orders_.begin(), first_of_others, [&](const Order& order) {
        return std::none_of(found.runs.begin(), found.runs.end(),
                            [&](const auto& run) { return run.key == std::get<Lose>(order).key; });
    });
    std::string difference = model_.difference(found, boot_);
    while (!difference.empty() && !orders_.empty()) {
        const Order order = orders_.front();
        const auto answer = settle_next();
        if (answer) hooks_.granted_unseen(std::get<Decide>(order), *answer);
        difference = model_.difference(found, boot_);
    }
    if (!difference.empty())
        trace_.fail("on record", "the database has something else: " + difference);
}

engine::Memory SimLedger::read_disk() {
    auto store = ledger::Store::open(options().store);
    if (!store) {
        trace_.fail("ledger", store.error().message);
        return {};
    }
    auto memory = store->recall();
    auto runs = store->open_runs();
    if (!memory || !runs) {
        trace_.fail("ledger", "it cannot be read");
        return {};
    }
    for (ledger::OpenRun& open : *runs) memory->runs.push_back(std::move(open.run));
    return *std::move(memory);
}

}  // namespace cron::sim
