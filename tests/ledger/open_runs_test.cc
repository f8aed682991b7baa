// What became of a run that a daemon has left without an outcome, by its mark.
#include "ledger/open_runs.h"

#include <catch2/catch.hpp>

#include "../daemon/support.h"

namespace cron::ledger {
namespace {

using State = engine::RecalledRun::State;

engine::RecalledRun run_of(const std::string& name, State state, std::uint32_t attempt) {
    engine::RecalledRun run;
    run.key = {JobId::named("root", "/t", name), Instant{seconds{60}}, 0};
    run.state = state;
    run.attempt = attempt;
    return run;
}

}  // namespace

TEST_CASE("open runs: only marks of this boot tell that a run was not started", "[ledger]") {
    const daemon::TemporaryFolder folder;
    const auto open = [&](const char* boot) {
        auto marks = Marks::open({folder / "marks", boot, "ledger"});
        REQUIRE(marks);
        return *std::move(marks);
    };
    const auto nobody = [](int) { return std::optional<std::uint64_t>(); };
    open("boot");
    for (const State state : {State::pending, State::retrying}) {
        engine::RecalledRun run = run_of("a", state, state == State::pending ? 1 : 2);
        CHECK(judge(run, nullptr, true, nobody));
        Marks marks = open("boot");
        CHECK_FALSE(judge(run, &marks, true, nobody));
        CHECK(run.state == state);
        // The ledger was last written in another boot.
        CHECK(judge(run, &marks, false, nobody));
        marks.give_up();
        CHECK(judge(run, &marks, true, nobody));
        Marks of_next = open("next");
        // What was to be tried again may have been, before the power was lost.
        CHECK(judge(run, &of_next, false, nobody));
        open("boot");
    }
}

TEST_CASE("open runs: a marked run lives if its process does, and else is lost", "[ledger]") {
    const daemon::TemporaryFolder folder;
    auto marks = Marks::open({folder / "marks", "boot", "ledger"});
    REQUIRE(marks);
    engine::RecalledRun run = run_of("a", State::retrying, 2);
    REQUIRE(marks->set(run.key, 2));
    const auto started_at = [](std::uint64_t ticks) {
        return [ticks](int pid) {
            return pid == 77 ? std::optional<std::uint64_t>(ticks) : std::nullopt;
        };
    };
    CHECK(judge(run, &*marks, true, started_at(5)));
    marks->add_process(run.key, 2, {77, 5, 90'000'000, 8, 9});
    CHECK(judge(run, &*marks, true, started_at(6)));  // the pid is another's by now
    REQUIRE_FALSE(judge(run, &*marks, true, started_at(5)));
    CHECK(run.state == State::alive);
    CHECK(run.process.pid == 77);
    CHECK(run.process.started == Instant{seconds{90}});
    CHECK(run.process.output_number == 9);
}

TEST_CASE("open runs: a run of another pid namespace is lost, whoever has its pid here",
          "[ledger]") {
    const daemon::TemporaryFolder folder;
    const auto open_in = [&](std::uint64_t pid_namespace) {
        auto marks = Marks::open({folder / "marks", "boot", "ledger", pid_namespace});
        REQUIRE(marks);
        return *std::move(marks);
    };
    engine::RecalledRun run = run_of("a", State::pending, 1);
    {
        Marks marks = open_in(1);
        REQUIRE(marks.set(run.key, 1));
        marks.add_process(run.key, 1, {77, 5, 90'000'000, 8, 9});
    }
    const auto everybody = [](int) { return std::optional<std::uint64_t>(5); };
    const Marks marks = open_in(2);
    CHECK(judge(run, &marks, true, everybody));
    CHECK(run.state == State::pending);
    // What is not marked was not started there either.
    engine::RecalledRun unmarked = run_of("b", State::retrying, 2);
    CHECK_FALSE(judge(unmarked, &marks, true, everybody));
}

TEST_CASE("open runs: a marked run that has left how it ended is told of, and not lost",
          "[ledger]") {
    const daemon::TemporaryFolder folder;
    auto marks = Marks::open({folder / "marks", "boot", "ledger"});
    REQUIRE(marks);
    engine::RecalledRun run = run_of("a", State::pending, 1);
    REQUIRE(marks->set(run.key, 1));
    marks->add_process(run.key, 1, {77, 5, 90'000'000, 8, 9});
    const auto nobody = [](int) { return std::optional<std::uint64_t>(); };
    const auto left_by = [](std::uint64_t mine) {
        return [mine](std::uint64_t output, std::uint64_t number) {
            return output == 8 && number == mine;
        };
    };
    CHECK(judge(run, &*marks, true, nobody, left_by(10)));
    REQUIRE_FALSE(judge(run, &*marks, true, nobody, left_by(9)));
    CHECK(run.state == State::alive);
    CHECK(run.process.pid == 77);
}

}  // namespace cron::ledger
