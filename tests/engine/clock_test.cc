// Clock trouble: late, set ahead, asleep, set back, unset; and what is left after a crash.
#include <catch2/catch.hpp>

#include "desk.h"

using namespace cron;
using namespace cron::engine;
using Offsets = std::vector<long>;

namespace {

// The starts that follow when the clock of a daemon that has run for half a minute is set ahead by
// `step`.
Offsets starts_after_jump(const std::string& schedule, microseconds step) {
    Desk desk;
    desk.start({entry(schedule)});
    desk.pass(seconds{30});
    desk.set_clock(desk.now().instant + step);
    return desk.starts();
}

const Verdict* find_verdict(const Desk& desk, Fate fate) {
    for (const Verdict& verdict : desk.verdicts) {
        if (verdict.fate == fate) return &verdict;
    }
    return nullptr;
}

}  // namespace

TEST_CASE("up to five minutes late every due time runs", "[clock]") {
    CHECK(starts_after_jump("* * * * *", minutes{4}) == Offsets{60, 120, 180, 240});
    CHECK(starts_after_jump("1 10 * * *", minutes{5}) == Offsets{60});
}

TEST_CASE("of a schedule finer than a minute only the latest runs late", "[clock]") {
    CHECK(starts_after_jump("@every 20s", minutes{4}) == Offsets{20, 260});
}

TEST_CASE("up to three hours late the latest due time runs once, hourly wildcards too", "[clock]") {
    CHECK(starts_after_jump("0 * * * *", hours{1} + minutes{6}) == Offsets{3600});
    CHECK(starts_after_jump("0 * * * *", hours{2} + minutes{50}) == Offsets{7200});
    CHECK(starts_after_jump("15 10 * * *", hours{3}) == Offsets{900});
}

TEST_CASE("what was passed over is merged into the run that stands for it, with its count",
          "[clock]") {
    Desk desk;
    desk.start({entry("*/10 * * * *")});
    desk.pass(seconds{30});
    desk.set_clock(kMonday + minutes{58});
    CHECK(desk.starts() == Offsets{3000});
    const Verdict* merged = find_verdict(desk, Fate::merged);
    REQUIRE(merged != nullptr);
    CHECK(merged->first == kMonday + minutes{10});
    CHECK(merged->key.due == kMonday + minutes{40});
    CHECK(merged->count == 4);
    CHECK(merged->into == kMonday + minutes{50});
}

TEST_CASE("later than three hours a due time is missed, on record with its count", "[clock]") {
    Desk desk;
    desk.start({entry("* * * * *"), entry("30 10 * * *")});
    desk.pass(seconds{30});
    desk.set_clock(kMonday + hours{24 * 31} + seconds{10});
    std::uint64_t missed = 0;
    std::uint64_t merged = 0;
    for (const Verdict& verdict : desk.verdicts) {
        if (verdict.fate == Fate::missed) missed += verdict.count;
        if (verdict.fate == Fate::merged) merged += verdict.count;
    }
    // 31 days of minutes, less the last three hours of them, and the daily one of 31 days.
    CHECK(missed == 31 * 1440 - 180 + 31);
    CHECK(merged == 180 - 5);
    CHECK(desk.spawned.size() == 5);
}

TEST_CASE("a granted run that a jump makes too late gives way to the latest", "[clock]") {
    Desk desk;
    desk.start({entry("1 * * * *")});
    desk.pass(seconds{59} + microseconds{1});
    desk.set_clock(kMonday + hours{2} + minutes{2});
    CHECK(desk.starts() == Offsets{7260});
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::merged);
    CHECK(desk.finished[0].key.due == kMonday + minutes{1});
}

TEST_CASE("set back by less than five minutes: what has a verdict is not due again", "[clock]") {
    for (const long back : {59L, 299L}) {
        Desk desk;
        desk.start({entry("* * * * *"), entry("5 10 * * *")});
        desk.pass(minutes{10});
        const auto before = desk.spawned.size();
        desk.set_clock(desk.now().instant - seconds{back});
        desk.pass(seconds{back});
        CHECK(desk.spawned.size() == before);
        CHECK(desk.passes.empty());
        desk.pass(minutes{1});
        CHECK(desk.spawned.size() == before + 1);
    }
}

TEST_CASE("set back by up to three hours: wildcards go on in the new time, fixed ones wait",
          "[clock]") {
    for (const auto back : {minutes{5}, minutes{179}}) {
        Desk desk(kMonday + hours{4});
        desk.start({entry("* * * * *", "wildcard"), entry("3 14 * * *", "fixed")});
        desk.pass(minutes{10});
        desk.spawned.clear();
        desk.set_clock(desk.now().instant - back);
        REQUIRE(desk.passes.size() == 1);
        CHECK_FALSE(desk.passes[0].fixed_too);
        desk.pass(back);
        std::size_t wildcard = 0;
        for (const Spawn& spawn : desk.spawned) {
            CHECK(spawn.entry->command == "wildcard");
            CHECK(spawn.key.pass == 1);
            ++wildcard;
        }
        CHECK(wildcard == static_cast<std::size_t>(back.count()));
    }
}

TEST_CASE("set back by more than three hours: the new time is the truth for all", "[clock]") {
    for (const auto back : {minutes{181}, minutes{60 * 24 * 31}, minutes{60 * 24 * 365}}) {
        Desk desk(kMonday + hours{4});
        desk.start({entry("* * * * *", "wildcard"), entry("3 14 * * *", "fixed")});
        desk.pass(minutes{10});
        desk.spawned.clear();
        desk.set_clock(desk.now().instant - back);
        REQUIRE(desk.passes.size() == 1);
        CHECK(desk.passes[0].fixed_too);
        desk.pass(hours{24});
        std::size_t fixed = 0;
        for (const Spawn& spawn : desk.spawned) fixed += spawn.entry->command == "fixed" ? 1 : 0;
        CHECK(fixed == 1);
        CHECK(desk.spawned.size() == 24 * 60 + 1);
    }
}

TEST_CASE("a fixed job that is new after the clock was set back runs in the new time", "[clock]") {
    Desk desk(kMonday + hours{4});
    const auto old = entry("3 14 * * *", "old");
    desk.start({old});
    desk.pass(minutes{10});
    desk.set_clock(kMonday + hours{3});
    desk.spawned.clear();
    desk.load({old, entry("3 14 * * *", "new")});
    desk.pass(hours{2});
    REQUIRE(desk.spawned.size() == 1);
    CHECK(desk.spawned[0].entry->command == "new");
}

TEST_CASE("a verdict of the time before is withdrawn when the clock is set back", "[clock]") {
    Desk desk;
    desk.start({entry("* * * * *")});
    desk.pass(minutes{10} - microseconds{1});
    desk.spawned.clear();
    desk.set_clock(kMonday + minutes{2});
    REQUIRE_FALSE(desk.finished.empty());
    CHECK(desk.finished.back().outcome.kind == Outcome::Kind::withdrawn);
    desk.pass(minutes{1});
    CHECK(desk.starts() == Offsets{180});
}

TEST_CASE("the clock set ahead and back again: never twice", "[clock]") {
    Desk desk;
    desk.start({entry("30 10 * * *")});
    desk.pass(seconds{30});
    desk.set_clock(kMonday + minutes{31});  // it runs, a minute late
    CHECK(desk.spawned.size() == 1);
    desk.set_clock(kMonday + minutes{1});
    desk.pass(hours{2});
    CHECK(desk.spawned.size() == 1);
}

TEST_CASE("an unset clock fires nothing but @reboot, and opens no pass", "[clock]") {
    Desk desk(Instant{hours{5}});
    desk.start({entry("* * * * *"), entry("@reboot", "boot")}, true);
    CHECK(desk.spawned.size() == 1);
    desk.pass(hours{3});
    CHECK(desk.spawned.size() == 1);
    desk.set_clock(kMonday + seconds{1});
    CHECK(desk.spawned.size() == 1);
    CHECK(desk.passes.empty());
    desk.pass(seconds{59});
    CHECK(desk.spawned.size() == 2);
}

TEST_CASE("a clock that starts unset with verdicts on record misses what it slept through",
          "[clock]") {
    Desk desk;
    const auto job = entry("0 * * * *");
    desk.start({job});
    desk.pass(hours{1});
    CHECK(desk.spawned.size() == 1);
    desk.set_clock(Instant{minutes{1}});
    desk.restart(false);
    desk.load({job}, true);
    desk.pass(minutes{5});
    CHECK(desk.spawned.empty());
    desk.set_clock(kMonday + hours{3} + minutes{30});
    CHECK(desk.spawned.empty());
    REQUIRE(desk.verdicts.back().fate == Fate::missed);
    CHECK(desk.verdicts.back().count == 2);
    desk.pass(minutes{30});
    CHECK(desk.spawned.size() == 1);
}

TEST_CASE("restart: away for up to five minutes of one boot was only late", "[clock]") {
    Desk desk;
    const auto job = entry("*/2 * * * *");
    desk.start({job});
    desk.pass(minutes{3});
    desk.set_clock(kMonday + minutes{7});
    desk.spawned.clear();
    desk.pass(minutes{1});
    const auto at = desk.now().instant;
    desk.restart();
    CHECK(at == kMonday + minutes{8});
    desk.load({job}, true);
    CHECK(desk.spawned.empty());  // all is decided up to now
    desk.set_clock(kMonday + minutes{12} + seconds{30});
    CHECK(desk.starts() == Offsets{600, 720});
}

TEST_CASE("restart: what fell due in a longer absence is missed, one row with a count", "[clock]") {
    for (const bool same_boot : {true, false}) {
        Desk desk;
        const auto job = entry("*/2 * * * *");
        desk.start({job});
        desk.pass(minutes{3});
        desk.handle(StopAsked{StopAsked::Manner::leave});
        Desk after(kMonday + minutes{same_boot ? 13 : 5});
        after.ledger = desk.ledger;
        after.handle(Started{after.ledger.recall(same_boot), false});
        after.load({job}, true);
        CHECK(after.spawned.empty());
        REQUIRE(after.verdicts.size() == 1);
        CHECK(after.verdicts[0].fate == Fate::missed);
        CHECK(after.verdicts[0].count == (same_boot ? 5U : 1U));
        after.pass(minutes{2});
        CHECK(after.spawned.size() == 1);
    }
}

TEST_CASE("restart: what was decided before a crash is not decided again", "[clock]") {
    Desk desk;
    const auto job = entry("1 * * * *");
    desk.start({job});
    desk.pass(minutes{1});
    CHECK(desk.spawned.size() == 1);
    desk.restart();
    desk.load({job}, true);
    desk.pass(minutes{50});
    CHECK(desk.spawned.empty());
}

TEST_CASE("restart: verdicts in the future are a clock set back by that much", "[clock]") {
    Desk desk;
    const auto wildcard = entry("* * * * *", "wildcard");
    const auto fixed = entry("20 10 * * *", "fixed");
    desk.start({wildcard, fixed});
    desk.pass(minutes{30});
    Desk after(kMonday + minutes{10});
    after.ledger = desk.ledger;
    after.handle(Started{after.ledger.recall(true), false});
    after.load({wildcard, fixed}, true);
    REQUIRE(after.passes.size() == 1);
    CHECK_FALSE(after.passes[0].fixed_too);
    after.pass(minutes{20});
    CHECK(after.spawned.size() == 20);
    for (const Spawn& spawn : after.spawned) CHECK(spawn.entry->command == "wildcard");
}

TEST_CASE("a fixed job that is new between two steps back loses no due time", "[clock]") {
    Desk desk(kMonday + hours{4});
    const auto every = entry("* * * * *", "every");
    desk.start({every});
    desk.pass(minutes{10});
    desk.set_clock(kMonday + hours{3});
    desk.load({every, entry("30 13 * * *", "new")});
    desk.pass(minutes{10});
    desk.set_clock(kMonday + hours{3} + minutes{4});
    REQUIRE(desk.passes.size() == 2);
    desk.pass(hours{2});
    CHECK(desk.spawned_of("new") == 1);
}

TEST_CASE("after a step back fixed schedules that wait cost no wake-up", "[clock]") {
    Desk desk(kMonday + hours{4});
    desk.start({entry("* 0-58 0-22 * * *", "fixed"), entry("0 * * * *", "hourly")});
    desk.pass(minutes{10});
    desk.spawned.clear();
    const int wakes = desk.wakes;
    desk.set_clock(kMonday + hours{2});
    desk.pass(hours{2} + minutes{10});
    CHECK(desk.spawned_of("fixed") == 0);
    CHECK(desk.spawned_of("hourly") == 2);
    CHECK(desk.wakes - wakes <= 5);
    desk.pass(seconds{10});
    CHECK(desk.spawned_of("fixed") == 10);
}

TEST_CASE("restart: a table that comes after the clock was set back has what it missed on record",
          "[clock]") {
    Desk desk;
    const auto job = entry("0 * * * *", "late");
    desk.start({job});
    desk.pass(hours{2});
    Desk after(kMonday + hours{30});
    after.ledger = desk.ledger;
    after.ledger.decide(Decide{9, {}, {}, kMonday + hours{30}});  // of the jobs that were there
    after.handle(Started{after.ledger.recall(false), false});
    after.set_clock(kMonday + hours{28});
    REQUIRE(after.passes.size() == 1);
    after.load({job}, true);
    // 13:00 today to 14:00 tomorrow, and not only since the new pass began.
    CHECK(after.count(Fate::missed) == 26);
    after.pass(hours{1});
    CHECK(after.spawned_of("late") == 1);
}

TEST_CASE("@reboot waits for its record, and for no clock", "[clock]") {
    for (const auto step : {hours{-24 * 365 * 60}, hours{-5}, hours{-1}, hours{24 * 365}}) {
        INFO("by " << step.count() << " h");
        Desk desk;
        desk.answers = false;
        desk.start({entry("@reboot", "boot"), entry("* * * * *", "other")}, true);
        desk.pass(minutes{10});
        desk.set_clock(desk.now().instant + step);
        CHECK(desk.spawned.empty());
        desk.answers = true;
        desk.handle(Woken{});
        CHECK(desk.spawned_of("boot") == 1);
    }
}

TEST_CASE("suspended: what waits to be tried again has waited no longer for that", "[clock]") {
    Desk desk;
    desk.start({entry("1 10 * * *")});
    desk.pass(minutes{1});
    desk.handle(LaunchFailed{desk.spawned.at(0).run, {"clone", 11}, true});
    desk.sleep(hours{1});
    desk.pass(microseconds{0});
    CHECK(desk.spawned.size() == 1);
    desk.pass(seconds{1});
    CHECK(desk.spawned.size() == 2);
    desk.handle(LaunchFailed{desk.spawned.at(1).run, {"clone", 11}, true});
    desk.sleep(hours{2});
    desk.pass(seconds{2});
    // It is over 3 hours late now.
    CHECK(desk.spawned.size() == 2);
    CHECK(desk.finished.at(0).outcome.kind == Outcome::Kind::not_started);
}

TEST_CASE("suspended: a run has not taken the time that the machine slept", "[clock]") {
    Desk desk;
    desk.start({entry("1 10 * * *")});
    desk.pass(minutes{1});
    desk.launched(desk.spawned.at(0).run);
    desk.sleep(hours{8});
    desk.pass(seconds{7});
    desk.exited(desk.spawned.at(0).run);
    CHECK(desk.finished.at(0).outcome.duration == seconds{7});
    CHECK(desk.finished.at(0).outcome.ended - kMonday == minutes{1} + hours{8} + seconds{7});
}

TEST_CASE("suspended while stopping: the grace is counted in time awake", "[clock]") {
    Desk desk;
    desk.start({entry("1 10 * * *")});
    desk.pass(minutes{1});
    desk.launched(desk.spawned.at(0).run);
    desk.handle(StopAsked{StopAsked::Manner::drain});
    desk.sleep(hours{8});
    desk.handle(Woken{});
    CHECK(desk.signals.size() == 1);
    desk.pass(seconds{25});
    CHECK(desk.signals.size() == 2);
}
