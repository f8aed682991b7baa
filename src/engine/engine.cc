#include "engine/engine.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "engine/state.h"

namespace cron::engine {
namespace {

constexpr const char* kStops = "the daemon stops";
constexpr seconds kKillWait{2};  // for processes that even KILL does not end at once

}  // namespace

Engine::Engine(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;
Effects Engine::handle(const Event& event, const Now& now) { return state_->handle(event, now); }
Snapshot Engine::snapshot(std::size_t jobs_max) const { return state_->snapshot(jobs_max); }

Effects Engine::State::handle(const Event& event, const Now& now) {
    now_ = {std::clamp(now.instant, kClockMin, kClockMax), now.monotonic};
    std::visit([this](const auto& happened) { on(happened); }, event);
    advance();
    return std::exchange(effects_, {});
}

void Engine::State::advance() {
    check_clock();
    if (!is_stopping()) {
        if (!limits_.only_asked) {
            place_waiting();
            drop_unclaimed();
            if (is_clock_set()) decide_due();
        }
        send_decides();
        start_ready();
    }
    end_overdue();
    stop_overdue();
    order_wake();
}

void Engine::State::on(const StopAsked& event) {
    if (is_stopping()) {
        stop_->next_step = now_.monotonic;
        return;
    }
    stop_ = Stop{event.manner, now_.monotonic + limits_.grace, false, false};
    proposals_.clear();
    if (!limits_.keeps_runs) {
        for (const RunNumber number : runs_.all_pending()) withdraw(*runs_.find(number), kStops);
    }
    for (const RunNumber number : runs_.all_starting()) effects_.emplace_back(Cancel{number});
    if (event.manner == StopAsked::Manner::drain) signal_all(SIGTERM);
}

void Engine::State::on(const Cancelled& event) {
    Run* run = runs_.find(event.run);
    if (run == nullptr || run->stage != Run::Stage::starting) return;
    if (!limits_.keeps_runs) return withdraw(*run, kStops);
    gates_.leave(run->number);
    runs_.close(run->number);
}

void Engine::State::stop_overdue() {
    if (!is_stopping() || stop_->quit) return;
    const bool is_drain = stop_->manner == StopAsked::Manner::drain;
    const bool is_time = is_drain && now_.monotonic >= stop_->next_step;
    const bool is_done = is_drain ? runs_.alive() == 0 : runs_.all_starting().empty();
    if (is_done || (is_time && stop_->killed)) {
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
    for (const RunNumber number : runs_.all_running()) {
        Run& run = *runs_.find(number);
        if (run.ended_by == EndedBy::itself) run.ended_by = EndedBy::stop;
        signal_to_stop(number, signal);
    }
}

// What outlives its run in its group has the grace, too.
void Engine::State::signal_to_stop(RunNumber number, int signal) {
    const microseconds left = std::max(stop_->next_step - now_.monotonic, microseconds{0});
    effects_.emplace_back(Signal{number, signal, signal == SIGKILL ? microseconds{0} : left});
}

void Engine::State::order_wake() {
    Wake wake;
    if (is_stopping()) {
        const bool has_step = stop_->manner == StopAsked::Manner::drain && !stop_->quit;
        if (has_step) wake.monotonic = stop_->next_step;
    } else {
        if (!is_clock_set()) {
            wake.instant = limits_.earliest_credible;
        } else if (const auto due = queue_.next_due()) {
            wake.instant = *due - kVerdictLead;
        }
        if (const auto start = runs_.next_start()) {
            wake.instant = std::min(wake.instant.value_or(*start), *start);
        }
        for (const auto& other : {runs_.next_try(), gates_.next_turn(now_.monotonic)}) {
            if (other) wake.monotonic = std::min(wake.monotonic.value_or(*other), *other);
        }
    }
    if (recalled_until_ && !is_stopping()) {
        wake.monotonic = std::min(wake.monotonic.value_or(*recalled_until_), *recalled_until_);
    }
    if (const auto step = runs_.next_end_step()) {
        wake.monotonic = std::min(wake.monotonic.value_or(*step), *step);
    }
    if (last_wake_ == wake) return;
    last_wake_ = wake;
    effects_.emplace_back(wake);
}

Snapshot Engine::State::snapshot(std::size_t jobs_max) const {
    Snapshot snapshot;
    snapshot.tables = jobs_.table_count();
    snapshot.running = runs_.alive();
    snapshot.job_count = jobs_.job_count();
    if (jobs_max == 0) return snapshot;  // the counts cost nothing, the order does
    for (const Job* job : jobs_.in_order()) {
        if (snapshot.jobs.size() == jobs_max) break;
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
