// What the language has beyond the classic crons: L, W, #, ?, H and seconds.
#include <set>
#include <vector>

#include "support.h"

namespace cron::schedule {
namespace {

// The dates of the first due times after the begin of 2024, as "01-31 02-29".
std::string days_of_2024(std::string_view days_of_month, std::string_view month,
                         std::string_view days_of_week, int count) {
    const Schedule schedule = parsed("0 0 " + std::string(days_of_month) + " " +
                                     std::string(month) + " " + std::string(days_of_week));
    std::string dates;
    Instant at = instant_of("2023-12-31 23:59");
    for (int i = 0; i < count; ++i) {
        const auto due = next_after(schedule, calendar::Zone(), at);
        if (!due) break;
        at = *due;
        const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(at)};
        char text[16];
        std::snprintf(text, sizeof text, "%s%02u-%02u", dates.empty() ? "" : " ",
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
        dates += text;
    }
    return dates;
}

}  // namespace

TEST_CASE("month days: L is the last day, L-n n days before it", "[schedule]") {
    CHECK(days_of_2024("L", "*", "*", 4) == "01-31 02-29 03-31 04-30");
    CHECK(days_of_2024("l", "*", "?", 2) == "01-31 02-29");
    CHECK(days_of_2024("L-3", "*", "*", 3) == "01-28 02-26 03-28");
    CHECK(days_of_2024("L-30", "*", "*", 3) == "01-01 03-01 05-01");  // no 31 days, none
    CHECK(days_of_2024("1,L", "*", "*", 4) == "01-01 01-31 02-01 02-29");
}

TEST_CASE("month days: W is the day from Monday to Friday nearest to it, in the same month",
          "[schedule]") {
    // In 2024 the 15th of June is a Saturday, that of September a Sunday, the 1st of June a
    // Saturday and the 31st of March a Sunday.
    CHECK(days_of_2024("15W", "6,9", "*", 2) == "06-14 09-16");
    CHECK(days_of_2024("1W", "6", "*", 1) == "06-03");
    CHECK(days_of_2024("LW", "3", "*", 1) == "03-29");
    CHECK(days_of_2024("31W", "*", "*", 3) == "01-31 03-29 05-31");  // no 31st, none
    CHECK(days_of_2024("L-1W", "3,6", "*", 2) == "03-29 06-28");     // 30 March is a Saturday
    CHECK(days_of_2024("1w,15W,20", "2", "*", 3) == "02-01 02-15 02-20");
}

TEST_CASE("month days: # is the nth weekday of the month, L the last one", "[schedule]") {
    CHECK(days_of_2024("*", "*", "5#3", 3) == "01-19 02-16 03-15");
    CHECK(days_of_2024("*", "*", "FRI#2", 2) == "01-12 02-09");
    CHECK(days_of_2024("?", "*", "5#5", 3) == "03-29 05-31 08-30");  // only where there is one
    CHECK(days_of_2024("*", "*", "5L", 3) == "01-26 02-23 03-29");
    CHECK(days_of_2024("*", "*", "friL", 1) == "01-26");
    CHECK(days_of_2024("*", "*", "7L", 1) == days_of_2024("*", "*", "SUNL", 1));
    CHECK(days_of_2024("*", "*", "7#1,1#1,6L", 3) == "01-01 01-07 01-27");
}

TEST_CASE("month days: both day fields set are OR-ed, a * or ? makes it AND", "[schedule]") {
    CHECK(days_of_2024("L", "*", "MON#1", 4) == "01-01 01-31 02-05 02-29");
    CHECK(days_of_2024("*/100,L", "*", "*", 3) == "01-01 01-31 02-01");
    CHECK(days_of_2024("*/2", "*", "MON#1", 2) == "01-01 02-05");
    CHECK(days_of_2024("?", "*", "MON", 2) == days_of_2024("*", "*", "MON", 2));
    CHECK(parsed("0 0 ? * ?") == parsed("0 0 * * *"));
}

TEST_CASE("H: one value of its range, the same for the same seed", "[schedule]") {
    std::set<std::uint64_t> minutes;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        const Fields fields = parsed("H H(0-7) H H H", seed).fields();
        CHECK(fields == parsed("h h(0-7) h h h", seed).fields());
        CHECK(std::popcount(fields.minutes) == 1);
        CHECK(std::popcount(fields.hours) == 1);
        CHECK((fields.hours & ~0xFFU) == 0);
        CHECK(std::popcount(fields.days_of_month) == 1);
        CHECK(fields.days_of_month < 1U << 29);  // up to the 28th: every month has it
        CHECK(std::popcount(fields.months) == 1);
        CHECK(std::popcount(fields.days_of_week) == 1);
        minutes.insert(fields.minutes);
    }
    CHECK(minutes.size() == 60);
    CHECK((parsed("0 0 H(31-31) * *").fields().days_of_month) == 1U << 31);
}

TEST_CASE("H/step: starts within the first step and goes on to the end of its range",
          "[schedule]") {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const std::uint64_t minutes = parsed("H/15 * * * *", seed).fields().minutes;
        CHECK(std::popcount(minutes) == 4);
        CHECK(std::countr_zero(minutes) < 15);
        seen.insert(minutes);
        const std::uint64_t half = parsed("H(0-29)/10 * * * *", seed).fields().minutes;
        CHECK(std::popcount(half) == 3);
        CHECK(half < 1ULL << 30);
    }
    CHECK(seen.size() == 15);
}

TEST_CASE("H: spreads a thousand jobs evenly, and its fields do not move together", "[schedule]") {
    std::vector<int> count(60);
    std::set<std::pair<std::uint64_t, std::uint32_t>> pairs;
    for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
        const Fields fields = parsed("H H * * *", seed * 0x9E3779B97F4A7C15ULL).fields();
        ++count[static_cast<std::size_t>(std::countr_zero(fields.minutes))];
        pairs.emplace(fields.minutes, fields.hours);
    }
    for (const int n : count) CHECK((n > 50 && n < 160));  // 100 each, were it exact
    CHECK(pairs.size() > 1300);                            // of 1440
}

TEST_CASE("seconds: six fields begin with the second", "[schedule]") {
    const Schedule schedule = parsed("*/20 30 2 * * *");
    CHECK(schedule.fields().seconds == (1ULL | 1ULL << 20 | 1ULL << 40));
    CHECK(schedule.is_finer_than_a_minute());
    CHECK_FALSE(parsed("7 30 2 * * *").is_finer_than_a_minute());
    CHECK(parsed("0 30 2 * * *") == parsed("30 2 * * *"));
    CHECK(form_of(parsed("7 * * * * *")) == Form::six_fields);
    CHECK(form_of(parsed("0 * * * * *")) == Form::five_fields);
}

TEST_CASE("seconds: a wildcard schedule is one whose minute or hour is", "[schedule]") {
    CHECK(parsed("*/10 * 2 * * *").is_wildcard());
    CHECK(parsed("5 0 * * * *").is_wildcard());
    CHECK_FALSE(parsed("* 0 2 * * *").is_wildcard());
}

TEST_CASE("seconds: several of a gap are one run, those of a repeated hour come once",
          "[schedule]") {
    const calendar::Zone zone = zone_of_rule("EST5EDT,M3.2.0,M11.1.0");
    const auto due = [&](std::string_view text, const char* from, const char* until) {
        std::vector<Instant> found;
        for (auto at = next_after(parsed(text), zone, instant_of(from));
             at && *at < instant_of(until); at = next_after(parsed(text), zone, *at)) {
            found.push_back(*at);
        }
        return found;
    };
    CHECK(due("*/10 30 2 * * *", "2024-03-10 00:00-05:00", "2024-03-10 12:00-04:00") ==
          std::vector<Instant>{instant_of("2024-03-10 03:00-04:00")});
    CHECK(due("*/30 30 1 * * *", "2024-11-03 00:00-04:00", "2024-11-03 12:00-05:00") ==
          std::vector<Instant>{instant_of("2024-11-03 01:30:00-04:00"),
                               instant_of("2024-11-03 01:30:30-04:00")});
    CHECK(due("*/30 30 * * * *", "2024-11-03 01:00-04:00", "2024-11-03 01:59-05:00").size() == 4);
}

TEST_CASE("parse_whole: a text that is a schedule and nothing else", "[schedule]") {
    CHECK(parse_whole("  0 2 * * *\t", 0) == parsed("0 2 * * *"));
    CHECK(parse_whole("5 0 2 * * *", 0, Form::six_fields) == parsed("5 0 2 * * *"));
    const auto six = parse_whole(" 5 0 2 * * *", 0);
    REQUIRE_FALSE(six);
    CHECK(six.error().message == "'*' is more than the 5 fields of a schedule");
    CHECK(six.error().begin == 11);
    CHECK(six.error().end == 12);
    CHECK(six.error().hint.find("CRON_SECONDS=yes") != std::string::npos);
    const auto bad = parse_whole("  61 * * * *", 0);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().begin == 2);
    CHECK_FALSE(parse_whole("@daily x", 0));
    CHECK_FALSE(parse_whole("", 0));
    const auto five = parse_whole("0 2 * * *", 0, Form::six_fields);
    REQUIRE_FALSE(five);
    CHECK(five.error().message == "a schedule with seconds has 6 fields, here are 5");
}

}  // namespace cron::schedule
