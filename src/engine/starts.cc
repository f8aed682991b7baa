// From a granted run to its end.
#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "engine/state.h"

namespace cron::engine {
namespace {

constexpr seconds kFirstRetryDelay{1};
constexpr seconds kRetryDelayMax{60};

microseconds retry_delay(unsigned failed_starts) {
    const unsigned doublings = std::min(failed_starts - 1, 6U);
    return std::min<microseconds>(kFirstRetryDelay * (1U << doublings), kRetryDelayMax);
}

}  // namespace

void Engine::State::start_ready() {
    for (const RunNumber number : runs_.due_to_start(now_.instant)) {
        if (Run* run = runs_.find(number)) start(*run);
    }
    for (const RunNumber number : runs_.due_to_try(now_.monotonic)) {
        if (Run* run = runs_.find(number)) start(*run);
    }
}

void Engine::State::start(Run& run) {
    Job* job = jobs_.find(run.key.job);
    if (job != nullptr) run.entry = job->entry;  // as it reads now
    if (auto outcome = objection(run, job)) {
        finish(run, *std::move(outcome));
        return;
    }
    if (job != nullptr) std::erase(job->pending, run.number);
    runs_.start(run);
    effects_.emplace_back(Spawn{run.number, run.key, run.attempt, run.cause, run.entry});
}

// Why a granted run must not start now; none if it may.
std::optional<Outcome> Engine::State::objection(const Run& run, const Job* job) {
    Outcome outcome;
    const auto late = floor_seconds(now_.instant) - run.key.due;
    if (job != nullptr) {
        if (const Run* newer = newer_pending(run, *job)) {
            outcome.kind = Outcome::Kind::merged;
            outcome.reason = newer->stage == Run::Stage::waiting
                                 ? "a run of this job already waits to start"
                                 : "a later due time runs in its place";
            return outcome;
        }
    }
    if (late > kCatchUpMax && run.cause == Cause::schedule) {
        outcome.kind = run.failed_starts > 0 ? Outcome::Kind::not_started : Outcome::Kind::missed;
        outcome.launch_error = run.last_error;
        outcome.reason = fmt::format("it is {} s late", std::chrono::floor<seconds>(late).count());
        return outcome;
    }
    if (run.entry->single && runs_.alive(run.key.job) > 0) {
        outcome.kind = Outcome::Kind::skipped;
        outcome.reason = "the last run of this job still lives";
        return outcome;
    }
    return std::nullopt;
}

// The run that starts in the place of `run`: one of its job that waits to be tried again, or a
// later one where `run` is so late that only the latest counts.
const Run* Engine::State::newer_pending(const Run& run, const Job& job) {
    const bool only_latest = floor_seconds(now_.instant) - run.key.due > kLateMax ||
                             run.entry->schedule.is_finer_than_a_minute();
    for (const RunNumber number : job.pending) {
        const Run* other = runs_.find(number);
        if (number == run.number || run.stage == Run::Stage::waiting) continue;
        if (other->stage == Run::Stage::waiting) return other;
        if (only_latest && other->key.due > run.key.due && other->key.due <= now_.instant)
            return other;
    }
    return nullptr;
}

void Engine::State::on(const Launched& event) {
    Run* run = runs_.find(event.run);
    if (run == nullptr || run->stage != Run::Stage::starting) return;
    runs_.set_running(*run);
    run->started = now_.instant;
    run->started_monotonic = now_.monotonic;
    // It was made before the stop was known there.
    if (is_stopping() && stop_->manner == StopAsked::Manner::drain) {
        effects_.emplace_back(Signal{run->number, stop_->killed ? SIGKILL : SIGTERM});
    }
}

void Engine::State::on(const LaunchFailed& event) {
    Run* run = runs_.find(event.run);
    if (run == nullptr || !run->is_alive()) return;
    if (event.temporary && !is_stopping()) {
        try_again(*run, event.error);
        return;
    }
    Outcome outcome;
    outcome.kind = Outcome::Kind::not_started;
    outcome.launch_error = event.error;
    finish(*run, std::move(outcome));
}

void Engine::State::try_again(Run& run, const LaunchError& error) {
    Job* job = jobs_.find(run.key.job);
    if (job != nullptr && newer_pending(run, *job) != nullptr) {
        Outcome outcome;
        outcome.kind = Outcome::Kind::merged;
        outcome.launch_error = error;
        outcome.reason = "a run of this job already waits to start";
        finish(run, std::move(outcome));
        return;
    }
    ++run.failed_starts;
    run.last_error = error;
    run.started.reset();
    const microseconds delay = retry_delay(run.failed_starts);
    runs_.postpone(run, now_.monotonic + delay);
    effects_.emplace_back(Postpone{run.number, run.key, error, delay, run.entry});
    if (job != nullptr) {
        job->pending.push_back(run.number);
        return;
    }
    withdraw(run, "its entry is gone from the table");
}

void Engine::State::on(const Exited& event) {
    Run* run = runs_.find(event.run);
    if (run == nullptr || !run->is_alive()) return;
    Outcome outcome;
    outcome.kind = Outcome::Kind::exited;
    outcome.status = event.status;
    outcome.usage = event.usage;
    outcome.started = run->started;
    outcome.duration = run->started ? now_.monotonic - run->started_monotonic : microseconds{0};
    outcome.ended = now_.instant;
    Deliver deliver{run->number, run->key, outcome, run->entry};
    finish(*run, std::move(outcome));
    effects_.emplace_back(std::move(deliver));
}

void Engine::State::withdraw(Run& run, const std::string& reason) {
    Outcome outcome;
    outcome.kind = Outcome::Kind::withdrawn;
    outcome.launch_error = run.last_error;
    outcome.reason = reason;
    finish(run, std::move(outcome));
}

void Engine::State::finish(Run& run, Outcome outcome) {
    outcome.ended = now_.instant;
    if (Job* job = jobs_.find(run.key.job)) std::erase(job->pending, run.number);
    effects_.emplace_back(Finish{run.number, run.key, run.attempt, std::move(outcome), run.entry});
    runs_.close(run.number);
}

}  // namespace cron::engine
