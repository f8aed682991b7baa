// What the ledger costs: ledger_bench [FOLDER [RUNS]]. How long a durable batch takes in FOLDER,
// how large the database is after so many runs, and for how long a run is in doubt: between its
// mark and the process in it.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "ledger/marks.h"
#include "ledger/store.h"
#include "process/launch.h"

namespace {

using namespace cron;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void print(const char* what, std::vector<double> values, const char* unit) {
    std::sort(values.begin(), values.end());
    std::printf("%s: median %.3f, 99%% %.3f, last %.3f %s\n", what, values[values.size() / 2],
                values[values.size() * 99 / 100], values.back(), unit);
}

engine::Decide batch_of(std::size_t size, std::int64_t second) {
    engine::Decide decide;
    for (std::size_t job = 0; job < size; ++job) {
        engine::Verdict verdict;
        verdict.key = {JobId::named("root", "/etc/crontab", "job" + std::to_string(job)),
                       Instant{seconds{second}}, 0};
        verdict.first = verdict.key.due;
        decide.verdicts.push_back(std::move(verdict));
    }
    return decide;
}

std::vector<engine::Finish> ends_of(const engine::Decide& decide) {
    std::vector<engine::Finish> ends;
    for (const engine::Verdict& verdict : decide.verdicts) {
        engine::Finish finish;
        finish.key = verdict.key;
        finish.outcome.started = verdict.key.due;
        finish.outcome.ended = verdict.key.due + seconds{1};
        finish.outcome.duration = seconds{1};
        finish.outcome.pid = 1'000;
        ends.push_back(std::move(finish));
    }
    return ends;
}

void measure_batches(ledger::Store& store, std::size_t size, int times, std::int64_t& second) {
    std::vector<double> took;
    for (int i = 0; i < times; ++i) {
        const engine::Decide decide = batch_of(size, ++second);
        const auto begin = Clock::now();
        if (!store.decide(decide)) std::abort();
        took.push_back(ms_since(begin));
    }
    print(("a durable batch of " + std::to_string(size)).c_str(), took, "ms");
}

void measure_size(const fs::path& folder, std::size_t runs) {
    auto store = ledger::Store::open({folder / "size.db", "", "boot"});
    if (!store) std::abort();
    constexpr std::size_t kBatch = 1'000;
    const auto begin = Clock::now();
    for (std::size_t done = 0; done < runs; done += kBatch) {
        const auto decide = batch_of(kBatch, static_cast<std::int64_t>(done / kBatch) + 1);
        if (!store->decide(decide) || !store->finish(ends_of(decide))) std::abort();
    }
    std::printf("%zu runs, decided and ended: %.0f s, %.1f MB\n", runs, ms_since(begin) / 1e3,
                static_cast<double>(fs::file_size(folder / "size.db")) / 1e6);
}

void measure_doubt(const fs::path& folder) {
    auto marks = ledger::Marks::open({folder / "marks", "boot", "ledger"});
    auto launcher = process::Launcher::create(BELFRY_JOB_PROGRAM);
    if (!marks || !launcher) std::abort();
    process::LaunchOrder order;
    order.arguments = {"/bin/true"};
    std::vector<double> took;
    for (int i = 0; i < 2'000; ++i) {
        const engine::RunKey key{JobId::named("root", "/t", "job"), Instant{seconds{i}}, 0};
        const auto begin = Clock::now();
        if (!marks->set(key, 1)) std::abort();
        const auto child = launcher->launch(order);
        if (!child) std::abort();
        ledger::Mark mark;
        mark.pid = child->pid;
        mark.process_start = process::process_start(child->pid).value_or(0);
        marks->add_process(key, 1, mark);
        took.push_back(ms_since(begin) * 1e3);
        process::wait_for_end(*child);
        marks->clear(key, 1);
    }
    print("a run is in doubt for", took, "us");
}

}  // namespace

int main(int argc, char** argv) {
    const fs::path parent = argc > 1 ? fs::path(argv[1]) : fs::temp_directory_path();
    const std::size_t runs = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000'000;
    const fs::path folder = parent / ("ledger_bench." + std::to_string(::getpid()));
    fs::create_directories(folder);
    {
        auto store = ledger::Store::open({folder / "ledger.db", "", "boot"});
        if (!store) std::abort();
        std::int64_t second = 0;
        measure_batches(*store, 1, 500, second);
        measure_batches(*store, 100, 100, second);
        measure_batches(*store, 5'000, 20, second);
    }
    measure_doubt(folder);
    measure_size(folder, runs);
    fs::remove_all(folder);
}
