#include "compat/jobs.h"

#include <catch2/catch.hpp>

#include "support.h"

using namespace cron;
using namespace cron::compat;

TEST_CASE("jobs: iterations count the runs of a job, and go on over a reload", "[compat]") {
    const auto a = entry("* * * * *", "a");
    const auto b = entry("* * * * *", "b");
    Jobs jobs;
    jobs.load({a, b});
    CHECK(jobs.run(*a, run_of(*a, 60)).iteration == 0);
    CHECK(jobs.run(*b, run_of(*b, 60)).iteration == 0);
    CHECK(jobs.run(*a, run_of(*a, 60)).iteration == 0);
    CHECK(jobs.run(*a, run_of(*a, 120)).iteration == 1);
    jobs.load({b, a});
    CHECK(jobs.job(*a).position == 1);
    CHECK(jobs.run(*a, run_of(*a, 180)).iteration == 2);
}

TEST_CASE("jobs: one that is gone is known while it runs", "[compat]") {
    const auto a = entry("* * * * *", "a");
    Jobs jobs;
    jobs.load({a});
    jobs.started(*a, run_of(*a, 60));
    jobs.load({});
    jobs.load({});
    REQUIRE(jobs.all().size() == 1);
    CHECK(jobs.job(*a).running() == 1);
}

TEST_CASE(
    "jobs: one that is gone has its position for the hook after its last run, and is "
    "forgotten by the next load",
    "[compat]") {
    const auto a = entry("* * * * *", "a");
    const auto b = entry("* * * * *", "b");
    Jobs jobs;
    jobs.load({a, b});
    jobs.started(*b, run_of(*b, 60));
    jobs.load({a});
    jobs.finished(*b, run_of(*b, 60), ended(0));
    CHECK(jobs.job(*b).position == 1);
    CHECK(jobs.job(*b).counts.successes == 1);
    jobs.load({a});
    CHECK(jobs.all().size() == 1);
    CHECK(jobs.all().contains(a->id));
}

TEST_CASE("jobs: a run that a due time finds is the last one that runs", "[compat]") {
    const auto a = entry("* * * * *", "a");
    Jobs jobs;
    jobs.load({a});
    jobs.started(*a, run_of(*a, 1));
    jobs.started(*a, run_of(*a, 2));
    jobs.run(*a, run_of(*a, 3));
    const LiveRun* found = jobs.job(*a).running_before(Instant{seconds{4}});
    REQUIRE(found != nullptr);
    CHECK(found->iteration == 1);
    CHECK(jobs.job(*a).running_before(Instant{seconds{1}}) == nullptr);
    jobs.finished(*a, run_of(*a, 1), ended(0));
    jobs.finished(*a, run_of(*a, 2), ended(0));
    CHECK(jobs.job(*a).running_before(Instant{seconds{4}}) == nullptr);
}

TEST_CASE("jobs: ends are counted once each, by their outcome and their time", "[compat]") {
    const auto a = entry("* * * * *", "a");
    Jobs jobs;
    jobs.load({a});
    jobs.started(*a, run_of(*a, 1));
    jobs.failed(*a, run_of(*a, 1), seconds{10});
    jobs.started(*a, run_of(*a, 1));
    jobs.finished(*a, run_of(*a, 1), ended(0, seconds{11}));
    jobs.started(*a, run_of(*a, 2));
    jobs.finished(*a, run_of(*a, 2), ended(1, hours{2}));
    const Counts& counts = jobs.job(*a).counts;
    CHECK(counts.executions == 3);
    CHECK(counts.successes == 1);
    CHECK(counts.failures == 2);
    CHECK(counts.durations[0] == 1);
    CHECK(counts.durations[1] == 1);
    CHECK(counts.durations[8] == 1);
    CHECK(counts.duration_sum_s == 7221);
}

TEST_CASE("jobs: a due time that does not start is no execution", "[compat]") {
    const auto a = entry("* * * * *", "a");
    Jobs jobs;
    jobs.load({a});
    engine::Outcome skipped;
    skipped.kind = engine::Outcome::Kind::skipped;
    jobs.exceeded_deadline(*a);
    jobs.finished(*a, run_of(*a, 1), skipped);
    CHECK(jobs.job(*a).counts.executions == 0);
    CHECK(jobs.job(*a).counts.deadlines_exceeded == 1);
    CHECK(jobs.run(*a, run_of(*a, 2)).iteration == 0);
}
