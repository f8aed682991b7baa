// What a clock that is set does to each kind of schedule, by DESIGN's rules: the sizes of steps
// that make a difference, ahead and back, in UTC.
#include <catch2/catch.hpp>

#include "desk.h"

using namespace cron;
using namespace cron::engine;
using Offsets = std::vector<long>;

namespace {

constexpr hours kDay{24};
constexpr seconds k59s{59};
constexpr minutes k5min{5};
constexpr minutes k2h59{179};
constexpr minutes k3h01{181};
constexpr hours kMonth{24 * 31};
constexpr hours kYear{24 * 365};

struct Ahead {
    const char* rule;
    const char* schedule;
    seconds step;
    Offsets starts;  // due times, in seconds after 10:00:00
    std::uint64_t merged;
    std::uint64_t missed;
};

// The daemon has run from 10:00:00 to 10:00:30.
const std::vector<Ahead> kAhead = {
    {"up to 5 minutes late it runs", "* * * * *", k59s, {60}, 0, 0},
    {"each due time up to 5 minutes late runs", "* * * * *", k5min, {60, 120, 180, 240, 300}, 0, 0},
    {"what was passed over before those is merged into them",
     "* * * * *",
     k2h59,
     {10500, 10560, 10620, 10680, 10740},
     174,
     0},
    {"over 3 hours late is missed",
     "* * * * *",
     k3h01,
     {10620, 10680, 10740, 10800, 10860},
     175,
     1},
    {"a month is missed in one row",
     "* * * * *",
     kMonth,
     {2678160, 2678220, 2678280, 2678340, 2678400},
     175,
     31 * 1440 - 180},
    {"a year is missed in one row",
     "* * * * *",
     kYear,
     {31535760, 31535820, 31535880, 31535940, 31536000},
     175,
     365 * 1440 - 180},

    {"hourly: the latest that was passed over runs", "0 * * * *", k2h59, {7200}, 1, 0},
    {"hourly: the same where it is 1 h late", "0 * * * *", k3h01, {10800}, 2, 0},

    {"a fixed time that is ahead stays ahead", "15 10 * * *", k59s, {}, 0, 0},
    {"a fixed time runs, late", "1 10 * * *", k5min, {60}, 0, 0},
    {"a fixed time runs up to 3 hours late", "1 10 * * *", k2h59, {60}, 0, 0},
    {"a fixed time does not run later than that", "1 10 * * *", k3h01, {}, 0, 1},
    {"a fixed time is missed on each day of a month", "1 10 * * *", kMonth, {}, 0, 31},
    {"a fixed time is missed on each day of a year", "1 10 * * *", kYear, {}, 0, 365},
    {"of a month the last hours are made up for", "0 9 * * *", kMonth, {2674800}, 0, 30},

    {"@every is a wildcard schedule", "@every 90s", k59s, {}, 0, 0},
    {"@every: each up to 5 minutes late", "@every 90s", k5min, {90, 180, 270}, 0, 0},
    {"@every: the earlier ones merged", "@every 90s", k2h59, {10530, 10620, 10710}, 116, 0},
    {"@every: exactly 3 hours late is not too late",
     "@every 90s",
     k3h01,
     {10620, 10710, 10800, 10890},
     117,
     0},

    {"seconds: only the latest runs", "*/20 * * * * *", k59s, {20, 80}, 2, 0},
    {"seconds: the same up to 5 minutes", "*/20 * * * * *", k5min, {20, 320}, 14, 0},
    {"seconds: the same up to 3 hours", "*/20 * * * * *", k2h59, {20, 10760}, 522 + 14, 0},
    {"seconds: before that they are missed", "*/20 * * * * *", k3h01, {20, 10880}, 525 + 14, 3},
    {"seconds: a month is missed in one row",
     "*/20 * * * * *",
     kMonth,
     {20, 2678420},
     525 + 14,
     133'380},
    {"one second of a minute is no finer than a minute",
     "15 * * * * *",
     minutes{3},
     {15, 75, 135, 195},
     0,
     0},
    {"a fixed second runs, late", "30 1 10 * * *", k5min, {90}, 0, 0},
    {"a fixed second runs exactly 3 hours late", "30 1 10 * * *", k3h01, {90}, 0, 0},
    {"two fixed seconds: only the latest", "0,30 1 10 * * *", k5min, {90}, 1, 0},
    {"two fixed seconds: the one that is too late is missed", "0,30 1 10 * * *", k3h01, {90}, 0, 1},
    {"fixed seconds are missed on each day of a month", "0,30 1 10 * * *", kMonth, {}, 0, 62},

    {"@reboot is not due by the clock", "@reboot", k59s, {}, 0, 0},
    {"@reboot is not due by the clock", "@reboot", kYear, {}, 0, 0},
    {"what is never due is not missed either", "0 0 31 2 *", kYear, {}, 0, 0},
};

struct Back {
    const char* rule;
    const char* schedule;
    seconds step;
    bool opens;             // a pass
    bool fixed_too;         // for fixed schedules as well
    std::uint64_t repeats;  // starts before the clock reads 14:10 again, of at most a day
};

// The daemon has run from 14:00:00 to 14:10:00.
const std::vector<Back> kBack = {
    {"by less than 5 minutes nothing is repeated", "* * * * *", k59s, false, false, 0},
    {"by less than 5 minutes nothing is repeated", "* * * * *", seconds{299}, false, false, 0},
    {"a wildcard schedule goes on in the new time", "* * * * *", k5min, true, false, 5},
    {"a wildcard schedule goes on in the new time", "* * * * *", k2h59, true, false, 179},
    {"a wildcard schedule goes on in the new time", "* * * * *", k3h01, true, true, 181},
    {"a wildcard schedule goes on in the new time", "* * * * *", kMonth, true, true, 1440},
    {"a wildcard schedule goes on in the new time", "* * * * *", kYear, true, true, 1440},

    {"a fixed time does not run again", "3 14 * * *", k59s, false, false, 0},
    {"a fixed time does not run again up to 3 hours", "3 14 * * *", minutes{10}, true, false, 0},
    {"a fixed time does not run again up to 3 hours", "3 14 * * *", k2h59, true, false, 0},
    {"a fixed time does not run again up to 3 hours", "3 14 * * *", hours{3}, true, false, 0},
    {"beyond 3 hours the new time is the truth", "3 14 * * *", k3h01, true, true, 1},
    {"beyond 3 hours the new time is the truth", "3 14 * * *", kMonth, true, true, 1},
    {"beyond 3 hours the new time is the truth", "3 14 * * *", kYear, true, true, 1},

    {"@every is a wildcard schedule", "@every 90s", seconds{299}, false, false, 0},
    {"@every is a wildcard schedule", "@every 90s", k2h59, true, false, 119},
    {"@every is a wildcard schedule", "@every 90s", kMonth, true, true, 960},

    {"seconds, wildcard: nothing below 5 minutes", "*/20 * * * * *", k59s, false, false, 0},
    {"seconds, wildcard: go on", "*/20 * * * * *", k2h59, true, false, 537},
    {"seconds, wildcard: go on", "*/20 * * * * *", k3h01, true, true, 543},
    {"seconds, fixed: do not run again", "0,30 3 14 * * *", k2h59, true, false, 0},
    {"seconds, fixed: the new time", "0,30 3 14 * * *", k3h01, true, true, 2},

    {"@reboot is not due by the clock", "@reboot", k2h59, true, false, 0},
    {"@reboot is not due by the clock", "@reboot", kYear, true, true, 0},
};

}  // namespace

TEST_CASE("a clock set ahead: each kind of schedule by the rules of lateness", "[clock]") {
    for (const Ahead& c : kAhead) {
        INFO(c.rule << ": " << c.schedule << " by " << c.step.count() << " s");
        Desk desk;
        desk.start({entry(c.schedule)});
        desk.pass(seconds{30});
        desk.set_clock(desk.now().instant + c.step);
        CHECK(desk.starts() == c.starts);
        CHECK(desk.count(Fate::merged) == c.merged);
        CHECK(desk.count(Fate::missed) == c.missed);
        CHECK(desk.passes.empty());
    }
}

TEST_CASE("suspended and resumed: time that passed unseen is time that was slept through",
          "[clock]") {
    for (const Ahead& c : kAhead) {
        INFO(c.rule << ": " << c.schedule << " for " << c.step.count() << " s");
        Desk desk;
        desk.start({entry(c.schedule)});
        desk.pass(seconds{30});
        desk.sleep(c.step);
        // The timer on real time fires at once when it is late.
        desk.pass(microseconds{0});
        CHECK(desk.starts() == c.starts);
        CHECK(desk.count(Fate::merged) == c.merged);
        CHECK(desk.count(Fate::missed) == c.missed);
        CHECK(desk.passes.empty());
    }
}

TEST_CASE("a clock set back: each kind of schedule by the size of the step", "[clock]") {
    for (const Back& c : kBack) {
        INFO(c.rule << ": " << c.schedule << " by " << c.step.count() << " s");
        Desk desk(kMonday + hours{4});
        // Another job has verdicts up to now: what comes again is known for all.
        desk.start({entry(c.schedule, "it"), entry("* * * * *", "other")});
        desk.pass(minutes{10});
        desk.spawned.clear();
        desk.set_clock(desk.now().instant - c.step);
        REQUIRE(desk.passes.size() == (c.opens ? 1 : 0));
        if (c.opens) CHECK(desk.passes[0].fixed_too == c.fixed_too);
        desk.pass(std::min<seconds>(c.step, kDay));
        CHECK(desk.spawned_of("it") == c.repeats);
        CHECK(desk.count(Fate::missed) == 0);
        CHECK(desk.count(Fate::merged) == 0);
    }
}

TEST_CASE("a clock set back and right again: nothing starts twice, nothing is left out",
          "[clock]") {
    for (const seconds step : {seconds{k59s}, seconds{k5min}, seconds{k2h59}, seconds{k3h01},
                               seconds{kMonth}, seconds{kYear}}) {
        INFO("by " << step.count() << " s");
        Desk desk(kMonday + hours{4});
        desk.start({entry("*/2 * * * *", "wildcard"), entry("13 14 * * *", "fixed")});
        desk.pass(minutes{10});
        const Instant right = desk.now().instant;
        desk.set_clock(right - step);
        desk.pass(seconds{1});
        desk.set_clock(right + seconds{1});
        desk.pass(hours{1} - seconds{1});
        CHECK(desk.spawned_of("fixed") == 1);
        std::set<Instant> dues;  // after the step
        for (const Spawn& spawn : desk.spawned) {
            if (spawn.entry->command == "wildcard" && spawn.key.due > right)
                CHECK(dues.insert(spawn.key.due).second);
        }
        CHECK(dues.size() == 30);
    }
}

TEST_CASE("1970 to now: what passed while the clock was not set is not known to be due",
          "[clock]") {
    for (const char* schedule :
         {"* * * * *", "5 10 * * *", "@every 90s", "*/20 * * * * *", "0,30 5 10 * * *"}) {
        INFO(schedule);
        Desk desk(Instant{minutes{3}});
        desk.start({entry(schedule)});
        desk.pass(hours{1});
        desk.set_clock(kMonday + seconds{1});
        CHECK(desk.spawned.empty());
        CHECK(desk.verdicts.empty());
        CHECK(desk.passes.empty());
        desk.pass(minutes{6});
        CHECK_FALSE(desk.spawned.empty());
    }
}

TEST_CASE("now to 1970 and back: the time between is judged by the rules of lateness", "[clock]") {
    Desk desk;
    desk.start({entry("* * * * *", "wildcard"), entry("1 11 * * *", "fixed"),
                entry("@reboot", "boot"), entry("*/20 * * * * *", "seconds")},
               true);
    desk.pass(minutes{30});
    const std::size_t before = desk.spawned.size();
    const int wakes = desk.wakes;
    desk.set_clock(Instant{hours{7}});
    desk.pass(hours{1});
    CHECK(desk.spawned.size() == before);
    CHECK(desk.wakes == wakes);
    desk.set_clock(kMonday + minutes{90} + seconds{30});
    CHECK(desk.passes.empty());
    CHECK(desk.spawned_of("wildcard") == 30 + 5);
    CHECK(desk.spawned_of("fixed") == 1);
    CHECK(desk.spawned_of("seconds") == 90 + 1);
    CHECK(desk.spawned_of("boot") == 1);
    CHECK(desk.count(Fate::missed) == 0);
    // 11:00 to 11:30 without the last five minutes; and the finer one.
    CHECK(desk.count(Fate::merged) == 55 + (60 * 3 + 1 - 1));
}

TEST_CASE("a job that is new while the clock is not set is known from when it is", "[clock]") {
    Desk desk;
    const auto old = entry("* * * * *", "old");
    const auto named = entry_named("named", "0 * * * *");
    desk.start({old, named});
    desk.pass(minutes{2});
    desk.set_clock(Instant{hours{7}});
    desk.load({old, entry("* * * * *", "new"), entry_named("named", "1 * * * *")});
    desk.set_clock(kMonday + minutes{4} + seconds{30});
    // Not one missed for each minute since 1970.
    CHECK(desk.count(Fate::missed) == 0);
    CHECK(desk.spawned_of("old") == 4);
    CHECK(desk.spawned_of("new") == 0);
    desk.pass(hours{1});
    CHECK(desk.spawned_of("new") == 60);
    CHECK(desk.spawned_of("named") == 1);
}

TEST_CASE("at the ends of time nothing is due and nothing is ordered", "[clock]") {
    using std::chrono::sys_days;
    using std::chrono::year;
    for (const Instant end :
         {Instant::min(), Instant::max(), Instant{sys_days{year{-4000} / 1 / 1}},
          Instant{sys_days{year{32000} / 1 / 1}}}) {
        Desk desk;
        desk.start({entry("* * * * *"), entry("0 3 * * *"), entry("* * * * * *")});
        desk.pass(seconds{30});
        desk.set_clock(end);
        desk.set_clock(end);
        const auto wake = desk.wake().instant;
        CHECK((!wake || *wake > end));
        const int wakes = desk.wakes;
        desk.spawned.clear();
        desk.handle(Woken{});
        CHECK(desk.spawned.empty());
        CHECK(desk.wakes == wakes);
        desk.set_clock(kMonday + seconds{31});
        desk.spawned.clear();
        desk.pass(minutes{1});
        CHECK(desk.spawned.size() >= 60);
        CHECK(desk.spawned.size() <= 62);
    }
}

TEST_CASE("after its last due time a schedule costs no wake-up", "[clock]") {
    using std::chrono::sys_days;
    using std::chrono::year;
    Desk desk(sys_days{year{9999} / 12 / 31} + hours{23} + minutes{50});
    desk.start({entry("55 23 31 12 *"), entry("0 0 1 1 *")});
    desk.pass(minutes{30});
    CHECK(desk.spawned.size() == 1);
    CHECK(desk.wake() == Wake{});
    const int wakes = desk.wakes;
    desk.pass(hours{24 * 400});
    CHECK(desk.wakes == wakes);
}
