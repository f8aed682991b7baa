// What a daemon finds that another has left: its runs go on by the rules of their tables.
#include <catch2/catch.hpp>

#include "desk.h"

namespace cron::engine {
namespace {

using State = RecalledRun::State;
using EntryPtr = std::shared_ptr<const crontab::Entry>;

crontab::Policy in_pool() {
    crontab::Policy policy;
    policy.pool = "disk";
    return policy;
}

crontab::Policy with_timeout() {
    crontab::Policy policy;
    policy.timeout = seconds{10};
    policy.kill_after = seconds{30};
    return policy;
}

RecalledRun recalled(State state, const EntryPtr& job, seconds due) {
    RecalledRun run;
    run.key = {job->id, kMonday + due, 0};
    run.state = state;
    run.process = {77, 1, kMonday + due, 0, 0};
    return run;
}

// It failed, and was to be tried again so long after.
RecalledRun to_be_tried(const EntryPtr& job, seconds delay) {
    RecalledRun run = recalled(State::retrying, job, seconds{0});
    run.attempt = 2;
    run.last_outcome.status = {false, 3};
    run.last_outcome.ended = kMonday;
    run.wake_at = kMonday + delay;
    return run;
}

void start_with(Desk& desk, const RecalledRun& run) {
    Memory memory = desk.ledger.recall(true);
    memory.runs = {run};
    desk.handle(Started{memory, false});
}

}  // namespace

TEST_CASE("restart: a run that lives holds a slot of its pool", "[engine]") {
    const auto job = entry("0 0 1 1 *", "first", "/tables/root", in_pool());
    Desk desk;
    start_with(desk, recalled(State::alive, job, seconds{0}));
    desk.load({job, entry("* * * * *", "second", "/tables/root", in_pool())}, true);
    desk.pass(seconds{60});
    CHECK(desk.spawned.empty());
    desk.handle(Exited{desk.adopted.at(0).run, {false, 0, false}, {}, {}});
    CHECK(desk.spawned.size() == 1);
}

TEST_CASE("restart: a run that lives counts as running before its table is there", "[engine]") {
    const auto job = entry("0 0 1 1 *", "first");
    Desk desk;
    desk.handle(CapacitySet{{{}, 1, 0}});
    start_with(desk, recalled(State::alive, job, seconds{0}));
    desk.load({entry("* * * * *", "second")}, true);
    desk.pass(seconds{60});
    CHECK(desk.spawned.empty());
}

TEST_CASE("restart: a table that comes back shortens no grace", "[engine]") {
    const auto job = entry("0 0 1 1 *", "job", "/tables/root", with_timeout());
    Desk desk;
    start_with(desk, recalled(State::alive, job, seconds{0}));
    desk.load({job}, true);
    desk.pass(seconds{15});
    REQUIRE(desk.signals.size() == 1);
    desk.load({});
    desk.load({job});
    desk.pass(seconds{24});
    CHECK(desk.signals.size() == 1);
    desk.pass(seconds{1});
    CHECK(desk.signals.size() == 2);
}

TEST_CASE("restart: what was granted in a pass that is over is withdrawn, on record", "[engine]") {
    const auto job = entry("* * * * *");
    Desk desk;
    desk.start({job});
    desk.pass(hours{1});
    desk.set_clock(kMonday + minutes{30});
    REQUIRE(desk.passes.size() == 1);
    desk.restart();
    start_with(desk, recalled(State::pending, job, hours{1}));
    desk.load({job}, true);
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::withdrawn);
    CHECK(desk.finished[0].outcome.reason == "the clock was set back");
}

TEST_CASE("restart: a retry waits no longer than it was told to, be the clock set back meanwhile",
          "[engine]") {
    const auto job = entry("0 0 1 1 *");
    Desk desk(kMonday - hours{5});
    start_with(desk, to_be_tried(job, seconds{90}));
    desk.load({job}, true);
    desk.pass(seconds{89});
    CHECK(desk.spawned.empty());
    desk.pass(seconds{1});
    REQUIRE(desk.spawned.size() == 1);
    CHECK(desk.spawned[0].attempt == 2);
}

TEST_CASE("restart: while the clock is not set, what is in a table is not given up", "[engine]") {
    const auto job = entry("0 0 1 1 *");
    Desk desk(Instant{});
    start_with(desk, to_be_tried(job, seconds{90}));
    desk.load({job}, true);
    desk.pass(minutes{10});
    CHECK(desk.finished.empty());
    CHECK(desk.spawned.empty());
    SECTION("it goes on when the clock is set") {
        desk.set_clock(kMonday + seconds{90});
        CHECK(desk.spawned.size() == 1);
    }
    SECTION("it goes with its entry") {
        desk.load({});
        REQUIRE(desk.finished.size() == 1);
        CHECK(desk.finished[0].outcome.status.value == 3);
        CHECK(desk.delivered.size() == 1);
    }
}

TEST_CASE("restart: the end of an @reboot run says of what it is the end", "[engine]") {
    const auto job = entry("@reboot");
    Desk desk;
    auto run = recalled(State::alive, job, seconds{0});
    run.cause = Cause::boot;
    start_with(desk, run);
    desk.handle(Exited{desk.adopted.at(0).run, {false, 0, false}, {}, {}});
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].cause == Cause::boot);
}

}  // namespace cron::engine
