#include "engine/run_book.h"

#include <algorithm>

#include "base/check.h"

namespace cron::engine {
namespace {

template <class Time>
std::optional<Time> first_of(const std::set<std::pair<Time, RunNumber>>& runs) {
    if (runs.empty()) return std::nullopt;
    return runs.begin()->first;
}

template <class Time>
std::vector<RunNumber> up_to(const std::set<std::pair<Time, RunNumber>>& runs, Time now) {
    std::vector<RunNumber> ready;
    for (auto run = runs.begin(); run != runs.end() && run->first <= now; ++run) {
        ready.push_back(run->second);
    }
    return ready;
}

}  // namespace

Run& RunBook::open(const RunKey& key, const std::shared_ptr<const crontab::Entry>& entry,
                   Cause cause) {
    const RunNumber number = ++last_number_;
    Run& run = runs_[number];
    run.number = number;
    run.key = key;
    run.entry = entry;
    run.cause = cause;
    const bool is_by_clock = cause == Cause::schedule || cause == Cause::catch_up;
    run.start_at = is_by_clock ? key.due : Instant::min();
    run.late_from = key.due;
    return run;
}

Run* RunBook::find(RunNumber number) {
    const auto found = runs_.find(number);
    return found == runs_.end() ? nullptr : &found->second;
}

const Run* RunBook::find(RunNumber number) const {
    const auto found = runs_.find(number);
    return found == runs_.end() ? nullptr : &found->second;
}

void RunBook::close(RunNumber number) {
    const auto found = runs_.find(number);
    CRON_CHECK(found != runs_.end());
    leave_stage(found->second);
    runs_.erase(found);
}

void RunBook::leave_stage(Run& run) {
    switch (run.stage) {
        case Run::Stage::asked:
            break;
        case Run::Stage::queued:
            queued_.erase(run.number);
            break;
        case Run::Stage::granted:
        case Run::Stage::delayed:
            by_clock_.erase({run.start_at, run.number});
            break;
        case Run::Stage::held:
            held_.erase(run.number);
            break;
        case Run::Stage::waiting:
        case Run::Stage::retrying:
            tries_.erase({run.wake_at, run.number});
            break;
        case Run::Stage::starting:
        case Run::Stage::running:
            set_end_step(run, std::nullopt);
            --alive_;
            const auto alive = alive_by_job_.find(run.key.job);
            alive->second.erase(run.number);
            if (alive->second.empty()) alive_by_job_.erase(alive);
            break;
    }
}

void RunBook::enter(Run& run, Run::Stage stage) {
    leave_stage(run);
    run.stage = stage;
}

void RunBook::grant(Run& run) {
    CRON_CHECK(run.stage == Run::Stage::asked);
    enter(run, Run::Stage::granted);
    by_clock_.insert({run.start_at, run.number});
}

void RunBook::delay(Run& run, Instant until) {
    CRON_CHECK(run.stage == Run::Stage::granted);
    enter(run, Run::Stage::delayed);
    run.start_at = until;
    by_clock_.insert({until, run.number});
}

void RunBook::hold(Run& run) {
    CRON_CHECK(!run.is_alive());
    enter(run, Run::Stage::held);
    held_.insert(run.number);
}

void RunBook::queue(Run& run) {
    CRON_CHECK(!run.is_alive());
    enter(run, Run::Stage::queued);
    queued_.insert(run.number);
}

void RunBook::start(Run& run) {
    CRON_CHECK(run.stage == Run::Stage::queued);
    enter(run, Run::Stage::starting);
    ++alive_;
    alive_by_job_[run.key.job].insert(run.number);
}

void RunBook::adopt(Run& run) {
    enter(run, Run::Stage::running);
    ++alive_;
    alive_by_job_[run.key.job].insert(run.number);
}

void RunBook::set_running(Run& run) {
    CRON_CHECK(run.stage == Run::Stage::starting);
    run.stage = Run::Stage::running;
}

void RunBook::wait(Run& run, Run::Stage stage, Monotonic at) {
    CRON_CHECK(stage == Run::Stage::waiting || stage == Run::Stage::retrying);
    enter(run, stage);
    run.wake_at = at;
    tries_.insert({at, run.number});
}

void RunBook::set_end_step(Run& run, std::optional<Monotonic> at) {
    if (run.end_step) end_steps_.erase({*run.end_step, run.number});
    run.end_step = at;
    if (at) end_steps_.insert({*at, run.number});
}

std::optional<Instant> RunBook::next_start() const { return first_of(by_clock_); }
std::optional<Monotonic> RunBook::next_try() const { return first_of(tries_); }
std::optional<Monotonic> RunBook::next_end_step() const { return first_of(end_steps_); }

std::vector<RunNumber> RunBook::due_to_start(Instant now) const {
    std::vector<RunNumber> ready = up_to(by_clock_, now);
    std::stable_partition(ready.begin(), ready.end(), [this](RunNumber number) {
        return find(number)->stage == Run::Stage::delayed;
    });
    return ready;
}
std::vector<RunNumber> RunBook::due_to_try(Monotonic now) const { return up_to(tries_, now); }
std::vector<RunNumber> RunBook::due_to_end(Monotonic now) const { return up_to(end_steps_, now); }

std::size_t RunBook::alive(const JobId& job) const {
    const auto alive = alive_by_job_.find(job);
    return alive == alive_by_job_.end() ? 0 : alive->second.size();
}

std::vector<RunNumber> RunBook::all_alive(const JobId& job) const {
    const auto alive = alive_by_job_.find(job);
    if (alive == alive_by_job_.end()) return {};
    return {alive->second.begin(), alive->second.end()};
}

std::vector<RunNumber> RunBook::all_pending() const {
    return numbers_of([](const Run& run) { return !run.is_alive(); });
}

std::vector<RunNumber> RunBook::all_starting() const {
    return numbers_of([](const Run& run) { return run.stage == Run::Stage::starting; });
}

std::vector<RunNumber> RunBook::all_running() const {
    return numbers_of([](const Run& run) { return run.stage == Run::Stage::running; });
}

std::vector<RunNumber> RunBook::numbers_of(bool (*matches)(const Run&)) const {
    std::vector<RunNumber> found;
    for (const auto& [number, run] : runs_) {
        if (matches(run)) found.push_back(number);
    }
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace cron::engine
