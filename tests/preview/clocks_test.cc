#include "preview/clocks.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::preview {
namespace {

using schedule::Passage;

ClockNote note(const std::string& schedule, Local reading,
               const calendar::Zone& zone = new_york()) {
    const auto parsed = schedule::parse_whole(schedule, 0).value();
    const auto due = schedule::next_after(parsed, zone, at(zone, reading) - seconds{1});
    REQUIRE(due == at(zone, reading));
    return ZoneClock(zone).note_of(parsed, *due);
}

}  // namespace

TEST_CASE("note: a due time whose reading is skipped was moved, with what was skipped",
          "[preview]") {
    CHECK(note("30 2 * * *", local(2026, 3, 8, 3)) ==
          ClockNote{Passage::moved, 1, local(2026, 3, 8, 2, 30)});
    CHECK(note("0,15,45 2 * * *", local(2026, 3, 8, 3)) ==
          ClockNote{Passage::moved, 3, local(2026, 3, 8, 2)});
}

TEST_CASE("note: a due time at the end of what is skipped may stand for that too", "[preview]") {
    CHECK(note("0 2-3 * * *", local(2026, 3, 8, 3)) ==
          ClockNote{Passage::plain, 1, local(2026, 3, 8, 2)});
    CHECK(note("0 3 * * *", local(2026, 3, 8, 3)).is_plain());
    // It follows real time: nothing of it is moved.
    CHECK(note("0 * * * *", local(2026, 3, 8, 3)).is_plain());
}

TEST_CASE("note: of a repeated reading there is a first and a second pass", "[preview]") {
    CHECK(note("30 1 * * *", local(2026, 11, 1, 1, 30)).passage == Passage::first_pass);
    CHECK(note("30 2 * * *", local(2026, 11, 1, 2, 30)).is_plain());
    ZoneClock clock(new_york());
    const auto half = schedule::parse_whole("30 * * * *", 0).value();
    const Instant first = at(new_york(), local(2026, 11, 1, 1, 30));
    CHECK(clock.note_of(half, first).passage == Passage::first_pass);
    CHECK(clock.note_of(half, first + hours{1}).passage == Passage::second_pass);
    CHECK(clock.note_of(half, first + hours{2}).is_plain());
    CHECK(clock.note_of(half, first - hours{1}).is_plain());
}

TEST_CASE("note: far from changes it is plain, and the same whatever was asked before",
          "[preview]") {
    const auto schedule = schedule::parse_whole("*/30 * * * *", 0).value();
    ZoneClock walking(new_york());
    Instant due = at(new_york(), local(2026, 1, 1));
    const Instant end = due + hours{24 * 365};
    std::size_t notes = 0;
    while (true) {
        due = *schedule::next_after(schedule, new_york(), due);
        if (due > end) break;
        const ClockNote found = walking.note_of(schedule, due);
        CHECK(found.passage == schedule::passage_of(schedule, new_york(), due));
        if (!found.is_plain()) ++notes;
    }
    CHECK(notes == 4);  // 01:00 and 01:30, twice
}

TEST_CASE("clock: it reads the local time, before and after a change, in any order", "[preview]") {
    ZoneClock clock(new_york());
    const Instant gap = at(new_york(), local(2026, 3, 8, 3));
    CHECK(clock.read(gap - seconds{1}) == local(2026, 3, 8, 1, 59) + seconds{59});
    CHECK(clock.read(gap) == local(2026, 3, 8, 3));
    CHECK(clock.read(gap - seconds{1}) == local(2026, 3, 8, 1, 59) + seconds{59});
    CHECK(clock.offset_at(gap) == hours{-4});
}

TEST_CASE("clocks: each entry has the clock of its zone, and equal zones share one", "[preview]") {
    const auto entries = entries_of(
        "0 0 * * * a\nCRON_TZ=CET-1\n0 0 * * * b\nCRON_TZ=EST5\n0 0 * * * c\nCRON_TZ=CET-1\n"
        "0 0 * * * d\n");
    Clocks clocks(entries);
    CHECK(clocks.of(0).zone() == calendar::Zone());
    CHECK(clocks.of(1).offset_at(Instant{}) == hours{1});
    CHECK(clocks.of(2).offset_at(Instant{}) == hours{-5});
    CHECK(&clocks.of(1) == &clocks.of(3));
}

TEST_CASE("clocks: zones of one name may have different clocks", "[preview]") {
    Clocks clocks(entries_of_namesakes());
    CHECK(clocks.of(0).offset_at(Instant{}) == hours{1});
    CHECK(clocks.of(1).offset_at(Instant{}) == hours{2});
}

}  // namespace cron::preview
