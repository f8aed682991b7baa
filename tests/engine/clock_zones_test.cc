// Clock steps where a zone's own clock changes; jobs in several zones at once; and a zone that
// changes under its jobs.
#include <catch2/catch.hpp>

#include <optional>

#include "calendar/posix_rule.h"
#include "desk.h"

using namespace cron;
using namespace cron::engine;
using calendar::Zone;

namespace {

Zone of_rule(const std::string& name, const std::string& rule) {
    return Zone::from_rule(name, calendar::parse_posix_rule(rule).value());
}

const Zone kNewYork = of_rule("America/New_York", "EST5EDT,M3.2.0,M11.1.0");
const Zone kBerlin = of_rule("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3");
const Zone kSydney = of_rule("Australia/Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3");
const Zone kLordHowe = of_rule("Australia/Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");

Instant utc(unsigned month, unsigned day, int hour, int minute, int second = 0) {
    const std::chrono::year_month_day date{std::chrono::year{2026}, std::chrono::month{month},
                                           std::chrono::day{day}};
    return std::chrono::sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

using Instants = std::vector<Instant>;

Instants dues_of(const Desk& desk, const std::string& command) {
    Instants dues;
    for (const Spawn& spawn : desk.spawned) {
        if (spawn.entry->command == command) dues.push_back(spawn.key.due);
    }
    return dues;
}

// In New York 02:00 EST becomes 03:00 EDT at 07:00 UTC of 8 March, and 02:00 EDT becomes 01:00 EST
// at 06:00 UTC of 1 November.
struct Step {
    const char* rule;
    const char* schedule;
    Instant from;      // the daemon runs for a minute up to here
    Instant to;        // to which the clock is set
    Instant until;     // the daemon goes on
    Instants started;  // from the step on
};

const std::vector<Step> kSteps = {
    // Ahead, over the hour that is skipped.
    {"a fixed time in the gap is due at its end, and so late",
     "30 2 * * *",
     utc(3, 8, 6, 55),
     utc(3, 8, 7, 5),
     utc(3, 8, 12, 0),
     {utc(3, 8, 7, 0)}},
    {"several in the gap are one run",
     "15,30,45 2,3 * * *",
     utc(3, 8, 6, 55),
     utc(3, 8, 7, 5),
     utc(3, 8, 7, 10),
     {utc(3, 8, 7, 0)}},
    {"seconds in the gap are one run",
     "*/10 30 2 * * *",
     utc(3, 8, 6, 55),
     utc(3, 8, 7, 5),
     utc(3, 8, 12, 0),
     {utc(3, 8, 7, 0)}},
    {"a wildcard schedule is not due for the gap",
     "*/10 2 * * *",
     utc(3, 8, 6, 55),
     utc(3, 8, 7, 5),
     utc(3, 8, 12, 0),
     {}},
    {"a step of 2 h 59 over the gap",
     "30 2 * * *",
     utc(3, 8, 6, 55),
     utc(3, 8, 9, 54),
     utc(3, 8, 12, 0),
     {utc(3, 8, 7, 0)}},
    {"over 3 hours after the end of the gap it is missed",
     "30 2 * * *",
     utc(3, 8, 6, 55),
     utc(3, 8, 10, 1),
     utc(3, 8, 12, 0),
     {}},
    {"59 s to just before the gap",
     "30 2 * * *",
     utc(3, 8, 6, 58),
     utc(3, 8, 6, 58, 59),
     utc(3, 8, 12, 0),
     {utc(3, 8, 7, 0)}},
    // Back, to before the hour that is skipped.
    {"a fixed time moved by the gap does not run again",
     "30 2 * * *",
     utc(3, 8, 7, 10),
     utc(3, 8, 6, 50),
     utc(3, 8, 12, 0),
     {}},
    {"a wildcard schedule goes on before the gap and skips it again",
     "*/20 * * * *",
     utc(3, 8, 7, 10),
     utc(3, 8, 6, 30),
     utc(3, 8, 7, 30),
     {utc(3, 8, 6, 40), utc(3, 8, 7, 0), utc(3, 8, 7, 20)}},
    {"by over 3 hours the gap is passed again",
     "30 2 * * *",
     utc(3, 8, 7, 10),
     utc(3, 8, 4, 0),
     utc(3, 8, 12, 0),
     {utc(3, 8, 7, 0)}},
    {"by 59 s nothing is repeated",
     "30 2 * * *",
     utc(3, 8, 7, 0, 30),
     utc(3, 8, 6, 59, 31),
     utc(3, 8, 12, 0),
     {}},
    // Ahead, in the hour that is repeated.
    {"a fixed time is due on the first pass only",
     "30 1 * * *",
     utc(11, 1, 5, 20),
     utc(11, 1, 6, 20),
     utc(11, 1, 12, 0),
     {utc(11, 1, 5, 30)}},
    {"a step into the second pass does not make it due again",
     "30 1 * * *",
     utc(11, 1, 5, 40),
     utc(11, 1, 6, 10),
     utc(11, 1, 12, 0),
     {}},
    {"a wildcard schedule is due on both passes",
     "30 * * * *",
     utc(11, 1, 5, 20),
     utc(11, 1, 6, 20),
     utc(11, 1, 6, 40),
     {utc(11, 1, 5, 30), utc(11, 1, 6, 30)}},
    {"over both passes: the latest runs, the other is merged",
     "30 * * * *",
     utc(11, 1, 5, 20),
     utc(11, 1, 6, 50),
     utc(11, 1, 7, 0),
     {utc(11, 1, 6, 30)}},
    {"seconds over both passes",
     "*/30 59 1 * * *",
     utc(11, 1, 5, 20),
     utc(11, 1, 7, 1),
     utc(11, 1, 12, 0),
     {utc(11, 1, 5, 59, 30)}},
    // Back, from the second pass into the first.
    {"a fixed time that ran does not run again",
     "50 1 * * *",
     utc(11, 1, 6, 40),
     utc(11, 1, 5, 40),
     utc(11, 1, 12, 0),
     {}},
    {"a wildcard schedule goes on in the first pass",
     "*/30 * * * *",
     utc(11, 1, 6, 40),
     utc(11, 1, 5, 40),
     utc(11, 1, 6, 40),
     {utc(11, 1, 6, 0), utc(11, 1, 6, 30)}},
    {"by over 3 hours it runs again, on the first pass",
     "50 1 * * *",
     utc(11, 1, 6, 40),
     utc(11, 1, 3, 30),
     utc(11, 1, 12, 0),
     {utc(11, 1, 5, 50)}},
};

// The verdicts that the rules give, by enumeration. `after` had been reached when the clock was set
// ahead to `now`.
struct Expected {
    Instants starts;
    std::uint64_t merged = 0;
    std::uint64_t missed = 0;
};
Expected by_the_rules(const crontab::Entry& job, Instant after, Instant now) {
    Expected expected;
    Instants passed_over;
    const auto too_late = now - hours{3};
    expected.missed = schedule::count_due(job.schedule, job.zone, after,
                                          std::max(after, too_late - microseconds{1}));
    auto due =
        schedule::next_after(job.schedule, job.zone, std::max(after, too_late - microseconds{1}));
    for (; due && *due <= now; due = schedule::next_after(job.schedule, job.zone, *due)) {
        (now - *due > minutes{5} ? passed_over : expected.starts).push_back(*due);
    }
    auto& starts = expected.starts;
    if (starts.empty() && !passed_over.empty()) {
        starts.push_back(passed_over.back());
        passed_over.pop_back();
    }
    expected.merged = passed_over.size();
    if (job.schedule.is_finer_than_a_minute() && starts.size() > 1) {
        expected.merged += starts.size() - 1;
        starts.erase(starts.begin(), starts.end() - 1);
    }
    return expected;
}

const std::vector<const char*> kSchedules = {
    "* * * * *",    "0 * * * *",       "*/7 2 * * *",   "30 1 * * *",     "30 2 * * *",
    "0 3 * * *",    "15,45 1-3 * * *", "@every 90s",    "*/40 * * * * *", "0,20 30 1,2 * * *",
    "59 * * * * *", "0 0 L * *",       "0 2 * * SUN#2", "30 2 8 3 *",     "@reboot",
};

}  // namespace

TEST_CASE("a step over, into and out of a changed hour of the job's zone", "[clock]") {
    for (const Step& c : kSteps) {
        INFO(c.rule << ": " << c.schedule);
        Desk desk(c.from - minutes{90});
        desk.start({entry_in(kNewYork, c.schedule, "it"), entry("* * * * *", "other")});
        desk.pass(minutes{90});
        desk.spawned.clear();
        desk.set_clock(c.to);
        desk.pass(c.until - c.to);
        CHECK(dues_of(desk, "it") == c.started);
    }
}

TEST_CASE("any step ahead round a changed hour gives what the rules give", "[clock]") {
    const auto zone = GENERATE(Zone(), kNewYork, kLordHowe);
    const std::vector<Instant> changes = {utc(3, 8, 7, 0), utc(11, 1, 6, 0), utc(4, 4, 15, 0),
                                          utc(10, 3, 15, 30)};
    const std::vector<microseconds> steps = {seconds{59},  minutes{5},   minutes{61},
                                             minutes{179}, minutes{181}, hours{24 * 31}};
    for (const Instant change : changes) {
        for (const auto before : {minutes{185}, minutes{121}, minutes{61}, minutes{31}, minutes{4},
                                  minutes{1}, minutes{-1}, minutes{-29}}) {
            // Half a second past: nothing is due in the second ahead, which has verdicts already.
            const Instant from = change - before + seconds{9} + microseconds{500'000};
            for (const auto step : steps) {
                for (const char* schedule : kSchedules) {
                    const auto job = entry_in(zone, schedule);
                    INFO(schedule << " in " << zone.name() << ", " << before.count()
                                  << " min before, by " << step.count() << " us");
                    Desk desk(from - seconds{1});
                    desk.start({job});
                    desk.pass(seconds{1});
                    REQUIRE(desk.spawned.empty());
                    desk.set_clock(from + step);
                    const Expected expected = by_the_rules(*job, from, floor_seconds(from + step));
                    CHECK(dues_of(desk, "true") == expected.starts);
                    CHECK(desk.count(Fate::merged) == expected.merged);
                    CHECK(desk.count(Fate::missed) == expected.missed);
                }
            }
        }
    }
}

TEST_CASE("each job's changed hours are those of its own zone and no other", "[clock]") {
    Desk desk(utc(3, 1, 12, 0));
    desk.start({entry_in(kNewYork, "30 2 * * *", "new york"),
                entry_in(kBerlin, "30 2 * * *", "berlin"),
                entry_in(kSydney, "30 2 * * *", "sydney"),  // the daemon's
                entry_in(kNewYork, "30 * * * *", "hourly")});
    const auto due_on = [&](const std::string& command, unsigned month, unsigned day) {
        desk.pass(utc(month, day, 0, 0) - desk.now().instant);
        desk.spawned.clear();
        desk.pass(hours{24});
        return dues_of(desk, command);
    };
    CHECK(due_on("berlin", 3, 8) == Instants{utc(3, 8, 1, 30)});
    CHECK(dues_of(desk, "new york") == Instants{utc(3, 8, 7, 0)});
    CHECK(dues_of(desk, "sydney") == Instants{utc(3, 8, 15, 30)});
    CHECK(dues_of(desk, "hourly").size() == 24);
    CHECK(due_on("new york", 3, 29) == Instants{utc(3, 29, 6, 30)});
    CHECK(dues_of(desk, "berlin") == Instants{utc(3, 29, 1, 0)});
    CHECK(dues_of(desk, "sydney") == Instants{utc(3, 29, 15, 30)});
    // In Sydney 02:30 comes twice: it is due on the first pass.
    CHECK(due_on("sydney", 4, 4) == Instants{utc(4, 4, 15, 30)});
    CHECK(dues_of(desk, "new york") == Instants{utc(4, 4, 6, 30)});
    CHECK(dues_of(desk, "berlin") == Instants{utc(4, 4, 0, 30)});
    CHECK(due_on("sydney", 10, 3) == Instants{utc(10, 3, 16, 0)});
    CHECK(due_on("berlin", 10, 25) == Instants{utc(10, 25, 0, 30)});
    CHECK(dues_of(desk, "new york") == Instants{utc(10, 25, 6, 30)});
    CHECK(due_on("new york", 11, 1) == Instants{utc(11, 1, 7, 30)});
}

TEST_CASE("a new zone of the daemon moves the jobs in it, and no other", "[clock]") {
    Desk desk(utc(3, 8, 0, 0));
    const auto own = entry_in(kNewYork, "30 2 * * *", "own");
    const auto every = [](const Zone& zone) { return entry_in(zone, "@every 7h", "every"); };
    desk.start({own, entry_in(kSydney, "0 12 * * *", "daemon"), every(kSydney)});
    desk.pass(minutes{30});
    const Wake before = desk.wake();
    desk.load({own, entry_in(kBerlin, "0 12 * * *", "daemon"), every(kBerlin)});
    CHECK(desk.finished.empty());
    desk.pass(hours{24});
    CHECK(dues_of(desk, "own") == Instants{utc(3, 8, 7, 0)});
    CHECK(dues_of(desk, "daemon") == Instants{utc(3, 8, 11, 0)});  // not 01:00
    CHECK(dues_of(desk, "every").size() == 3);
    CHECK(before.instant);
}

TEST_CASE("what is due in the old zone and in the new one runs once, whenever it changes",
          "[clock]") {
    // Both are at UTC+1: the due time is the same.
    const Zone other = of_rule("Europe/Paris", "CET-1CEST,M3.5.0,M10.5.0/3");
    const Instant due = utc(3, 8, 11, 0);
    for (const auto at : {seconds{-100}, seconds{-1}, seconds{0}, seconds{1}}) {
        for (const auto within :
             {microseconds{-1}, microseconds{0}, microseconds{1}, microseconds{500'000}}) {
            const Instant change = due + at + within;
            INFO("changed " << (change - due).count() << " us after it");
            Desk desk(due - minutes{10});
            desk.start({entry_in(kBerlin, "0 12 * * *")});
            desk.pass(change - desk.now().instant);
            desk.load({entry_in(other, "0 12 * * *")});
            // After a crash the ledger knows as much.
            if (at == seconds{-1} && within > microseconds{0}) {
                Desk after(desk.now().instant);
                after.ledger = desk.ledger;
                after.handle(Started{after.ledger.recall(true), false});
                after.load({entry_in(other, "0 12 * * *")}, true);
                after.pass(minutes{10});
                CHECK(after.spawned.empty());
                CHECK(after.finished.empty());
            }
            desk.pass(minutes{20});
            CHECK(desk.starts().size() == 1);
            CHECK(desk.finished.empty());
        }
    }
}

TEST_CASE("what is due in the old zone only does not run any more", "[clock]") {
    Desk desk(utc(3, 8, 10, 50));
    desk.start({entry_in(kBerlin, "0 12 * * *")});
    desk.pass(minutes{10} - microseconds{1});  // it has a verdict
    desk.load({entry_in(kNewYork, "0 12 * * *")});
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::withdrawn);
    desk.pass(hours{12});
    CHECK(dues_of(desk, "true") == Instants{utc(3, 8, 16, 0)});
}

TEST_CASE("a due time of the new zone that is just ahead is not left out", "[clock]") {
    Desk desk(utc(3, 8, 10, 50));
    desk.start({entry_in(kNewYork, "0 12 * * *")});
    desk.pass(minutes{10} - microseconds{1});
    desk.load({entry_in(kBerlin, "0 12 * * *")});
    desk.pass(microseconds{1});
    CHECK(dues_of(desk, "true") == Instants{utc(3, 8, 11, 0)});
}
