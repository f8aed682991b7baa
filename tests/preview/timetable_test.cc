#include "preview/timetable.h"

#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::preview {
namespace {

using Direction = Timetable::Direction;

constexpr Instant kStart{std::chrono::sys_days{std::chrono::year{2026} / 3 / 7}};

std::vector<Due> take(Timetable& timetable, std::size_t count) {
    std::vector<Due> found;
    while (found.size() < count) {
        const auto due = timetable.next();
        if (!due) break;
        found.push_back(*due);
    }
    return found;
}

Instant after(microseconds time) { return kStart + time; }

}  // namespace

TEST_CASE("timetable: due times of all entries come in the order of time", "[preview]") {
    Timetable timetable(entries_of("0 3 * * * a\n0 1 * * * b\n0 2 * * * c\n"), kStart,
                        Direction::forward);
    CHECK(take(timetable, 4) == std::vector<Due>{{after(hours{1}), 1},
                                                 {after(hours{2}), 2},
                                                 {after(hours{3}), 0},
                                                 {after(hours{25}), 1}});
}

TEST_CASE("timetable: what is due at once comes in the order of the entries, whatever they share",
          "[preview]") {
    Timetable timetable(entries_of("0 * * * * a\n0 1 * * * b\n0 * * * * c\n0 1 * * * d\n"), kStart,
                        Direction::forward);
    const auto found = take(timetable, 4);
    for (std::size_t i = 0; i < 4; ++i) CHECK(found[i] == Due{after(hours{1}), i});
}

TEST_CASE("timetable: what is due at the start itself does not count", "[preview]") {
    for (const Direction direction : {Direction::forward, Direction::backward}) {
        Timetable timetable(entries_of("0 0 * * * a\n"), kStart, direction);
        const hours day{direction == Direction::forward ? 24 : -24};
        CHECK(timetable.next() == Due{after(day), 0});
    }
}

TEST_CASE("timetable: backward the latest comes first, and of one instant the last entry",
          "[preview]") {
    Timetable timetable(entries_of("0 * * * * a\n30 22 * * * b\n0 23 * * * c\n"), kStart,
                        Direction::backward);
    CHECK(take(timetable, 4) == std::vector<Due>{{after(hours{-1}), 2},
                                                 {after(hours{-1}), 0},
                                                 {after(minutes{-90}), 1},
                                                 {after(hours{-2}), 0}});
}

TEST_CASE("timetable: without entries, or where none is ever due, there is nothing", "[preview]") {
    CHECK_FALSE(Timetable({}, kStart, Direction::forward).next());
    Timetable never(entries_of("0 0 31 2 * a\n@reboot b\n"), kStart, Direction::forward);
    CHECK_FALSE(never.next());
    CHECK_FALSE(never.next());
}

TEST_CASE("timetable: an entry that is due no more does not end the others", "[preview]") {
    const Instant late{std::chrono::sys_days{std::chrono::year{9996} / 3 / 1}};
    Timetable timetable(entries_of("0 0 29 2 * leap\n0 0 1 1 * year\n"), late, Direction::forward);
    const auto found = take(timetable, 100);
    // 9997, 9998, 9999: no leap year any more.
    CHECK(found.size() == 3);
    CHECK(std::all_of(found.begin(), found.end(), [](const Due& due) { return due.entry == 1; }));
}

TEST_CASE("timetable: each entry is due by the clock of its own zone", "[preview]") {
    Timetable timetable(entries_of("CRON_TZ=CET-1\n0 3 * * * a\nCRON_TZ=EST5\n0 3 * * * b\n"),
                        kStart, Direction::forward);
    CHECK(take(timetable, 2) == std::vector<Due>{{after(hours{2}), 0}, {after(hours{8}), 1}});
}

TEST_CASE("timetable: zones of one name may have different clocks", "[preview]") {
    Timetable timetable(entries_of_namesakes(), kStart, Direction::forward);
    CHECK(take(timetable, 2) == std::vector<Due>{{after(hours{10}), 1}, {after(hours{11}), 0}});
}

TEST_CASE("timetable: it is each entry's own due times, merged, in both directions", "[preview]") {
    const std::uint32_t seed = Catch::rngSeed() != 0 ? Catch::rngSeed() : std::random_device{}();
    INFO("--rng-seed " << seed);
    std::mt19937 rng(seed);
    std::string table;
    for (int line = 0; line < 40; ++line) {
        table += std::to_string(rng() % 6 * 10) + " " +
                 (rng() % 3 == 0 ? "*" : std::to_string(rng() % 4)) + " * * * x\n";
    }
    const crontab::Entries entries = entries_of(table, new_york());
    for (const Instant start :
         {at(new_york(), local(2026, 3, 8)), at(new_york(), local(2026, 11, 1))}) {
        const Instant end = start + hours{8};
        std::vector<std::pair<Instant, std::size_t>> expected;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            auto due = schedule::next_after(entries[i]->schedule, entries[i]->zone, start);
            for (; due && *due < end;
                 due = schedule::next_after(entries[i]->schedule, entries[i]->zone, *due))
                expected.emplace_back(*due, i);
        }
        std::sort(expected.begin(), expected.end());
        Timetable forward(entries, start, Direction::forward);
        for (const auto& [instant, entry] : expected) CHECK(forward.next() == Due{instant, entry});
        Timetable backward(entries, end, Direction::backward);
        for (auto one = expected.rbegin(); one != expected.rend(); ++one)
            CHECK(backward.next() == Due{one->first, one->second});
    }
}

}  // namespace cron::preview
