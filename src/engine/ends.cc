// From the start of a run to its end: timeouts, retries, outcomes.
#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "engine/state.h"
#include "schedule/duration.h"

namespace cron::engine {
namespace {

constexpr seconds kFirstRetryDelay{1};  // of a start that failed
constexpr seconds kRetryDelayMax{60};

microseconds delay_of_start(unsigned failed_starts) {
    const unsigned doublings = std::min(failed_starts - 1, 6U);
    return std::min<microseconds>(kFirstRetryDelay * (1U << doublings), kRetryDelayMax);
}

// After so many attempts that failed.
microseconds delay_of_retry(const crontab::Retry& retry, std::uint32_t attempts) {
    seconds delay = retry.delay;
    for (std::uint32_t i = 1; i < attempts && delay < retry.delay_max; ++i) delay *= 2;
    return std::min(delay, retry.delay_max);
}

std::string reason_of(const Run& run, const Outcome& outcome) {
    if (!outcome.status.is_known) return "its end was not seen: the daemon had been started anew";
    switch (run.ended_by) {
        case EndedBy::timeout:
            return fmt::format("it was ended after its timeout of {}",
                               schedule::print_duration(run.entry->policy->timeout));
        case EndedBy::replacement:
            return "a later due time was to run in its place";
        case EndedBy::itself:
        case EndedBy::stop:
            break;
    }
    const bool is_failed_by_output = outcome.printed.is_failure && outcome.status.is_success();
    return is_failed_by_output ? "it wrote to its standard error" : "";
}

}  // namespace

void Engine::State::on(const Launched& event) {
    Run* run = runs_.find(event.run);
    if (run == nullptr || run->stage != Run::Stage::starting) return;
    runs_.set_running(*run);
    run->started = now_.instant;
    run->pid = event.pid;
    run->started_monotonic = now_.monotonic;
    const seconds timeout = run->entry->policy->timeout;
    if (timeout > seconds{0}) runs_.set_end_step(*run, now_.monotonic + timeout);
    if (run->ended_by != EndedBy::itself) tell_to_end(*run);
    // It was made before the stop was known there.
    if (is_stopping() && stop_->manner == StopAsked::Manner::drain) {
        run->ended_by = EndedBy::stop;
        signal_to_stop(run->number, stop_->killed ? SIGKILL : SIGTERM);
    }
}

// Its process is told to end, if it is not already.
void Engine::State::end(Run& run, EndedBy by) {
    if (run.ended_by != EndedBy::itself) return;
    run.ended_by = by;
    if (run.stage == Run::Stage::running) tell_to_end(run);
}

void Engine::State::tell_to_end(Run& run) {
    const seconds kill_after = run.entry->policy->kill_after;
    run.is_told_to_end = true;
    effects_.emplace_back(Signal{run.number, SIGTERM, kill_after});
    if (kill_after > seconds{0}) {
        runs_.set_end_step(run, now_.monotonic + kill_after);
    } else {
        effects_.emplace_back(Signal{run.number, SIGKILL, {}});
        runs_.set_end_step(run, std::nullopt);
    }
}

void Engine::State::end_overdue() {
    for (const RunNumber number : runs_.due_to_end(now_.monotonic)) {
        Run& run = *runs_.find(number);
        if (run.ended_by == EndedBy::stop) {
            runs_.set_end_step(run, std::nullopt);  // the stop has steps of its own
            continue;
        }
        if (!run.is_told_to_end) {
            end(run, EndedBy::timeout);
            continue;
        }
        effects_.emplace_back(Signal{number, SIGKILL, {}});
        runs_.set_end_step(run, std::nullopt);
    }
}

void Engine::State::on(const LaunchFailed& event) {
    Run* run = runs_.find(event.run);
    if (run == nullptr || !run->is_alive()) return;
    if (event.temporary && !is_stopping() && run->ended_by == EndedBy::itself) {
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
    const bool is_waited_for =
        job != nullptr && run.attempt == 1 &&
        std::any_of(job->pending.begin(), job->pending.end(),
                    [&](RunNumber number) { return runs_.find(number)->is_waiting(); });
    if (is_waited_for) {
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
    gates_.leave(run.number);
    const microseconds delay = delay_of_start(run.failed_starts);
    runs_.wait(run, Run::Stage::waiting, now_.monotonic + delay);
    freed_.push_back(run.key.job);
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
    outcome.pid = run->pid;
    outcome.printed = event.printed;
    outcome.started = run->started;
    outcome.duration = run->started ? now_.monotonic - run->started_monotonic : microseconds{0};
    outcome.ended = now_.instant;
    outcome.ended_by = run->ended_by;
    outcome.reason = reason_of(*run, outcome);
    if (may_retry(*run, outcome)) {
        retry(*run, std::move(outcome));
    } else {
        finish(*run, std::move(outcome));
    }
}

bool Engine::State::may_retry(const Run& run, const Outcome& outcome) const {
    const Job* job = jobs_.find(run.key.job);
    const bool is_cut = run.ended_by == EndedBy::replacement || run.ended_by == EndedBy::stop;
    if (job == nullptr || is_cut || is_stopping() || outcome.is_success()) return false;
    if (!outcome.status.is_known) return false;
    if (run.attempt > job->entry->policy->retry.times) return false;
    const auto others = runs_.all_alive(job->id);
    return std::none_of(others.begin(), others.end(),
                        [&](RunNumber number) { return number > run.number; });
}

void Engine::State::retry(Run& run, Outcome outcome) {
    Job& job = *jobs_.find(run.key.job);
    const microseconds delay = delay_of_retry(job.entry->policy->retry, run.attempt);
    effects_.emplace_back(
        Retry{run.number, run.key, run.attempt, run.cause, outcome, delay, run.entry});
    gates_.leave(run.number);
    runs_.wait(run, Run::Stage::retrying, now_.monotonic + delay);
    ++run.attempt;
    run.last_outcome = std::move(outcome);
    run.ended_by = EndedBy::itself;
    run.is_told_to_end = false;
    run.failed_starts = 0;
    run.started.reset();
    job.pending.push_back(run.number);
    freed_.push_back(job.id);  // what is to take its place need not wait for it
}

void Engine::State::skip(Run& run, const std::string& reason) {
    if (run.last_outcome) return withdraw(run, reason);
    Outcome outcome;
    outcome.kind = Outcome::Kind::skipped;
    outcome.reason = reason;
    finish(run, std::move(outcome));
}

// It does not start; one that failed before ended as it did then.
void Engine::State::withdraw(Run& run, const std::string& reason) {
    if (run.last_outcome) {
        Outcome outcome = *std::move(run.last_outcome);
        outcome.reason = fmt::format("it is not tried again: {}", reason);
        --run.attempt;
        return finish(run, std::move(outcome));
    }
    Outcome outcome;
    outcome.kind = Outcome::Kind::withdrawn;
    outcome.launch_error = run.last_error;
    outcome.reason = reason;
    finish(run, std::move(outcome));
}

void Engine::State::finish(Run& run, Outcome outcome) {
    outcome.ended = now_.instant;
    if (Job* job = jobs_.find(run.key.job)) std::erase(job->pending, run.number);
    gates_.leave(run.number);
    freed_.push_back(run.key.job);
    effects_.emplace_back(Finish{run.number, run.key, run.attempt, run.cause, outcome, run.entry});
    if (outcome.is_of_run()) {
        effects_.emplace_back(
            Deliver{run.number, run.key, run.attempt, std::move(outcome), run.entry});
    }
    runs_.close(run.number);
}

}  // namespace cron::engine
