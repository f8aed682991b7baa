#include "calendar/posix_rule.h"

#include <catch2/catch.hpp>

#include "calendar/zone.h"
#include "dates.h"

using namespace cron;
using namespace cron::calendar;

namespace {

PosixRule parse(std::string_view text) {
    const auto rule = parse_posix_rule(text);
    INFO(text);
    REQUIRE(rule.has_value());
    return *rule;
}

Zone zone(std::string_view text) { return Zone::from_rule(std::string(text), parse(text)); }

int hours_at(const Zone& zone, std::chrono::sys_seconds instant) {
    const seconds offset = zone.period_at(instant).offset;
    CHECK(offset % hours{1} == seconds{0});
    return static_cast<int>(offset / hours{1});
}

}  // namespace

TEST_CASE("parse_posix_rule: an offset in the text counts to the west, the value to the east",
          "[calendar]") {
    struct Case {
        const char* text;
        const char* name;
        int offset;
    };
    for (const Case& c :
         {Case{"UTC0", "UTC", 0}, Case{"EST5", "EST", -18000}, Case{"IST-5:30", "IST", 19800},
          Case{"<+03>-3", "+03", 10800}, Case{"<-0330>+3:30:15", "-0330", -12615},
          Case{"LMT-24:59:59", "LMT", 89999}, Case{"abc005", "abc", -18000}}) {
        const PosixRule rule = parse(c.text);
        CHECK(rule.standard_name == c.name);
        CHECK(rule.standard_offset == seconds{c.offset});
        CHECK_FALSE(rule.daylight.has_value());
    }
}

TEST_CASE(
    "parse_posix_rule: daylight time is an hour ahead and changes at two unless the text says more",
    "[calendar]") {
    const PosixRule rule = parse("EST5EDT,M3.2.0,M11.1.0");
    REQUIRE(rule.daylight);
    CHECK(rule.daylight->name == "EDT");
    CHECK(rule.daylight->offset == hours{-4});
    CHECK(rule.daylight->start == RuleDay{RuleDay::Kind::weekday_of_month, 0, 2, 3, hours{2}});
    CHECK(rule.daylight->end == RuleDay{RuleDay::Kind::weekday_of_month, 0, 1, 11, hours{2}});
    CHECK(parse("EST5EDT") == rule);
    CHECK(parse("EST5EDT4,M3.2.0/2,M11.1.0/02:00:00") == rule);
}

TEST_CASE("parse_posix_rule: the three kinds of date, and times from -167 to 167 hours",
          "[calendar]") {
    const PosixRule days = parse("AAA0BBB,J60/-167:59:59,365/167");
    CHECK(days.daylight->start ==
          RuleDay{RuleDay::Kind::julian_without_leap_day, 60, 0, 0, -(hours{167} + seconds{3599})});
    CHECK(days.daylight->end == RuleDay{RuleDay::Kind::day_of_year, 365, 0, 0, hours{167}});
    const PosixRule dublin = parse("IST-1GMT0,M10.5.0,M3.5.0/1");
    CHECK(dublin.daylight->offset == seconds{0});
    CHECK(dublin.daylight->end.time == hours{1});
}

TEST_CASE("parse_posix_rule: an error names the text and the part at fault", "[calendar]") {
    struct Case {
        const char* text;
        const char* message;
    };
    for (
        const Case& c :
        {Case{"", "time zone rule '': '' is not a name of at least 3 letters"},
         Case{"ES5", "time zone rule 'ES5': 'ES' is not a name of at least 3 letters"},
         Case{"EST", "time zone rule 'EST': hour of the offset '' is not a number from 0 to 24"},
         Case{"EST25",
              "time zone rule 'EST25': hour of the offset '25' is not a number from 0 to 24"},
         Case{"<+03-3", "time zone rule '<+03-3': a '>' is missing after the name"},
         Case{"EST5:60", "time zone rule 'EST5:60': minute '60' is not a number from 0 to 59"},
         Case{"EST5EDT,M13.1.0,M11.1.0",
              "time zone rule 'EST5EDT,M13.1.0,M11.1.0': month '13' is not a number from 1 to 12"},
         Case{"EST5EDT,M3.6.0,M11.1.0",
              "time zone rule 'EST5EDT,M3.6.0,M11.1.0': week '6' is not a number from 1 to 5"},
         Case{"EST5EDT,M3.2.7,M11.1.0",
              "time zone rule 'EST5EDT,M3.2.7,M11.1.0': weekday '7' is not a number from 0 to 6"},
         Case{
             "EST5EDT,J0,J365",
             "time zone rule 'EST5EDT,J0,J365': day of the year '0' is not a number from 1 to 365"},
         Case{
             "EST5EDT,366,1",
             "time zone rule 'EST5EDT,366,1': day of the year '366' is not a number from 0 to 365"},
         Case{"EST5EDT,M3.2.0",
              "time zone rule 'EST5EDT,M3.2.0': a ',' is missing before the date on which daylight "
              "time ends"},
         Case{"EST5EDT,M3.2.0/168,M11.1.0",
              "time zone rule 'EST5EDT,M3.2.0/168,M11.1.0': hour '168' is not a number from 0 to "
              "167"},
         Case{"EST5EDT,M3.2.0,M11.1.0 ",
              "time zone rule 'EST5EDT,M3.2.0,M11.1.0 ': ' ' is left over"},
         Case{"EST99999999999999999999",
              "time zone rule 'EST99999999999999999999': hour of the offset '99999999999999999999' "
              "is not a "
              "number from 0 to 24"}}) {
        const auto rule = parse_posix_rule(c.text);
        REQUIRE_FALSE(rule.has_value());
        CHECK(rule.error().message == c.message);
    }
    CHECK(parse_posix_rule(std::string(300, 'a')).error().code == ErrorCode::limit);
}

TEST_CASE("A rule: New York in 2040 and 2100, by the second", "[calendar]") {
    const Zone new_york = zone("EST5EDT,M3.2.0,M11.1.0");
    CHECK(new_york.period_at(utc(2040, 7, 1)) ==
          Period{utc(2040, 3, 11, 7), utc(2040, 11, 4, 6), hours{-4}});
    CHECK(new_york.period_at(utc(2100, 7, 1)) ==
          Period{utc(2100, 3, 14, 7), utc(2100, 11, 7, 6), hours{-4}});
    CHECK(hours_at(new_york, utc(2040, 3, 11, 6, 59, 59)) == -5);
    CHECK(hours_at(new_york, utc(2040, 3, 11, 7)) == -4);
    CHECK(hours_at(new_york, utc(9999, 7, 1)) == -4);
    CHECK(hours_at(new_york, utc(9999, 12, 31)) == -5);
    CHECK(hours_at(new_york, utc(1, 7, 1)) == -4);
}

TEST_CASE("A rule: south of the equator daylight time spans the new year", "[calendar]") {
    const Zone sydney = zone("AEST-10AEDT,M10.1.0,M4.1.0/3");
    CHECK(sydney.period_at(utc(2026, 1, 1)) ==
          Period{utc(2025, 10, 4, 16), utc(2026, 4, 4, 16), hours{11}});
    CHECK(hours_at(sydney, utc(2026, 7, 1)) == 10);
}

TEST_CASE("A rule: Dublin's daylight time is its winter, an hour behind", "[calendar]") {
    const Zone dublin = zone("IST-1GMT0,M10.5.0,M3.5.0/1");
    CHECK(dublin.period_at(utc(2026, 7, 1)) ==
          Period{utc(2026, 3, 29, 1), utc(2026, 10, 25, 1), hours{1}});
    CHECK(hours_at(dublin, utc(2026, 1, 1)) == 0);
}

TEST_CASE("A rule: a time before midnight or after 24 hours moves to another day", "[calendar]") {
    // Greenland changes with Europe, at 1:00 in UTC: on the evening before.
    const Zone nuuk = zone("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
    CHECK(nuuk.period_at(utc(2026, 7, 1)) ==
          Period{utc(2026, 3, 29, 1), utc(2026, 10, 25, 1), hours{-1}});
    // Gaza in 2014: the Friday before the fourth Saturday counts from its Thursday.
    const Zone gaza = zone("EET-2EEST,M3.4.4/48,M10.4.4/49");
    CHECK(gaza.period_at(utc(2026, 7, 1)) ==
          Period{utc(2026, 3, 27, 22), utc(2026, 10, 23, 22), hours{3}});
}

TEST_CASE("A rule: Jn skips 29 February, n counts it", "[calendar]") {
    const Zone skips = zone("AAA0BBB,J60/0,J61/0");
    CHECK(skips.period_at(utc(2024, 3, 1)).begin == utc(2024, 3, 1));
    CHECK(skips.period_at(utc(2025, 3, 1)).begin == utc(2025, 3, 1));
    const Zone counts = zone("AAA0BBB,59/0,60/0");
    CHECK(counts.period_at(utc(2024, 2, 29)).begin == utc(2024, 2, 29));
    CHECK(counts.period_at(utc(2025, 3, 1)).begin == utc(2025, 3, 1));
}

TEST_CASE("A rule: daylight time all year is one period for ever", "[calendar]") {
    for (const char* text :
         {"XXX3EDT4,0/0,J365/23", "EST5EDT,0/0,J365/25", "AAA0BBB,J1/0,J365/167"}) {
        const Zone all_year = zone(text);
        const Period period = all_year.period_at(utc(2026, 1, 1));
        CHECK(period.begin == std::chrono::sys_seconds::min());
        CHECK(period.end == std::chrono::sys_seconds::max());
        CHECK(period.offset == parse(text).daylight->offset);
    }
}

TEST_CASE("A rule: daylight time without length, or without effect, is none", "[calendar]") {
    for (const char* text : {"AAA0BBB,J100/2,J100/3", "AAA0BBB0,M3.2.0,M11.1.0"}) {
        const Zone never = zone(text);
        CHECK(never.period_at(utc(2026, 4, 10)) ==
              Period{std::chrono::sys_seconds::min(), std::chrono::sys_seconds::max(), seconds{0}});
    }
}
