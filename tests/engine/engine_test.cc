// From a due time to an outcome, while the clock goes on as it should.
#include "engine/engine.h"

#include <catch2/catch.hpp>
#include <csignal>

#include "desk.h"

using namespace cron;
using namespace cron::engine;
using Offsets = std::vector<long>;

TEST_CASE("a verdict comes a second before the due time and the start at it", "[engine]") {
    Desk desk;
    desk.start({entry("5 * * * *")});
    CHECK(desk.wake().instant == kMonday + minutes{5} - seconds{1});
    desk.pass(minutes{5} - microseconds{1});
    REQUIRE(desk.verdicts.size() == 1);
    CHECK(desk.verdicts[0].key.due == kMonday + minutes{5});
    CHECK(desk.spawned.empty());
    desk.pass(microseconds{1});
    CHECK(desk.starts() == Offsets{300});
}

TEST_CASE("a due time that is the moment of the start of the daemon is not due again", "[engine]") {
    Desk desk;
    desk.start({entry("* * * * *")});
    desk.pass(seconds{59});
    CHECK(desk.spawned.empty());
}

TEST_CASE("nothing starts before the ledger has granted it", "[engine]") {
    Desk desk;
    desk.answers = false;
    desk.start({entry("1 * * * *")});
    desk.pass(seconds{62});
    CHECK(desk.spawned.empty());
    desk.answers = true;
    desk.handle(Woken{});
    CHECK(desk.starts() == Offsets{60});
}

TEST_CASE("a start that the ledger refuses does not happen, and that is said", "[engine]") {
    Desk desk;
    const auto job = entry("1 * * * *");
    desk.start({job});
    Verdict verdict;
    verdict.key = RunKey{job->id, kMonday + minutes{1}, 0};
    desk.ledger.decide(Decide{99, {verdict}, {}, {}});
    desk.pass(minutes{2});
    CHECK(desk.spawned.empty());
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::refused);
}

TEST_CASE("the jobs of one second start in the order of their lines", "[engine]") {
    Desk desk;
    crontab::Entries entries;
    for (int i = 0; i < 50; ++i) {
        entries.push_back(entry(i % 2 == 0 ? "1 * * * *" : "1 10 * * *", std::to_string(i)));
    }
    desk.start(entries);
    desk.pass(minutes{1});
    REQUIRE(desk.spawned.size() == 50);
    for (std::size_t i = 0; i < 50; ++i) CHECK(desk.spawned[i].entry->command == std::to_string(i));
}

TEST_CASE("verdicts are asked for in batches of a bounded size", "[engine]") {
    Desk desk;
    crontab::Entries entries;
    for (int i = 0; i < 12'000; ++i) entries.push_back(entry("1 * * * *", std::to_string(i)));
    desk.start(entries);
    desk.batch_sizes.clear();
    desk.pass(minutes{1});
    CHECK(desk.batch_sizes == std::vector<std::size_t>{5000, 5000, 2000});
    CHECK(desk.spawned.size() == 12'000);
}

TEST_CASE("a crash between two batches loses none of the second and repeats none of the first",
          "[engine]") {
    crontab::Entries entries;
    for (int i = 0; i < 5'001; ++i) entries.push_back(entry("1 * * * *", std::to_string(i)));
    const TablesChanged tables{{LoadedTable{"t", entries, true}}, {}};
    ledger::MemoryLedger ledger;
    const auto decides = [](const Effects& effects) {
        std::vector<Decide> found;
        for (const Effect& effect : effects) {
            if (const auto* decide = std::get_if<Decide>(&effect)) found.push_back(*decide);
        }
        return found;
    };

    Engine engine(Desk::default_limits());
    engine.handle(Started{}, {kMonday, {}});
    for (const Decide& known : decides(engine.handle(tables, {kMonday, {}}))) ledger.decide(known);
    const auto before = decides(engine.handle(Woken{}, {kMonday + seconds{59}, {}}));
    REQUIRE(before.size() == 2);
    ledger.decide(before[0]);

    Engine next(Desk::default_limits());
    const Now later{kMonday + seconds{62}, {}};
    next.handle(Started{ledger.recall(true), false}, later);
    const auto after = decides(next.handle(tables, later));
    REQUIRE(after.size() == 1);
    REQUIRE(after[0].verdicts.size() == 1);
    CHECK(after[0].verdicts[0] == before[1].verdicts.at(0));
}

TEST_CASE("between due times the engine sleeps", "[engine]") {
    Desk desk;
    desk.start({entry("0 0 1 1 *")});
    desk.pass(hours{24 * 300});
    CHECK(desk.wakes == 0);
    desk.pass(hours{24 * 10});
    CHECK(desk.spawned.size() == 1);
    CHECK(desk.wakes == 2);
}

TEST_CASE("a schedule that is never due costs no wake-up", "[engine]") {
    Desk desk;
    desk.start({entry("0 0 31 2 *")});
    CHECK(desk.wake() == Wake{});
    desk.pass(hours{24 * 365 * 10});
    CHECK(desk.wakes == 0);
}

TEST_CASE("a schedule whose years are past costs no wake-up, and is not made up for", "[engine]") {
    crontab::Policy policy;
    policy.catch_up = hours{24 * 3660};
    Desk desk;
    desk.start({entry("* 12,13 16 11 2 2021", "true", "/tables/root", policy)});
    CHECK_FALSE(desk.wake().instant);
    CHECK(desk.verdicts.empty());
}

TEST_CASE("a schedule is due up to the end of its years, then never", "[engine]") {
    Desk desk(std::chrono::sys_days{std::chrono::year{2027} / 1 / 1} - minutes{3});
    desk.start({entry("* * * * * 2026")});
    desk.pass(hours{24});
    REQUIRE(desk.spawned.size() == 2);
    CHECK(desk.spawned[1].key.due ==
          std::chrono::sys_days{std::chrono::year{2027} / 1 / 1} - minutes{1});
    CHECK_FALSE(desk.wake().instant);
    CHECK(desk.wakes <= 6);
}

TEST_CASE("@every 1s starts each second, with one wake-up a second", "[engine]") {
    Desk desk;
    desk.start({entry("@every 1s")});
    desk.pass(seconds{100});
    CHECK(desk.spawned.size() == 100);
    CHECK(desk.wakes <= 102);
    for (std::size_t i = 0; i < 100; ++i) CHECK(desk.spawned_at[i] == desk.spawned[i].key.due);
}

TEST_CASE("a run ends with a record first and its output after", "[engine]") {
    Desk desk;
    desk.start({entry("1 * * * *")});
    desk.pass(minutes{1});
    const RunNumber run = desk.spawned.at(0).run;
    desk.launched(run);
    desk.pass(seconds{7});
    desk.exited(run, 3);
    REQUIRE(desk.finished.size() == 1);
    const Outcome& outcome = desk.finished[0].outcome;
    CHECK(outcome.kind == Outcome::Kind::exited);
    CHECK(outcome.status == ExitStatus{false, 3});
    CHECK(outcome.started == kMonday + minutes{1});
    CHECK(outcome.duration == seconds{7});
    CHECK(desk.delivered.size() == 1);
}

TEST_CASE("runs of a job overlap unless its entry forbids it", "[engine]") {
    Desk desk;
    crontab::Policy forbid;
    forbid.overlap = crontab::Overlap::forbid;
    desk.start({entry("* * * * *", "free"), entry("* * * * *", "alone", "/tables/root", forbid)});
    desk.pass(minutes{3});
    std::size_t free = 0;
    for (const Spawn& spawn : desk.spawned) free += spawn.entry->command == "free" ? 1 : 0;
    CHECK(free == 3);
    CHECK(desk.spawned.size() == 4);
    REQUIRE(desk.finished.size() == 2);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::skipped);
    // Once the run has ended the next due time starts again.
    for (const Spawn& spawn : std::vector<Spawn>(desk.spawned)) desk.exited(spawn.run);
    desk.pass(minutes{1});
    CHECK(desk.spawned.size() == 6);
}

TEST_CASE("a start that fails for now is tried again with a growing delay", "[engine]") {
    Desk desk;
    desk.start({entry("1 * * * *")});
    desk.pass(minutes{1});
    const RunNumber run = desk.spawned.at(0).run;
    for (int i = 0; i < 4; ++i) {
        desk.handle(LaunchFailed{run, {"clone", EAGAIN}, true});
        desk.pass(desk.postponed.back().delay);
    }
    CHECK(desk.starts() == Offsets{60, 60, 60, 60, 60});
    CHECK(desk.postponed[0].delay == seconds{1});
    CHECK(desk.postponed[3].delay == seconds{8});
    desk.launched(run);
    desk.exited(run);
    CHECK(desk.finished.size() == 1);
}

TEST_CASE("while a run waits to be tried again newer due times are merged into it", "[engine]") {
    Desk desk;
    desk.start({entry("* * * * *")});
    desk.pass(minutes{1});
    const RunNumber run = desk.spawned.at(0).run;
    for (int i = 0; i < 7; ++i) {
        desk.handle(LaunchFailed{run, {"clone", EAGAIN}, true});
        desk.pass(desk.postponed.back().delay);
    }
    CHECK(desk.starts() == Offsets{60, 60, 60, 60, 60, 60, 60, 60});
    REQUIRE(desk.finished.size() == 2);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::merged);
}

TEST_CASE("a start that cannot succeed is an outcome with its stage, and is told of", "[engine]") {
    Desk desk;
    desk.start({entry("1 * * * *")});
    desk.pass(minutes{1});
    desk.handle(LaunchFailed{desk.spawned.at(0).run, {"setuid", EPERM}, false});
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::not_started);
    CHECK(desk.finished[0].outcome.launch_error.stage == "setuid");
    REQUIRE(desk.delivered.size() == 1);
    CHECK(desk.delivered[0].outcome.kind == Outcome::Kind::not_started);
}

TEST_CASE("a start that keeps failing is given up when it is too late", "[engine]") {
    Desk desk;
    desk.start({entry("1 10 * * *")});
    desk.pass(minutes{1});
    for (int i = 0; i < 1000 && desk.finished.empty(); ++i) {
        desk.handle(LaunchFailed{desk.spawned.at(0).run, {"clone", EAGAIN}, true});
        desk.pass(desk.postponed.back().delay);
    }
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::not_started);
    CHECK(desk.delivered.size() == 1);
    CHECK(desk.now().instant - kMonday < hours{3} + minutes{3});
}

TEST_CASE("@reboot starts once where it is due and never by the clock", "[engine]") {
    Desk desk;
    desk.start({entry("@reboot")}, true);
    CHECK(desk.spawned.size() == 1);
    CHECK(desk.spawned[0].cause == Cause::boot);
    desk.load({entry("@reboot"), entry("@reboot", "new")});
    desk.pass(hours{24 * 400});
    CHECK(desk.spawned.size() == 1);

    Desk later;
    later.start({entry("@reboot")}, false);
    CHECK(later.spawned.empty());
}

TEST_CASE("a reload keeps what did not change and withdraws what is gone", "[engine]") {
    Desk desk;
    const auto stays = entry("1 * * * *", "stays");
    desk.start({stays, entry("1 * * * *", "goes"), entry("2 * * * *", "also goes")});
    desk.pass(seconds{59});  // verdicts are there, starts are not
    desk.load({entry("1 * * * *", "new"), stays});
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::withdrawn);
    CHECK(desk.finished[0].entry->command == "goes");
    desk.pass(minutes{2});
    REQUIRE(desk.spawned.size() == 2);
    CHECK(desk.spawned[0].entry->command == "stays");
    CHECK(desk.spawned[1].entry->command == "new");
    CHECK(desk.snapshot().jobs.size() == 2);
}

TEST_CASE("a job that goes and comes back within its second does not start twice", "[engine]") {
    Desk desk;
    const auto job = entry("1 * * * *");
    desk.start({job});
    desk.pass(minutes{1});
    CHECK(desk.spawned.size() == 1);
    desk.load({});
    desk.load({job});
    desk.pass(minutes{5});
    CHECK(desk.spawned.size() == 1);
}

TEST_CASE("a table that is removed takes its jobs along, not its runs", "[engine]") {
    Desk desk;
    desk.start({entry("* * * * *")});
    desk.pass(minutes{1});
    desk.launched(desk.spawned.at(0).run);
    desk.handle(TablesChanged{{}, {"/tables/root"}});
    desk.pass(minutes{5});
    CHECK(desk.spawned.size() == 1);
    desk.exited(desk.spawned[0].run);
    CHECK(desk.delivered.size() == 1);
    CHECK(desk.snapshot().tables == 0);
}

TEST_CASE("leaving: the daemon quits at once and signals no job", "[engine]") {
    Desk desk;
    desk.start({entry("1 * * * *"), entry("2 * * * *")});
    desk.pass(minutes{2} - microseconds{1});
    desk.launched(desk.spawned.at(0).run);
    desk.handle(StopAsked{StopAsked::Manner::leave});
    CHECK(desk.quits == 1);
    CHECK(desk.signals.empty());
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::withdrawn);
    desk.pass(minutes{2});
    CHECK(desk.quits == 1);
    CHECK(desk.spawned.size() == 1);
}

TEST_CASE("leaving: what is ordered and not yet made is taken back before the end", "[engine]") {
    Desk desk;
    desk.start({entry("1 * * * *", "made"), entry("1 * * * *", "ordered")});
    desk.pass(minutes{1});
    desk.launched(desk.spawned.at(0).run);
    desk.handle(StopAsked{StopAsked::Manner::leave});
    REQUIRE(desk.cancels.size() == 1);
    CHECK(desk.cancels[0].run == desk.spawned[1].run);
    CHECK(desk.quits == 0);
    desk.handle(Cancelled{desk.cancels[0].run});
    CHECK(desk.quits == 1);
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::withdrawn);
}

TEST_CASE("leaving: a process that was made after all is left running too", "[engine]") {
    Desk desk;
    desk.start({entry("1 * * * *")});
    desk.pass(minutes{1});
    desk.handle(StopAsked{StopAsked::Manner::leave});
    desk.launched(desk.spawned.at(0).run);
    CHECK(desk.signals.empty());
    CHECK(desk.quits == 1);
}

TEST_CASE("draining: nothing more starts, and what was made after all is signalled", "[engine]") {
    Desk desk;
    desk.start({entry("1 * * * *", "taken back"), entry("1 * * * *", "made")});
    desk.pass(minutes{1});
    desk.handle(StopAsked{StopAsked::Manner::drain});
    REQUIRE(desk.cancels.size() == 2);
    desk.handle(Cancelled{desk.spawned.at(0).run});
    desk.launched(desk.spawned.at(1).run);
    REQUIRE(desk.signals.size() == 1);
    CHECK(desk.signals[0].run == desk.spawned[1].run);
    desk.exited(desk.spawned[1].run);
    CHECK(desk.quits == 1);
}

TEST_CASE("draining: TERM, then KILL after the grace, then the end", "[engine]") {
    Desk desk;
    desk.start({entry("1 * * * *", "a"), entry("1 * * * *", "b")});
    desk.pass(minutes{1});
    for (const Spawn& spawn : std::vector<Spawn>(desk.spawned)) desk.launched(spawn.run);
    desk.handle(StopAsked{StopAsked::Manner::drain});
    REQUIRE(desk.signals.size() == 2);
    CHECK(desk.signals[0].signal == SIGTERM);
    desk.exited(desk.spawned[0].run);
    desk.pass(seconds{25} - microseconds{1});
    CHECK(desk.signals.size() == 2);
    desk.pass(microseconds{1});
    REQUIRE(desk.signals.size() == 3);
    CHECK(desk.signals[2].signal == SIGKILL);
    CHECK(desk.signals[2].run == desk.spawned[1].run);
    CHECK(desk.quits == 0);
    desk.exited(desk.spawned[1].run);
    CHECK(desk.quits == 1);
}

TEST_CASE("draining: asked again it kills now, and does not wait for ever", "[engine]") {
    Desk desk;
    desk.start({entry("1 * * * *")});
    desk.pass(minutes{1});
    desk.launched(desk.spawned.at(0).run);
    desk.handle(StopAsked{StopAsked::Manner::drain});
    desk.handle(StopAsked{StopAsked::Manner::drain});
    CHECK(desk.signals.back().signal == SIGKILL);
    desk.pass(minutes{1});
    CHECK(desk.quits == 1);
}

TEST_CASE("draining with nothing to wait for ends at once", "[engine]") {
    Desk desk;
    desk.start({entry("1 * * * *")});
    desk.handle(StopAsked{StopAsked::Manner::drain});
    CHECK(desk.quits == 1);
}
