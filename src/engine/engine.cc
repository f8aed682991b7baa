#include "engine/engine.h"

#include <csignal>
#include <utility>

#include "engine/state.h"

namespace cron::engine {
namespace {

constexpr seconds kKillWait{5};  // for processes that even KILL does not end at once

}  // namespace

Engine::Engine(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;
Effects Engine::handle(const Event& event, const Now& now) { return state_->handle(event, now); }
Snapshot Engine::snapshot() const { return state_->snapshot(); }

Effects Engine::State::handle(const Event& event, const Now& now) {
    now_ = now;
    std::visit([this](const auto& happened) { on(happened); }, event);
    advance();
    return std::exchange(effects_, {});
}

void Engine::State::advance() {
    check_clock();
    if (!is_stopping()) {
        if (active_ && is_clock_set()) decide_due();
        send_decides();
        start_ready();
    }
    stop_overdue();
    order_wake();
}

void Engine::State::on(const StopAsked& event) {
    const bool again = is_stopping();
    if (!again) {
        stop_ =
            Stop{now_.monotonic + limits_.grace, false, event.manner == StopAsked::Manner::leave};
        proposals_.clear();
        for (const RunNumber number : runs_.all_pending()) {
            Outcome outcome;
            outcome.kind = Outcome::Kind::withdrawn;
            outcome.reason = "the daemon stops";
            finish(*runs_.find(number), std::move(outcome));
        }
        if (event.manner == StopAsked::Manner::drain) signal_all(SIGTERM);
    } else {
        stop_->next_step = now_.monotonic;
    }
    if (!again && stop_->quit) effects_.emplace_back(Quit{});
}

void Engine::State::stop_overdue() {
    if (!is_stopping() || stop_->quit) return;
    const bool is_time = now_.monotonic >= stop_->next_step;
    if (runs_.alive() == 0 || (is_time && stop_->killed)) {
        stop_->quit = true;
        effects_.emplace_back(Quit{});
        return;
    }
    if (!is_time) return;
    signal_all(SIGKILL);
    stop_->killed = true;
    stop_->next_step = now_.monotonic + kKillWait;
}

void Engine::State::signal_all(int signal) {
    for (const RunNumber number : runs_.all_alive()) {
        if (runs_.find(number)->stage == Run::Stage::running)
            effects_.emplace_back(Signal{number, signal});
    }
}

void Engine::State::order_wake() {
    Wake wake;
    if (is_stopping()) {
        if (!stop_->quit) wake.monotonic = stop_->next_step;
    } else {
        if (!is_clock_set()) {
            wake.instant = limits_.earliest_credible;
        } else if (const auto due = queue_.next_due()) {
            wake.instant = *due - kVerdictLead;
        }
        if (const auto start = runs_.next_start()) {
            wake.instant = std::min(wake.instant.value_or(*start), *start);
        }
        wake.monotonic = runs_.next_try();
    }
    if (last_wake_ == wake) return;
    last_wake_ = wake;
    effects_.emplace_back(wake);
}

Snapshot Engine::State::snapshot() const {
    Snapshot snapshot;
    snapshot.tables = jobs_.table_count();
    snapshot.running = runs_.alive();
    for (const Job* job : jobs_.in_order()) {
        Snapshot::Job shown;
        shown.id = job->id;
        shown.entry = job->entry;
        shown.next_due = queue_.next_due(*job);
        shown.running = runs_.alive(job->id);
        snapshot.jobs.push_back(std::move(shown));
    }
    return snapshot;
}

}  // namespace cron::engine
