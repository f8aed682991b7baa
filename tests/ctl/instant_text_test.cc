#include "ctl/instant_text.h"

#include <catch2/catch.hpp>

#include "calendar/posix_rule.h"
#include "support.h"

namespace cron::ctl {
namespace {

calendar::Zone new_york() {
    return calendar::Zone::from_rule(kNewYork, calendar::parse_posix_rule(kNewYork).value());
}

std::string read(const std::string& text) {
    const auto given = read_instant(text, new_york(), kNow);
    return given ? print_instant(given->instant, new_york()) : given.error().message;
}

}  // namespace

TEST_CASE("instant: RFC 3339 says when, whatever the zone in force", "[ctl]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"2026-03-08T02:30:00-05:00", "2026-03-08T03:30:00-04:00"},
        {"2026-03-08T07:30:00Z", "2026-03-08T03:30:00-04:00"},
        {"2026-03-08t07:30:00z", "2026-03-08T03:30:00-04:00"},
        {"2026-03-08 07:30:00+00:00", "2026-03-08T03:30:00-04:00"},
        {"2026-03-08T13:00:00+05:30", "2026-03-08T03:30:00-04:00"},
        {"2026-03-08T07:30Z", "2026-03-08T03:30:00-04:00"},
        {"2026-03-08T07:30:00.999999Z", "2026-03-08T03:30:00-04:00"},
    }));
    CHECK(read(text) == expected);
}

TEST_CASE("instant: without an offset it is a reading of the zone in force", "[ctl]") {
    CHECK(read("2026-01-02 03:04:05") == "2026-01-02T03:04:05-05:00");
    CHECK(read("2026-07-02T03:04") == "2026-07-02T03:04:00-04:00");
    CHECK(read("2026-07-02") == "2026-07-02T00:00:00-04:00");
    CHECK(read(" 2026-07-02 ") == "2026-07-02T00:00:00-04:00");
    CHECK(read("now") == "2026-03-06T07:00:00-05:00");
}

TEST_CASE("instant: a fraction of a second counts, to the microsecond", "[ctl]") {
    const auto fraction = [](const std::string& text) {
        const Instant instant = read_instant(text, new_york(), kNow)->instant;
        return (instant - floor_seconds(instant)).count();
    };
    CHECK(fraction("2026-03-08T07:30:00.5Z") == 500'000);
    CHECK(fraction("2026-03-08T07:30:00.000001Z") == 1);
    CHECK(fraction("2026-03-08 07:30:00.1234567890123456789012345") == 123'456);
}

TEST_CASE(
    "instant: a skipped reading is the instant after, a repeated one the first, and it is told",
    "[ctl]") {
    const auto skipped = read_instant("2026-03-08 02:30", new_york(), kNow);
    REQUIRE(skipped);
    CHECK(print_instant(skipped->instant, new_york()) == "2026-03-08T03:00:00-04:00");
    CHECK(contains(skipped->note, "2026-03-08 02:30 is skipped"));
    CHECK(contains(skipped->note, "2026-03-08T03:00:00-04:00"));

    const auto repeated = read_instant("2026-11-01 01:30", new_york(), kNow);
    REQUIRE(repeated);
    CHECK(print_instant(repeated->instant, new_york()) == "2026-11-01T01:30:00-04:00");
    CHECK(contains(repeated->note, "comes twice"));

    CHECK(read_instant("2026-11-01 02:30", new_york(), kNow)->note.empty());
    CHECK(read_instant("2026-03-08T02:30:00-05:00", new_york(), kNow)->note.empty());
}

TEST_CASE("instant: anything else is refused, and what is possible is shown", "[ctl]") {
    const auto text = GENERATE(
        as<std::string>(), "", "x", "2026", "2026-03", "2026-3-8", "26-03-08", "2026-03-08T",
        "2026-03-08 2:30", "2026-03-08 02", "2026-03-08 02:30:", "2026-03-08 02:30:00.",
        "2026-03-08 02:30 ET", "2026-03-08T02:30:00-5:00", "2026-03-08T02:30:00-0500",
        "2026-03-08T02:30:00+24:00", "2026-03-08T02:30:00+01:60", "2026-03-08T02:30:00Z ago",
        "2026-03-08_02:30", "+2026-03-08", "-026-03-08", "Now", "2026-03-08 02:30:00Zz", "\x1b[2J");
    const auto given = read_instant(text, new_york(), kNow);
    REQUIRE_FALSE(given);
    CHECK(contains(given.error().message, "2026-03-08"));
    CHECK(is_harmless(given.error().message));
}

TEST_CASE("instant: days and times that do not exist are refused", "[ctl]") {
    for (const char* text :
         {"2026-02-29", "2026-00-01", "2026-13-01", "2026-01-32", "2026-01-00", "0000-01-01"})
        CHECK(contains(read(text), "does not exist"));
    for (const char* text : {"2026-01-01 24:00", "2026-01-01 00:60", "2026-01-01 23:59:60"})
        CHECK(contains(read(text), "23:59:59"));
    CHECK(read("2028-02-29") == "2028-02-29T00:00:00-05:00");
    CHECK(read("0001-01-01T00:00:00Z") != "");
}

TEST_CASE("instant: one outside the years 1 to 9999 of UTC is refused", "[ctl]") {
    for (const char* text :
         {"9999-12-31 19:00", "9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01"}) {
        CHECK(contains(read(text), "years 1 to 9999"));
    }
    CHECK(read("9999-12-31 18:59:59") == "9999-12-31T18:59:59-05:00");
    CHECK(read("0001-01-01T00:00:00Z") == "0001-01-01T00:00:00+00:00");
}

TEST_CASE("print: always 25 bytes, with the offset in force", "[ctl]") {
    const Instant instant{seconds{1'772'953'200}};
    CHECK(print_instant(instant, seconds{0}) == "2026-03-08T07:00:00+00:00");
    CHECK(print_instant(instant, hours{-4}) == "2026-03-08T03:00:00-04:00");
    CHECK(print_instant(instant, minutes{345}) == "2026-03-08T12:45:00+05:45");
    CHECK(print_instant(instant, minutes{-570}) == "2026-03-07T21:30:00-09:30");
    CHECK(print_instant(instant + microseconds{999'999}, hours{-4}) == "2026-03-08T03:00:00-04:00");
    CHECK(print_instant(Instant{std::chrono::sys_days{std::chrono::year{1} / 1 / 1}}, hours{0}) ==
          "0001-01-01T00:00:00+00:00");
    CHECK(print_instant(Instant{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}},
                        hours{14}) == "9999-12-31T14:00:00+14:00");
}

TEST_CASE("print: an offset with seconds, which RFC 3339 cannot say, is written in UTC", "[ctl]") {
    // New York until 1883-11-18.
    const seconds local_mean = -(hours{4} + minutes{56} + seconds{2});
    const Instant noon{std::chrono::sys_days{std::chrono::year{1880} / 1 / 1} + hours{12}};
    CHECK(print_instant(noon - local_mean, local_mean) == "1880-01-01T16:56:02+00:00");
}

TEST_CASE("print: an instant whose local year has no four digits is written in UTC", "[ctl]") {
    const Instant last{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} + hours{23}};
    CHECK(print_instant(last, hours{1}) == "9999-12-31T23:00:00+00:00");
    CHECK(print_instant(last, minutes{59}) == "9999-12-31T23:59:00+00:59");
    const Instant first{std::chrono::sys_days{std::chrono::year{1} / 1 / 1} + hours{1}};
    CHECK(print_instant(first, -hours{2}) == "0001-01-01T01:00:00+00:00");
    CHECK(print_instant(first, -hours{1}) == "0001-01-01T00:00:00-01:00");
    CHECK(print_instant(last + hours{1}, seconds{0}) == "9999-12-31T23:59:59+00:00");
}

TEST_CASE("print: a writer that goes through days forward and back writes each of them", "[ctl]") {
    InstantWriter writer;
    const Instant start{std::chrono::sys_days{std::chrono::year{2024} / 2 / 28} + hours{23}};
    for (const int step : {0, 1, 25, 24, 1, 49, 0, -24}) {
        const Instant instant = start + hours{step};
        std::string text;
        writer.append(text, instant, seconds{0});
        CHECK(read_instant(text, calendar::Zone(), kNow)->instant == instant);
    }
}

TEST_CASE("print: what was printed reads as the same instant", "[ctl]") {
    for (int day = 0; day < 365; ++day) {
        const Instant instant = kNow + hours{day * 24} + minutes{day * 7};
        CHECK(read_instant(print_instant(instant, new_york()), calendar::Zone(), kNow)->instant ==
              instant);
    }
}

}  // namespace cron::ctl
