// Runs that somebody asks for, beside those that are due.
#include <catch2/catch.hpp>

#include "desk.h"

namespace cron::engine {
namespace {

Limits only_asked() {
    Limits limits = Desk::default_limits();
    limits.only_asked = true;
    return limits;
}

// Due at an hour that no test comes to.
std::shared_ptr<const crontab::Entry> at_night(const crontab::Policy& policy = {}) {
    return entry("0 3 * * *", "true", "/tables/root", policy);
}

TEST_CASE("asked: a job runs now, whatever its schedule says, and by cause manual", "[engine]") {
    Desk desk;
    const auto job = at_night();
    desk.start({job});
    desk.handle(RunAsked{job->id});
    REQUIRE(desk.spawned.size() == 1);
    CHECK(desk.spawned[0].cause == Cause::manual);
    CHECK(desk.spawned_at[0] == kMonday);
    desk.launched(desk.spawned[0].run);
    desk.exited(desk.spawned[0].run, 3);
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].cause == Cause::manual);
    CHECK(desk.finished[0].outcome.status.value == 3);
}

TEST_CASE("asked: neither a suspended entry, nor a window, nor jitter keeps it", "[engine]") {
    crontab::Policy policy;
    policy.enabled = false;
    policy.window = crontab::Window{hours{22}, hours{23}};
    const auto job = std::make_shared<crontab::Entry>(*at_night(policy));
    job->delay = hours{1};
    Desk desk;
    desk.start({job});
    desk.handle(RunAsked{job->id});
    CHECK(desk.spawned.size() == 1);
}

TEST_CASE("asked: a due time in the same second runs as well, under another name", "[engine]") {
    Desk desk;
    const auto job = entry("* * * * *");
    desk.start({job});
    desk.pass(seconds{60} - microseconds{1});
    desk.handle(RunAsked{job->id});
    desk.pass(microseconds{1});
    desk.handle(RunAsked{job->id});
    REQUIRE(desk.spawned.size() == 3);
    std::set<Instant> due;
    for (const Spawn& spawn : desk.spawned) due.insert(spawn.key.due);
    CHECK(due.size() == 3);
    CHECK(due.count(kMonday + seconds{60}) == 1);
    desk.pass(seconds{60});
    CHECK(desk.spawned.size() == 4);
}

TEST_CASE("asked: twice in one moment are two runs", "[engine]") {
    Desk desk;
    const auto job = at_night();
    desk.start({job});
    for (int i = 0; i < 3; ++i) desk.handle(RunAsked{job->id});
    REQUIRE(desk.spawned.size() == 3);
    CHECK(desk.spawned[0].key.due < desk.spawned[1].key.due);
    CHECK(desk.spawned[1].key.due < desk.spawned[2].key.due);
}

TEST_CASE("asked: overlap counts, and a retry is that of its job", "[engine]") {
    crontab::Policy policy;
    policy.overlap = crontab::Overlap::forbid;
    policy.retry = {1, seconds{10}, seconds{10}};
    Desk desk;
    const auto job = at_night(policy);
    desk.start({job});
    desk.handle(RunAsked{job->id});
    desk.launched(desk.spawned.at(0).run);
    desk.handle(RunAsked{job->id});
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::skipped);
    desk.exited(desk.spawned[0].run, 1);
    desk.pass(seconds{10});
    REQUIRE(desk.spawned.size() == 2);
    CHECK(desk.spawned[1].attempt == 2);
    CHECK(desk.spawned[1].cause == Cause::manual);
}

TEST_CASE("asked: a moment that has named a run names no other", "[engine]") {
    Desk desk;
    const auto job = at_night();
    desk.start({job});
    std::set<Instant> named;
    const auto ask = [&] {
        desk.spawned.clear();
        desk.handle(RunAsked{job->id});
        REQUIRE(desk.spawned.size() == 1);
        CHECK(named.insert(desk.spawned[0].key.due).second);
    };
    ask();
    ask();
    // Back by too little for a new pass.
    desk.set_clock(kMonday + minutes{2});
    ask();
    desk.set_clock(kMonday);
    ask();
    // The clock stands still, and the engine that was asked is gone.
    desk.restart();
    desk.load({job}, true);
    ask();
    CHECK(*named.rbegin() < kMonday + minutes{2} + seconds{1});
    CHECK(desk.finished.empty());
}

TEST_CASE("asked: the first to see a clock that was set back is of its new pass", "[engine]") {
    Desk desk;
    const auto job = entry("* * * * *");
    desk.start({job});
    desk.sleep(-hours{1});
    desk.handle(RunAsked{job->id});
    REQUIRE(desk.spawned.size() == 1);
    CHECK(desk.spawned[0].key.pass == 1);
}

TEST_CASE("asked: a clock that is set back does not take it back", "[engine]") {
    Desk desk;
    const auto job = entry("* * * * *");
    desk.start({job});
    desk.answers = false;
    desk.handle(RunAsked{job->id});
    desk.set_clock(kMonday - hours{10});
    desk.answers = true;
    desk.handle(Woken{});
    CHECK(desk.spawned_of("true") == 1);
    CHECK(desk.finished.empty());
}

TEST_CASE("asked: a job that is not there, or a daemon that stops, gives nothing", "[engine]") {
    Desk desk;
    const auto job = at_night();
    desk.start({});
    desk.handle(RunAsked{job->id});
    desk.load({job});
    desk.handle(StopAsked{StopAsked::Manner::drain});
    desk.handle(RunAsked{job->id});
    CHECK(desk.spawned.empty());
    CHECK(desk.verdicts.empty());
}

TEST_CASE("only what is asked for: nothing falls due, is missed, or is known since now",
          "[engine]") {
    Desk desk;
    const auto every_minute = entry("* * * * *");
    desk.start({every_minute});
    desk.pass(seconds{60});
    const Instant decided = *desk.ledger.recall(true).decided_until;
    const Memory before = desk.ledger.recall(true);
    desk.sleep(hours{5});
    desk.restart(true, only_asked());
    desk.verdicts.clear();
    const auto other = entry("@every 1s", "other");
    desk.load({every_minute, other}, true);
    desk.pass(hours{1});
    CHECK(desk.spawned.empty());
    CHECK(desk.verdicts.empty());
    desk.handle(RunAsked{other->id});
    CHECK(desk.spawned_of("other") == 1);
    const Memory after = desk.ledger.recall(true);
    CHECK(after.decided_until == decided);
    CHECK(after.jobs.at(every_minute->id).reached == before.jobs.at(every_minute->id).reached);
    CHECK(after.jobs.count(other->id) == 0);
}

}  // namespace
}  // namespace cron::engine
