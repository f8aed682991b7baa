#include "engine/run_book.h"

#include <algorithm>

#include "base/check.h"

namespace cron::engine {

Run& RunBook::open(const RunKey& key, const std::shared_ptr<const crontab::Entry>& entry,
                   Cause cause) {
    const RunNumber number = ++last_number_;
    Run& run = runs_[number];
    run.number = number;
    run.key = key;
    run.entry = entry;
    run.cause = cause;
    run.start_at = cause == Cause::boot ? Instant::min() : key.due;
    return run;
}

Run* RunBook::find(RunNumber number) {
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
        case Run::Stage::granted:
            granted_.erase({run.start_at, run.number});
            break;
        case Run::Stage::waiting:
            waiting_.erase({run.try_again, run.number});
            break;
        case Run::Stage::starting:
        case Run::Stage::running:
            --alive_;
            if (const auto count = alive_by_job_.find(run.key.job); --count->second == 0) {
                alive_by_job_.erase(count);
            }
            break;
    }
}

void RunBook::grant(Run& run) {
    CRON_CHECK(run.stage == Run::Stage::asked);
    run.stage = Run::Stage::granted;
    granted_.insert({run.start_at, run.number});
}

void RunBook::start(Run& run) {
    CRON_CHECK(run.stage == Run::Stage::granted || run.stage == Run::Stage::waiting);
    leave_stage(run);
    run.stage = Run::Stage::starting;
    ++alive_;
    ++alive_by_job_[run.key.job];
}

void RunBook::set_running(Run& run) {
    CRON_CHECK(run.stage == Run::Stage::starting);
    run.stage = Run::Stage::running;
}

void RunBook::postpone(Run& run, Monotonic at) {
    CRON_CHECK(run.is_alive());
    leave_stage(run);
    run.stage = Run::Stage::waiting;
    run.try_again = at;
    waiting_.insert({at, run.number});
}

std::optional<Instant> RunBook::next_start() const {
    if (granted_.empty()) return std::nullopt;
    return granted_.begin()->first;
}

std::optional<Monotonic> RunBook::next_try() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first;
}

std::vector<RunNumber> RunBook::due_to_start(Instant now) const {
    std::vector<RunNumber> ready;
    for (auto run = granted_.begin(); run != granted_.end() && run->first <= now; ++run) {
        ready.push_back(run->second);
    }
    return ready;
}

std::vector<RunNumber> RunBook::due_to_try(Monotonic now) const {
    std::vector<RunNumber> ready;
    for (auto run = waiting_.begin(); run != waiting_.end() && run->first <= now; ++run) {
        ready.push_back(run->second);
    }
    return ready;
}

std::size_t RunBook::alive(const JobId& job) const {
    const auto count = alive_by_job_.find(job);
    return count == alive_by_job_.end() ? 0 : count->second;
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
