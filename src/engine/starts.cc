// From a granted run to its start: what it waits for, and what speaks against it.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "engine/state.h"

namespace cron::engine {

void Engine::State::start_ready() {
    settle();
    for (const auto& ready : {runs_.due_to_start(now_.instant), runs_.due_to_try(now_.monotonic)}) {
        for (const RunNumber number : ready) {
            if (Run* run = runs_.find(number)) arrive(*run);
            // At once: who does not have to wait is not in the way of the next of its job.
            settle();
        }
    }
}

// Whoever need not wait any longer starts.
void Engine::State::settle() {
    do {
        release_held();
        while (const auto number = gates_.admit(now_.monotonic)) let_in(*runs_.find(*number));
    } while (!freed_.empty());
}

// Its time has come, by the clock or by a delay that is over.
void Engine::State::arrive(Run& run) {
    const Job* job = jobs_.find(run.key.job);
    CRON_CHECK(job != nullptr);  // else it was withdrawn
    run.entry = job->entry;      // as it reads now
    if (auto outcome = objection(run, *job)) return finish(run, *std::move(outcome));
    const seconds jitter = run.entry->delay;
    const bool is_asked_for = run.cause == Cause::manual;
    if (run.stage == Run::Stage::granted && jitter > seconds{0} && !is_asked_for) {
        if (run.cause == Cause::boot) {
            // The clock may not be set yet.
            return runs_.wait(run, Run::Stage::waiting, now_.monotonic + jitter);
        }
        run.late_from = run.key.due + jitter;
        if (run.late_from > now_.instant) return runs_.delay(run, run.late_from);
    }
    run.ready = now_.monotonic;
    proceed(run);
}

// Why a run whose time has come is not to start at all; none if it may.
std::optional<Outcome> Engine::State::objection(const Run& run, const Job& job) const {
    Outcome outcome;
    if (const Run* newer = newer_pending(run, job)) {
        outcome.kind = Outcome::Kind::merged;
        outcome.reason = newer->is_waiting() ? "a run of this job already waits to start"
                                             : "a later due time runs in its place";
        return outcome;
    }
    const auto late = floor_seconds(now_.instant) - run.late_from;
    const bool ends = run.cause == Cause::schedule || run.cause == Cause::manual;
    if (late > kCatchUpMax && ends && run.attempt == 1) {
        outcome.kind = run.failed_starts > 0 ? Outcome::Kind::not_started : Outcome::Kind::missed;
        outcome.launch_error = run.last_error;
        outcome.reason = fmt::format("it is {} s late", std::chrono::floor<seconds>(late).count());
        return outcome;
    }
    return std::nullopt;
}

// The run that starts in the place of `run`: one of its job that waits already, or a later one
// where `run` is so late that only the latest counts.
const Run* Engine::State::newer_pending(const Run& run, const Job& job) const {
    if (run.stage != Run::Stage::granted || run.cause == Cause::manual) return nullptr;
    const bool only_latest = floor_seconds(now_.instant) - run.key.due > kLateMax ||
                             run.entry->schedule.is_finer_than_a_minute();
    for (const RunNumber number : job.pending) {
        const Run* other = runs_.find(number);
        if (number == run.number) continue;
        if (other->is_waiting()) return other;
        if (only_latest && other->is_ahead() && other->key.due > run.key.due &&
            other->key.due <= now_.instant)
            return other;
    }
    return nullptr;
}

// The rules that are judged at the start, then the gates.
void Engine::State::proceed(Run& run) {
    const Job* job = jobs_.find(run.key.job);
    CRON_CHECK(job != nullptr);
    run.entry = job->entry;
    if (const auto reason = refusal(run)) return skip(run, *reason);
    if (must_wait(run, *job)) return runs_.hold(run);
    runs_.queue(run);
    gates_.enter(run.number, run.entry->policy->pool);
}

// A retry that waits counts as alive.
std::vector<RunNumber> Engine::State::pending_retries(const Job& job, const Run& but) const {
    std::vector<RunNumber> found;
    for (const RunNumber number : job.pending) {
        if (number != but.number && runs_.find(number)->is_pending_retry()) found.push_back(number);
    }
    return found;
}

std::optional<std::string> Engine::State::refusal(const Run& run) const {
    const crontab::Policy& policy = *run.entry->policy;
    const bool is_asked_for = run.cause == Cause::manual;
    if (!policy.enabled && !is_asked_for) return "its entry is suspended";
    if (policy.window && !is_asked_for) {
        const auto second = floor_seconds(now_.instant);
        const auto local = second + run.entry->zone.period_at(second).offset;
        const seconds time = local - std::chrono::floor<std::chrono::days>(local);
        if (!policy.window->contains(time)) return "it is outside its window";
    }
    const bool is_busy =
        runs_.alive(run.key.job) > 0 || !pending_retries(*jobs_.find(run.key.job), run).empty();
    if (policy.overlap == crontab::Overlap::forbid && is_busy) {
        return "the last run of this job still lives";
    }
    return std::nullopt;
}

// Whether it waits for the end of other runs of its job.
bool Engine::State::must_wait(Run& run, const Job& job) {
    const auto retries = pending_retries(job, run);
    const crontab::Overlap overlap = run.entry->policy->overlap;
    if (overlap == crontab::Overlap::queue) return runs_.alive(job.id) > 0 || !retries.empty();
    if (overlap != crontab::Overlap::replace) return false;
    for (const RunNumber number : retries) {
        withdraw(*runs_.find(number), "a later due time runs in its place");
    }
    for (const RunNumber number : runs_.all_alive(job.id)) {
        end(*runs_.find(number), EndedBy::replacement);
    }
    return runs_.alive(job.id) > 0;
}

void Engine::State::release_held() {
    for (const JobId& id : std::exchange(freed_, {})) {
        const Job* job = jobs_.find(id);
        if (job == nullptr) continue;
        for (const RunNumber number : std::vector<RunNumber>(job->pending)) {
            Run* run = runs_.find(number);
            if (run != nullptr && run->stage == Run::Stage::held) proceed(*run);
        }
    }
}

// It has its turn. While it waited its table may have changed, and its window may have closed.
void Engine::State::let_in(Run& run) {
    Job& job = *jobs_.find(run.key.job);
    const std::string& pool = run.entry->policy->pool;
    const bool has_pool = job.entry == run.entry || job.entry->policy->pool == pool;
    run.entry = job.entry;
    if (const auto reason = refusal(run)) return skip(run, *reason);
    const bool waits = must_wait(run, job);
    if (!waits && has_pool) return spawn(run, job);
    gates_.leave(run.number);
    proceed(run);
}

void Engine::State::spawn(Run& run, Job& job) {
    for (const RunNumber number : pending_retries(job, run)) {
        withdraw(*runs_.find(number), "a later due time runs in its place");
    }
    std::erase(job.pending, run.number);
    // What it waited for by the rules does not make it late.
    run.late_from += std::chrono::floor<seconds>(now_.monotonic - run.ready);
    run.ready = now_.monotonic;
    runs_.start(run);
    gates_.note_start(now_.monotonic);
    effects_.emplace_back(Spawn{run.number, run.key, run.attempt, run.cause, run.entry});
}

}  // namespace cron::engine
