#include "support.h"

namespace cron::schedule {
namespace {

using calendar::Zone;
using std::chrono::sys_seconds;

const char* const kNewYork = "EST5EDT,M3.2.0,M11.1.0";

// Checks that `text` is due at exactly these instants from the first to the last of them, in both
// directions.
void check_due(std::string_view text, const Zone& zone, const std::vector<std::string>& due) {
    INFO(text << " in " << zone.name());
    const Schedule schedule = parsed(text);
    for (std::size_t i = 0; i + 1 < due.size(); ++i) {
        const sys_seconds a = instant_of(due[i]), b = instant_of(due[i + 1]);
        INFO(due[i] << " then " << due[i + 1]);
        CHECK(next_after(schedule, zone, a) == b);
        CHECK(previous_before(schedule, zone, b) == a);
        CHECK(count_due(schedule, zone, a, b) == 1);
    }
}

sys_seconds transition(const std::string& at) { return instant_of(at); }

}  // namespace

TEST_CASE("next_after: agrees with bcron's table of the changes of 2004", "[schedule]") {
    const Zone zone = zone_of_rule("EST5EDT,M4.1.0,M10.5.0");
    const char* const starts[] = {"2004-04-04 00:01-05:00", "2004-04-04 01:01-05:00",
                                  "2004-04-04 03:01-04:00", "2004-10-31 00:01-04:00",
                                  "2004-10-31 01:01-04:00", "2004-10-31 01:01-05:00",
                                  "2004-10-31 02:01-05:00"};
    struct Row {
        const char* text;
        const char* next[7];
    };
    const Row rows[] = {
        {"0 * * * *",
         {"2004-04-04 01:00-05:00", "2004-04-04 03:00-04:00", "2004-04-04 04:00-04:00",
          "2004-10-31 01:00-04:00", "2004-10-31 01:00-05:00", "2004-10-31 02:00-05:00",
          "2004-10-31 03:00-05:00"}},
        {"0 0 * * *",
         {"2004-04-05 00:00-04:00", "2004-04-05 00:00-04:00", "2004-04-05 00:00-04:00",
          "2004-11-01 00:00-05:00", "2004-11-01 00:00-05:00", "2004-11-01 00:00-05:00",
          "2004-11-01 00:00-05:00"}},
        {"0 1 * * *",
         {"2004-04-04 01:00-05:00", "2004-04-05 01:00-04:00", "2004-04-05 01:00-04:00",
          "2004-10-31 01:00-04:00", "2004-11-01 01:00-05:00", "2004-11-01 01:00-05:00",
          "2004-11-01 01:00-05:00"}},
        {"0 2 * * *",
         {"2004-04-04 03:00-04:00", "2004-04-04 03:00-04:00", "2004-04-05 02:00-04:00",
          "2004-10-31 02:00-05:00", "2004-10-31 02:00-05:00", "2004-10-31 02:00-05:00",
          "2004-11-01 02:00-05:00"}},
        {"0 3 * * *",
         {"2004-04-04 03:00-04:00", "2004-04-04 03:00-04:00", "2004-04-05 03:00-04:00",
          "2004-10-31 03:00-05:00", "2004-10-31 03:00-05:00", "2004-10-31 03:00-05:00",
          "2004-10-31 03:00-05:00"}},
        {"0 0 1 * *",
         {"2004-05-01 00:00-04:00", "2004-05-01 00:00-04:00", "2004-05-01 00:00-04:00",
          "2004-11-01 00:00-05:00", "2004-11-01 00:00-05:00", "2004-11-01 00:00-05:00",
          "2004-11-01 00:00-05:00"}},
    };
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < 7; ++i) {
            INFO(row.text << " after " << starts[i]);
            CHECK(next_after(parsed(row.text), zone, instant_of(starts[i])) ==
                  instant_of(row.next[i]));
        }
    }
}

TEST_CASE("next_after: the days rule of Vixie's cron", "[schedule]") {
    check_due("30 4 1,15 * 5", Zone(),
              {"1970-01-01 04:30", "1970-01-02 04:30", "1970-01-09 04:30", "1970-01-15 04:30",
               "1970-01-16 04:30", "1970-01-23 04:30"});
    check_due("0 0 */100,1-7 * MON", Zone(),
              {"2024-01-01 00:00", "2024-02-05 00:00", "2024-03-04 00:00", "2024-04-01 00:00"});
    check_due("0 0 */2 * 1", Zone(),
              {"2024-01-01 00:00", "2024-01-15 00:00", "2024-01-29 00:00", "2024-02-05 00:00"});
    check_due("0 0 1,* * 1", Zone(), {"2024-01-01 00:00", "2024-01-02 00:00", "2024-01-03 00:00"});
    check_due("1 1 1 Jan *", Zone(), {"2004-01-01 01:01", "2005-01-01 01:01"});
    check_due("3 1 2 * Wed", Zone(), {"2004-03-31 01:03", "2004-04-02 01:03", "2004-04-07 01:03"});
}

TEST_CASE("next_after: a due time is strictly later, to the microsecond", "[schedule]") {
    const Instant noon = instant_of("2024-05-05 12:00");
    const Schedule hourly = parsed("@hourly");
    CHECK(next_after(hourly, Zone(), noon) == noon + hours{1});
    CHECK(next_after(hourly, Zone(), noon - microseconds{1}) == noon);
    CHECK(next_after(hourly, Zone(), noon + microseconds{1}) == noon + hours{1});
    CHECK(previous_before(hourly, Zone(), noon) == noon - hours{1});
    CHECK(previous_before(hourly, Zone(), noon + microseconds{1}) == noon);
    CHECK(previous_before(hourly, Zone(), noon - microseconds{1}) == noon - hours{1});
    CHECK(count_due(hourly, Zone(), noon, noon) == 0);
    CHECK(count_due(hourly, Zone(), noon - microseconds{1}, noon) == 1);
    CHECK(count_due(hourly, Zone(), noon, noon + hours{1} - microseconds{1}) == 0);
    CHECK(count_due(hourly, Zone(), noon, noon + hours{1}) == 1);
    CHECK(count_due(hourly, Zone(), noon + hours{1}, noon) == 0);
}

TEST_CASE("next_after: a fixed time inside a gap is due when the gap ends", "[schedule]") {
    const Zone zone = zone_of_rule(kNewYork);
    for (const char* text :
         {"0 2 * * *", "30 2 * * *", "59 2 * * *", "0,30 2 * * *", "10-50/10 2 * * *"}) {
        INFO(text);
        CHECK(next_after(parsed(text), zone, instant_of("2024-03-10 01:00-05:00")) ==
              instant_of("2024-03-10 03:00-04:00"));
    }
    check_due("30 2 * * *", zone,
              {"2024-03-09 02:30-05:00", "2024-03-10 03:00-04:00", "2024-03-11 02:30-04:00"});
}

TEST_CASE("next_after: several matches of a gap, and one at its end, are one run", "[schedule]") {
    const Zone zone = zone_of_rule(kNewYork);
    check_due("0 1-3 * * *", zone,
              {"2024-03-10 01:00-05:00", "2024-03-10 03:00-04:00", "2024-03-11 01:00-04:00"});
    check_due("15 1-3 * * *", zone,
              {"2024-03-10 01:15-05:00", "2024-03-10 03:00-04:00", "2024-03-10 03:15-04:00",
               "2024-03-11 01:15-04:00"});
    const Schedule schedule = parsed("0,20,40 2,3 * * *");
    CHECK(count_due(schedule, zone, instant_of("2024-03-10 00:00-05:00"),
                    instant_of("2024-03-11 00:00-04:00")) == 3);
}

TEST_CASE("next_after: a fixed time in a repeated hour is due on its first pass", "[schedule]") {
    const Zone zone = zone_of_rule(kNewYork);
    check_due("30 1 * * *", zone,
              {"2024-11-02 01:30-04:00", "2024-11-03 01:30-04:00", "2024-11-04 01:30-05:00"});
    check_due("0,30 1 * * *", zone,
              {"2024-11-03 01:00-04:00", "2024-11-03 01:30-04:00", "2024-11-04 01:00-05:00"});
    check_due("30 2 * * *", zone,
              {"2024-11-02 02:30-04:00", "2024-11-03 02:30-05:00", "2024-11-04 02:30-05:00"});
    // From within the second pass.
    CHECK(next_after(parsed("30 1 * * *"), zone, instant_of("2024-11-03 01:10-05:00")) ==
          instant_of("2024-11-04 01:30-05:00"));
    CHECK(previous_before(parsed("30 1 * * *"), zone, instant_of("2024-11-03 01:50-05:00")) ==
          instant_of("2024-11-03 01:30-04:00"));
}

TEST_CASE("next_after: a wildcard schedule follows real time through both changes", "[schedule]") {
    const Zone zone = zone_of_rule(kNewYork);
    check_due("0 * * * *", zone,
              {"2024-03-10 01:00-05:00", "2024-03-10 03:00-04:00", "2024-03-10 04:00-04:00"});
    check_due("*/30 1 * * *", zone,
              {"2024-11-03 01:00-04:00", "2024-11-03 01:30-04:00", "2024-11-03 01:00-05:00",
               "2024-11-03 01:30-05:00", "2024-11-04 01:00-05:00"});
    check_due("*/30 2 * * *", zone, {"2024-03-09 02:30-05:00", "2024-03-11 02:00-04:00"});
    check_due("0 */2 * * *", zone, {"2024-03-10 00:00-05:00", "2024-03-10 04:00-04:00"});
    // One meaning, two spellings.
    check_due("0 0-23 * * *", zone,
              {"2024-11-03 00:00-04:00", "2024-11-03 01:00-04:00", "2024-11-03 01:00-05:00",
               "2024-11-03 02:00-05:00"});
}

TEST_CASE("next_after: a change by less than an hour", "[schedule]") {
    const Zone zone = zone_of_rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");  // Lord Howe
    check_due("15 2 * * *", zone,
              {"2024-10-05 02:15+10:30", "2024-10-06 02:30+11:00", "2024-10-07 02:15+11:00"});
    check_due("45 1 * * *", zone,
              {"2024-04-06 01:45+11:00", "2024-04-07 01:45+11:00", "2024-04-08 01:45+10:30"});
    check_due("*/15 * * * *", zone,
              {"2024-04-07 01:30+11:00", "2024-04-07 01:45+11:00", "2024-04-07 01:30+10:30",
               "2024-04-07 01:45+10:30", "2024-04-07 02:00+10:30"});
    check_due("0 * * * *", zone, {"2024-10-06 01:00+10:30", "2024-10-06 03:00+11:00"});
}

TEST_CASE("next_after: midnight in a gap is due when the day begins", "[schedule]") {
    const Zone zone = Zone::from_transitions("Sao_Paulo", hours{-3},
                                             {{transition("2018-11-04 03:00"), hours{-2}}}, {});
    check_due("0 0 * * *", zone,
              {"2018-11-03 00:00-03:00", "2018-11-04 01:00-02:00", "2018-11-05 00:00-02:00"});
    check_due("0 0 4 11 *", zone,
              {"2017-11-04 00:00-03:00", "2018-11-04 01:00-02:00", "2019-11-04 00:00-02:00"});
}

TEST_CASE("next_after: what a skipped day had is due at the begin of the next, once",
          "[schedule]") {
    const Zone zone = Zone::from_transitions("Apia", hours{-10},
                                             {{transition("2011-12-30 10:00"), hours{14}}}, {});
    check_due("30 6 * * *", zone,
              {"2011-12-29 06:30-10:00", "2011-12-31 00:00+14:00", "2011-12-31 06:30+14:00",
               "2012-01-01 06:30+14:00"});
    check_due("0 0 * * *", zone,
              {"2011-12-29 00:00-10:00", "2011-12-31 00:00+14:00", "2012-01-01 00:00+14:00"});
    check_due("0 12 30 12 *", zone,
              {"2010-12-30 12:00-10:00", "2011-12-31 00:00+14:00", "2012-12-30 12:00+14:00"});
    check_due("0 * * * *", zone,
              {"2011-12-29 23:00-10:00", "2011-12-31 00:00+14:00", "2011-12-31 01:00+14:00"});
}

TEST_CASE("next_after: a clock that goes on by seconds reads whole minutes between", "[schedule]") {
    // New York until 1883: -4:56:02.
    const Zone zone = Zone::from_transitions("LMT", seconds{-17'762},
                                             {{transition("1883-11-18 17:00"), hours{-5}}}, {});
    CHECK(next_after(parsed("0 0 * * *"), zone, instant_of("1883-01-01 00:00")) ==
          instant_of("1883-01-01 04:56:02"));
    // The clock reads 12:03:58 when it goes back to 12:00:00.
    const Instant back = instant_of("1883-11-18 17:00");
    check_due("* * * * *", zone,
              {"1883-11-18 16:58:02", "1883-11-18 16:59:02", "1883-11-18 17:00:00",
               "1883-11-18 17:01:00"});
    CHECK(next_after(parsed("0-3 12 * * *"), zone, back - minutes{1}) == back - seconds{58});
    CHECK(next_after(parsed("0-4 12 * * *"), zone, back - seconds{58}) == back + minutes{4});
}

TEST_CASE("next_after: a gap whose end is followed by a step back is no gap for what is read later",
          "[schedule]") {
    // 02:00 becomes 03:00; at 03:10 the clock goes back to 02:10.
    const Instant first = instant_of("2024-01-01 02:00");
    const Zone zone = Zone::from_transitions(
        "twice", seconds{0},
        {{transition("2024-01-01 02:00"), hours{1}}, {transition("2024-01-01 02:10"), hours{0}}},
        {});
    CHECK(next_after(parsed("5 2 * * *"), zone, first - hours{1}) == first);
    CHECK(next_after(parsed("30 2 * * *"), zone, first - hours{1}) == first + minutes{30});
    CHECK(next_after(parsed("5 3 * * *"), zone, first - hours{1}) == first + minutes{5});
    CHECK(next_after(parsed("5 3 * * *"), zone, first + minutes{5}) ==
          instant_of("2024-01-02 03:05"));
    CHECK(previous_before(parsed("5 3 * * *"), zone, first + hours{2}) == first + minutes{5});
    CHECK(count_due(parsed("5,30 2,3 * * *"), zone, first - hours{1}, first + hours{5}) == 4);
}

TEST_CASE("next_after: a schedule that never is due says so, in any zone", "[schedule]") {
    const Zone new_york = zone_of_rule(kNewYork);
    for (const Zone& zone : {Zone(), new_york}) {
        for (const char* text : {"0 0 31 2 *", "0 0 30 2 *", "* * 31 4,6,9,11 *", "@reboot"}) {
            INFO(text << " in " << zone.name());
            const Instant now = instant_of("2024-01-01 00:00");
            CHECK_FALSE(next_after(parsed(text), zone, now));
            CHECK_FALSE(previous_before(parsed(text), zone, now));
            CHECK(count_due(parsed(text), zone, now, now + hours{24 * 365 * 10}) == 0);
        }
    }
}

TEST_CASE("next_after: 29 February, across a century without one and in the year 2400",
          "[schedule]") {
    for (const Zone& zone : {Zone(), zone_of_rule("EST5EDT,M3.2.0,M11.1.0")}) {
        const seconds midnight = zone.name() == "UTC" ? seconds{0} : seconds{hours{5}};
        const Schedule leap = parsed("0 0 29 2 *");
        CHECK(next_after(leap, zone, instant_of("2096-03-01 00:00")) ==
              instant_of("2104-02-29 00:00") + midnight);
        CHECK(previous_before(leap, zone, instant_of("2104-02-01 00:00")) ==
              instant_of("2096-02-29 00:00") + midnight);
        CHECK(next_after(leap, zone, instant_of("2399-03-01 00:00")) ==
              instant_of("2400-02-29 00:00") + midnight);
        CHECK(count_due(leap, zone, instant_of("2000-01-01 00:00"),
                        instant_of("2400-01-01 00:00")) == 97);
    }
}

TEST_CASE("next_after: every start has an answer, to the ends of the clock", "[schedule]") {
    const Zone new_york = zone_of_rule(kNewYork);
    for (const Zone& zone : {Zone(), new_york}) {
        for (const char* text :
             {"* * * * *", "0 0 * * *", "0 0 29 2 *", "@every 7s", "0 0 31 2 *"}) {
            INFO(text << " in " << zone.name());
            const Schedule schedule = parsed(text);
            const bool ever = std::string(text) != "0 0 31 2 *";
            CHECK(next_after(schedule, zone, Instant::min()).has_value() == ever);
            CHECK(previous_before(schedule, zone, Instant::max()).has_value() == ever);
            CHECK_FALSE(next_after(schedule, zone, Instant::max()));
            CHECK_FALSE(previous_before(schedule, zone, Instant::min()));
            CHECK(next_after(schedule, zone, instant_of("9999-12-31 23:59:59")) == std::nullopt);
            CHECK(previous_before(schedule, zone, instant_of("0001-01-01 00:00")) == std::nullopt);
            CHECK((count_due(schedule, zone, Instant::min(), Instant::max()) > 0) == ever);
        }
    }
    CHECK(count_due(parsed("0 0 * * *"), Zone(), Instant::min(), Instant::max()) == 3'652'059);
}

TEST_CASE("next_after: @every is due at multiples of its interval since the epoch", "[schedule]") {
    const Schedule schedule = parsed("@every 90s");
    const Zone zone = zone_of_rule(kNewYork);
    const Instant epoch{};
    CHECK(next_after(schedule, zone, epoch) == epoch + seconds{90});
    CHECK(next_after(schedule, zone, epoch - microseconds{1}) == epoch);
    CHECK(next_after(schedule, zone, epoch - seconds{90}) == epoch);
    CHECK(next_after(schedule, zone, epoch - seconds{91}) == epoch - seconds{90});
    CHECK(next_after(schedule, zone, epoch + seconds{90} - microseconds{1}) == epoch + seconds{90});
    CHECK(previous_before(schedule, zone, epoch) == epoch - seconds{90});
    CHECK(previous_before(schedule, zone, epoch + microseconds{1}) == epoch);
    CHECK(count_due(schedule, zone, epoch - seconds{1}, epoch + seconds{180}) == 3);
    CHECK(count_due(schedule, zone, epoch, epoch + seconds{180}) == 2);
    CHECK(next_after(parsed("@every 1s"), zone, epoch + microseconds{500}) == epoch + seconds{1});
}

}  // namespace cron::schedule
