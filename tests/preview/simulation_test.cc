#include "preview/simulation.h"

#include <catch2/catch.hpp>

#include "preview/timetable.h"
#include "support.h"

namespace cron::preview {
namespace {

using Kind = Happening::Kind;

// "03-08 03:00 -4 started 0", with what else is to be said.
std::string shown(const Happening& one, const calendar::Zone& zone) {
    constexpr const char* kKinds[] = {"started", "skipped", "merged", "missed"};
    std::string text = preview::shown(one.at, zone) + ' ' +
                       kKinds[static_cast<std::size_t>(one.kind)] + ' ' + std::to_string(one.entry);
    if (one.at_boot) text += " boot";
    if (one.note.skipped > 0) text += " for " + std::to_string(one.note.skipped);
    if (!one.reason.empty()) text += ": " + one.reason;
    return text;
}

std::vector<std::string> play(const std::string& table, Local from, Local until,
                              microseconds run_time = {}, const calendar::Zone& zone = new_york()) {
    Simulation simulation({{"/tables/alice", entries_of(table, zone), true}},
                          {at(zone, from), at(zone, until), run_time});
    std::vector<std::string> lines;
    while (const auto happening = simulation.next()) lines.push_back(shown(*happening, zone));
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("simulate: every due time of the span is started, at its time", "[preview]") {
    CHECK(play("0 6 * * * a\n30 7 * * * b\n", local(2026, 5, 1), local(2026, 5, 3)) ==
          Lines{"05-01 06:00 -4 started 0", "05-01 07:30 -4 started 1", "05-02 06:00 -4 started 0",
                "05-02 07:30 -4 started 1"});
}

TEST_CASE("simulate: the span has its beginning and not its end", "[preview]") {
    CHECK(play("0 0 * * * a\n", local(2026, 5, 1), local(2026, 5, 3)) ==
          Lines{"05-01 00:00 -4 started 0", "05-02 00:00 -4 started 0"});
    CHECK(play("0 0 * * * a\n", local(2026, 5, 1), local(2026, 5, 1)).empty());
}

TEST_CASE("simulate: @reboot is started at the beginning, once", "[preview]") {
    CHECK(play("0 1 * * * a\n@reboot b\n", local(2026, 5, 1), local(2026, 5, 2)) ==
          Lines{"05-01 00:00 -4 started 1 boot", "05-01 01:00 -4 started 0"});
}

TEST_CASE("simulate: nothing happens in a span without length, at its beginning neither",
          "[preview]") {
    CHECK(play("@reboot b\n0 0 * * * a\n", local(2026, 5, 1), local(2026, 5, 1)).empty());
}

TEST_CASE("simulate: what is not started comes at its due time, in order, and not at the end",
          "[preview]") {
    const std::string table =
        "CRON_SECONDS=yes\n59 59 * * * * a\n*/30 0 * * * * b\n"
        "CRON_ENABLED=no\n0 0 * * * * c\n";
    CHECK(play(table, local(2026, 5, 1, 7), local(2026, 5, 1, 9)) ==
          Lines{"05-01 07:00 -4 skipped 2: its entry is suspended", "05-01 07:00 -4 started 1",
                "05-01 07:00 -4 started 1", "05-01 07:59 -4 started 0",
                "05-01 08:00 -4 skipped 2: its entry is suspended", "05-01 08:00 -4 started 1",
                "05-01 08:00 -4 started 1", "05-01 08:59 -4 started 0"});
    // Of a job that is always suspended too, when nothing else lets time go on.
    const calendar::Zone utc;
    Simulation suspended({{"/tables/alice", entries_of("CRON_ENABLED=no\n0 * * * * a\n"), true}},
                         {Instant{}, Instant{hours{2}}, {}});
    for (const int hour : {0, 1}) {
        const auto happening = suspended.next();
        REQUIRE(happening);
        CHECK(happening->at == Instant{hours{hour}});
        CHECK(happening->due == happening->at);
    }
    CHECK_FALSE(suspended.next());
}

TEST_CASE("simulate: in a skipped hour a fixed schedule is moved and merged, and it is said",
          "[preview]") {
    CHECK(play("30 2 * * * a\n0,10 2 * * * b\n0 2-3 * * * c\n*/30 2 * * * d\n", local(2026, 3, 8),
               local(2026, 3, 9)) == Lines{"03-08 03:00 -4 started 0 for 1",
                                           "03-08 03:00 -4 started 1 for 2",
                                           "03-08 03:00 -4 started 2 for 1"});
}

TEST_CASE("simulate: in a repeated hour only wildcard schedules are started twice", "[preview]") {
    CHECK(
        play("30 1 * * * a\n30 * * * * b\n", local(2026, 11, 1, 1), local(2026, 11, 1, 2)) ==
        Lines{"11-01 01:30 -4 started 0", "11-01 01:30 -4 started 1", "11-01 01:30 -5 started 1"});
}

TEST_CASE("simulate: -s withholds a start while the last run lives, and says why", "[preview]") {
    const auto play_for = [](seconds run_time) {
        return play("* * * * * -s a\n* * * * * b\n", local(2026, 5, 1, 0, 0),
                    local(2026, 5, 1, 0, 3), run_time);
    };
    const Lines all = {"05-01 00:00 -4 started 0", "05-01 00:00 -4 started 1",
                       "05-01 00:01 -4 started 0", "05-01 00:01 -4 started 1",
                       "05-01 00:02 -4 started 0", "05-01 00:02 -4 started 1"};
    CHECK(play_for(seconds{0}) == all);
    // A run that ends when the next is due has ended by then.
    CHECK(play_for(seconds{60}) == all);
    Lines withheld = all;
    withheld[2] = "05-01 00:01 -4 skipped 0: the last run of this job still lives";
    CHECK(play_for(seconds{61}) == withheld);
}

TEST_CASE("simulate: a run that reaches its timeout has failed, and is tried again", "[preview]") {
    const auto play_for = [](const std::string& settings, minutes run_time) {
        return play(settings + "0 6 * * * a\n", local(2026, 5, 1), local(2026, 5, 2), run_time);
    };
    const Lines once = {"05-01 06:00 -4 started 0"};
    const std::string settings = "CRON_TIMEOUT=10m\nCRON_RETRY=2/5m\n";
    CHECK(play_for(settings, minutes{9}) == once);
    CHECK(play_for(settings, minutes{60}) ==
          Lines{once[0], "05-01 06:15 -4 started 0: attempt 2: the last one ran into its timeout",
                "05-01 06:30 -4 started 0: attempt 3: the last one ran into its timeout"});
    CHECK(play_for("CRON_TIMEOUT=10m\n", minutes{60}) == once);
    CHECK(play_for("CRON_RETRY=2/5m\n", minutes{60}) == once);
}

TEST_CASE("simulate: a timeout ends what a later run waits for", "[preview]") {
    const auto play_with = [](const std::string& settings) {
        return play(settings + "*/10 6 * * * a\n", local(2026, 5, 1, 6, 0),
                    local(2026, 5, 1, 6, 30), minutes{60});
    };
    CHECK(play_with("CRON_OVERLAP=forbid\n") ==
          Lines{"05-01 06:00 -4 started 0",
                "05-01 06:10 -4 skipped 0: the last run of this job still lives",
                "05-01 06:20 -4 skipped 0: the last run of this job still lives"});
    CHECK(play_with("CRON_OVERLAP=forbid\nCRON_TIMEOUT=15m\n") ==
          Lines{"05-01 06:00 -4 started 0",
                "05-01 06:10 -4 skipped 0: the last run of this job still lives",
                "05-01 06:20 -4 started 0"});
    CHECK(play_with("CRON_OVERLAP=queue\nCRON_TIMEOUT=15m\n") ==
          Lines{"05-01 06:00 -4 started 0", "05-01 06:15 -4 started 0"});
    CHECK(play_with("CRON_OVERLAP=replace\n") == Lines{"05-01 06:00 -4 started 0",
                                                       "05-01 06:10 -4 started 0",
                                                       "05-01 06:20 -4 started 0"});
}

TEST_CASE("simulate: a window and a pool have their part, and pools have size 1", "[preview]") {
    CHECK(play("CRON_WINDOW=06:00-07:00\n30 5,6 * * * a\n", local(2026, 5, 1), local(2026, 5, 2)) ==
          Lines{"05-01 05:30 -4 skipped 0: it is outside its window", "05-01 06:30 -4 started 0"});
    CHECK(play("CRON_POOL=p\n0 6 * * * a\n0 6 * * * b\n", local(2026, 5, 1), local(2026, 5, 2),
               minutes{5}) == Lines{"05-01 06:00 -4 started 0", "05-01 06:05 -4 started 1"});
    // A second due time while one waits.
    const Lines waiting = play("CRON_OVERLAP=queue\n*/10 6 * * * a\n", local(2026, 5, 1, 6),
                               local(2026, 5, 1, 6, 40), minutes{60});
    CHECK(waiting == Lines{"05-01 06:00 -4 started 0",
                           "05-01 06:20 -4 merged 0: a run of this job already waits to start",
                           "05-01 06:30 -4 merged 0: a run of this job already waits to start"});
}

TEST_CASE("simulate: seconds and @every are started to the second", "[preview]") {
    Simulation simulation({{"/tables/alice", entries_of("@every 7s a\n"), true}},
                          {Instant{seconds{70}}, Instant{seconds{91}}, {}});
    for (const int second : {70, 77, 84}) {
        const auto happening = simulation.next();
        REQUIRE(happening);
        CHECK(happening->at == Instant{seconds{second}});
        CHECK(happening->due == happening->at);
    }
    CHECK_FALSE(simulation.next());
    CHECK_FALSE(simulation.next());
}

TEST_CASE("simulate: any year can be played", "[preview]") {
    const calendar::Zone utc;
    CHECK(play("0 12 1 1 * a\n", local(1950, 1, 1), local(1952, 1, 1), {}, utc).size() == 2);
    CHECK(play("0 12 1 1 * a\n", local(9998, 1, 1), local(9999, 12, 31), {}, utc).size() == 2);
    CHECK(play("0 0 31 2 * never\n", local(1, 1, 1), local(9999, 12, 31), {}, utc).empty());
}

TEST_CASE("simulate: several tables are one machine, in their order", "[preview]") {
    const calendar::Zone utc;
    Simulation simulation({{"/tables/b", entries_of("0 * * * * b\n"), true},
                           {"/tables/a", entries_of("30 * * * * -q a\n0 * * * * a\n"), true}},
                          {Instant{}, Instant{hours{1}}, {}});
    CHECK(simulation.entries().size() == 3);
    CHECK(simulation.next()->entry == 0);
    CHECK(simulation.next()->entry == 2);
    CHECK(simulation.next()->entry == 1);
    CHECK_FALSE(simulation.next());
}

TEST_CASE("simulate: the real engine starts what the timetable says, over both changes of a year",
          "[preview]") {
    const std::string table =
        "*/15 * * * * a\n30 2 * * * b\n0 1-3 * * * c\n@every 5h d\n0 0 * * 0 e\n59 23 L * * f\n"
        "CRON_TZ=CET-1CEST,M3.5.0,M10.5.0/3\n30 2 * * * g\n*/20 2 * * * h\n";
    const crontab::Entries entries = entries_of(table, new_york());
    const Instant from = at(new_york(), local(2026, 1, 1));
    const Instant until = at(new_york(), local(2027, 1, 1));
    Simulation simulation({{"/tables/alice", entries, true}}, {from, until, {}});
    Timetable timetable(entries, from - seconds{1}, Timetable::Direction::forward);
    std::size_t starts = 0;
    while (const auto happening = simulation.next()) {
        const auto due = timetable.next();
        REQUIRE(due);
        REQUIRE(happening->kind == Kind::started);
        REQUIRE(happening->at == due->at);
        REQUIRE(happening->due == due->at);
        REQUIRE(happening->entry == due->entry);
        ++starts;
    }
    CHECK(starts > 35'000);
    CHECK(timetable.next()->at >= until);
}

}  // namespace cron::preview
