#include "daemon/keeper.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "daemon/clock.h"
#include "daemon/facts.h"

namespace cron::daemon {
namespace {

using engine::Decide;
using engine::Decided;
using engine::Finish;
using engine::OpenPass;
using engine::Retry;

}  // namespace

Keeper::Keeper(Worker& worker, Hooks hooks, ledger::ProcessStart process_start)
    : Keeper({read_clock, [&worker](Worker::Work work) { return worker.post(std::move(work)); },
              std::move(process_start)},
             std::move(hooks)) {}

Result<void> Keeper::open(const Options& options) {
    CRON_CHECK(shared_ == nullptr);
    shared_ = std::make_shared<Shared>();
    shared_->options = options;
    auto opened = ledger::open_or_replace(options.store);
    if (!opened && opened.error().code == ErrorCode::invalid) {
        return failure(ErrorCode::invalid,
                       fmt::format("{}: {}", options.store.path, opened.error().message));
    }
    const Result<void> taken =
        opened ? take_over(*std::move(opened)) : tl::unexpected(opened.error());
    if (!taken) {
        weaken(taken.error().message);
        retry_at_ = surroundings_.clock().monotonic + kLedgerRetry;
    }
    return {};
}

engine::Memory Keeper::recall() const {
    engine::Memory memory = memory_.recall(same_boot_);
    memory.runs = runs_;
    return memory;
}

void Keeper::decide(Decide order) {
    Decided answer = memory_.decide(order);
    if (shared_ == nullptr) return hooks_.decided(std::move(answer));
    Order made{std::move(order), surroundings_.clock().monotonic, std::move(answer), false};
    if (is_weak_) answer_from_memory(made);
    add(std::move(made));
}

void Keeper::open_pass(const OpenPass& order) {
    memory_.open_pass(order);
    if (shared_ != nullptr) add({order, surroundings_.clock().monotonic, {}, true});
}

void Keeper::finish(Finish order) {
    if (shared_ != nullptr) add({std::move(order), surroundings_.clock().monotonic, {}, true});
}

void Keeper::retry(Retry order) {
    if (shared_ != nullptr) add({std::move(order), surroundings_.clock().monotonic, {}, true});
}

void Keeper::add(Order order) {
    waiting_.push_back(std::move(order));
    // What is dropped is told by later verdicts of its job; its own row is lost.
    if (waiting_.size() > kHeldMax) {
        answer_from_memory(waiting_.front());
        waiting_.pop_front();
        if (dropped_++ == 0) {
            say(Level::error, "ledger-dropped",
                fmt::format("more than {} verdicts and outcomes wait for the disk: the oldest are "
                            "not recorded",
                            kHeldMax));
        }
    }
    send();
}

void Keeper::send() {
    if (flight_ != nullptr || is_pruning_ || waiting_.empty() || retry_at_) return;
    flight_ = std::make_shared<std::vector<Order>>(std::make_move_iterator(waiting_.begin()),
                                                   std::make_move_iterator(waiting_.end()));
    waiting_.clear();
    if (!shared_->store) shared_->memory = memory_.recall(true);
    const bool is_posted =
        surroundings_.post([this, shared = shared_, orders = flight_]() -> Worker::Continuation {
            return [this, done = write(*shared, *orders)] { written(done); };
        });
    CRON_CHECK(is_posted);  // there is never more than one work of ours
}

Keeper::Written Keeper::write(Shared& shared, const std::vector<Order>& orders) {
    Written written;
    if (auto all = write_all(shared, orders, written); !all) {
        // Opened anew at the next try: who knows what such an error leaves.
        shared.store.reset();
        written.error = all.error();
    }
    return written;
}

Result<void> Keeper::write_all(Shared& shared, const std::vector<Order>& orders, Written& written) {
    const bool is_new = !shared.store;
    if (is_new) {
        auto opened = ledger::open_or_replace(shared.options.store);
        if (!opened) return tl::unexpected(opened.error());
        written.set_aside = opened->set_aside;
        if (!shared.has_marks) {
            // Starts went unmarked: nobody may take a run for not started because it has no mark.
            auto marks = ledger::Marks::open(marks_of(shared.options, opened->store));
            if (!marks) return tl::unexpected(marks.error());
            marks->give_up();
        }
        shared.store = std::move(opened->store);
    }
    if (auto lost = record_lost(shared); !lost) return lost;
    while (written.done < orders.size()) {
        const auto count = write_next(*shared.store, orders, written);
        if (!count) return tl::unexpected(count.error());
        written.done += *count;
    }
    // After the orders that it includes: it would have them refused.
    return is_new ? shared.store->adopt(shared.memory) : Result<void>{};
}

// The next order, or all outcomes up to the next of another kind: how many.
Result<std::size_t> Keeper::write_next(ledger::Store& store, const std::vector<Order>& orders,
                                       Written& written) {
    const auto& what = orders[written.done].what;
    if (const auto* order = std::get_if<OpenPass>(&what)) {
        if (auto opened = store.open_pass(*order); !opened) return tl::unexpected(opened.error());
        return 1;
    }
    if (const auto* order = std::get_if<Retry>(&what)) {
        if (auto kept = store.retry(*order); !kept) return tl::unexpected(kept.error());
        return 1;
    }
    if (const auto* order = std::get_if<Decide>(&what)) {
        auto answer = store.decide(*order);
        if (!answer) return tl::unexpected(answer.error());
        written.answers.push_back(*std::move(answer));
        return 1;
    }
    std::vector<Finish> outcomes;
    for (std::size_t i = written.done; i < orders.size(); ++i) {
        const auto* order = std::get_if<Finish>(&orders[i].what);
        if (order == nullptr) break;
        outcomes.push_back(*order);
    }
    if (auto finished = store.finish(outcomes); !finished) {
        return tl::unexpected(finished.error());
    }
    return outcomes.size();
}

void Keeper::written(const Written& written) {
    if (written.set_aside) say_set_aside(*written.set_aside);
    std::size_t next = 0;
    for (std::size_t i = 0; i < written.done; ++i) {
        Order& order = (*flight_)[i];
        unmark(order);
        if (std::holds_alternative<Decide>(order.what))
            answer_durably(order, written.answers[next++]);
    }
    take_back(written.done);
    if (written.error) {
        weaken(written.error->message);
        retry_at_ = surroundings_.clock().monotonic + kLedgerRetry;
        return;
    }
    if (is_weak_ && waiting_.empty()) {
        is_weak_ = false;
        dropped_ = 0;
        say(Level::info, "ledger-restored",
            "every verdict that was held in memory is on record: no due time runs twice, come "
            "what may");
    }
    send();
}

// What the worker has not done comes first in the next try.
void Keeper::take_back(std::size_t done) {
    const auto begin = flight_->begin() + static_cast<std::ptrdiff_t>(done);
    waiting_.insert(waiting_.begin(), std::make_move_iterator(begin),
                    std::make_move_iterator(flight_->end()));
    flight_.reset();
}

void Keeper::answer_durably(Order& order, const Decided& decided) {
    if (order.is_answered) {
        if (decided.refused.size() > order.from_memory.refused.size()) {
            say(Level::error, "ledger-disagrees",
                fmt::format("{} due times were granted from memory that the ledger has refused: "
                            "they may have run twice",
                            decided.refused.size() - order.from_memory.refused.size()));
        }
        return;
    }
    order.is_answered = true;
    hooks_.decided(decided);
}

void Keeper::answer_from_memory(Order& order) {
    if (std::exchange(order.is_answered, true)) return;
    hooks_.decided(order.from_memory);
}

void Keeper::weaken(const std::string& why) {
    if (!std::exchange(is_weak_, true)) {
        say(Level::error, "ledger-weak",
            fmt::format("the ledger cannot be written ({}): jobs run, and verdicts are held in "
                        "memory; a crash now may let a due time run twice or not at all",
                        why));
    }
    for_unanswered([this](Order& order) { answer_from_memory(order); });
}

template <class Each>
void Keeper::for_unanswered(Each each) {
    const auto visit = [&](auto& orders) {
        for (Order& order : orders) {
            if (!order.is_answered) each(order);
        }
    };
    if (flight_ != nullptr) visit(*flight_);
    visit(waiting_);
}

std::optional<Monotonic> Keeper::deadline() const {
    std::optional<Monotonic> earliest = flight_ == nullptr ? retry_at_ : std::nullopt;
    if (prune_at_) earliest = std::min(earliest.value_or(*prune_at_), *prune_at_);
    const auto consider = [&](const auto& orders) {
        for (const Order& order : orders) {
            if (order.is_answered) continue;
            const Monotonic end = order.since + kLedgerPatience;
            earliest = std::min(earliest.value_or(end), end);
            return;  // the first is the oldest
        }
    };
    if (flight_ != nullptr) consider(*flight_);
    consider(waiting_);
    return earliest;
}

void Keeper::expire(Monotonic now) {
    bool is_slow = false;
    for_unanswered([&](const Order& order) { is_slow |= now >= order.since + kLedgerPatience; });
    if (is_slow) {
        weaken(fmt::format("its disk has not answered for {} s", kLedgerPatience.count()));
    }
    if (prune_at_ && now >= *prune_at_) prune(now);
    if (retry_at_ && now >= *retry_at_) {
        retry_at_.reset();
        send();
    }
}

void Keeper::say(Level level, std::string_view event, std::string message) {
    hooks_.write(said(level, event, std::move(message)));
}

void Keeper::say_set_aside(const std::string& path) {
    say(Level::error, "ledger-damaged",
        fmt::format("the ledger was damaged: it is now {}, and a new one is begun. What ran before "
                    "is not known to it",
                    path));
}

}  // namespace cron::daemon
