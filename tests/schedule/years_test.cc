// Supercronic's form of schedules: fields up to the year, and what else it reads its own way.
#include <array>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "schedule/advice.h"
#include "schedule/describe.h"
#include "support.h"

namespace cron::schedule {
namespace {

Schedule read(std::string_view text) {
    INFO("schedule: " << text);
    const auto result = parse_whole(text, 0, Form::supercronic);
    if (!result) FAIL(result.error().message);
    return *result;
}

ParseError error_of(std::string_view text) {
    INFO("schedule: " << text);
    const auto result = parse_whole(text, 0, Form::supercronic);
    REQUIRE_FALSE(result);
    return result.error();
}

Instant at(const std::string& text) { return instant_of(text); }

std::optional<Instant> next(std::string_view text, const std::string& after) {
    return next_after(read(text), calendar::Zone(), at(after));
}

}  // namespace

TEST_CASE("supercronic: of the words that may be fields, seven are tried before six and five",
          "[schedule]") {
    const char* rows[][2] = {
        {"* * * * * cmd", "* * * * *"},
        {"0 9 * * MON echo 5", "0 9 * * MON"},
        {"* * * * * 2027 cmd", "* * * * * 2027"},
        {"0 5 * * * 2027 7 days", "0 5 * * * 2027"},
        {"*/2 * * * * * * cmd", "*/2 * * * * * *"},
        {"0 0 9 * * MON-FRI 2027 cmd", "0 0 9 * * MON-FRI 2027"},
        {"* * * * * * * * cmd", "* * * * * * *"},
        {"@daily 2027 cmd", "@daily"},
        {"@every 5m 2027", "@every 5m"},
        // None of them is right, but they can only be fields.
        {"0 0 1 1 * 2200 cmd", "0 0 1 1 * 2200"},
        {"61 0 0 1 1 * 2027 cmd", "61 0 0 1 1 * 2027"},
        {"* * *", "* * *"},
    };
    for (const auto& [line, schedule] : rows) {
        CAPTURE(line);
        CHECK(std::string_view(line).substr(0, schedule_length(line, Form::supercronic)) ==
              schedule);
    }
}

TEST_CASE("supercronic: what it reads is printed so that it reads as equal", "[schedule]") {
    const char* rows[][2] = {
        {"5 4 * * *", "5 4 * * *"},
        {"5 4 * * * *", "5 4 * * *"},
        {"0 5 4 * * * ?", "5 4 * * *"},
        {"7 5 4 * * * *", "7 5 4 * * *"},
        {"0 0 1 1 * 2027", "0 0 1 1 * 2027"},
        {"*/30 0 0 1 1 ? 2027,2028", "*/30 0 0 1 1 * 2027,2028"},
        {"0 0 1 1 * */2", "0 0 1 1 * 1970-2098/2"},
        {"0 0 1 1 * 2027/10", "0 0 1 1 * 2027-2097/10"},
        {"0 0 1 1 * 2030,2027-2029,1970", "0 0 1 1 * 1970,2027-2030"},
        {"0 0 1 1 * 2027,*", "0 0 1 1 *"},
        {"0 0 1 1 * 1970-2099", "0 0 1 1 * 1970-2099"},
        {"5/15 22/2 20/5 november 5/2", "5-50/15 22 20-30/5 11 5"},
        {"0 0 * * 7/3", "0 0 * * 0-6/3"},
        {"0 0 ? January-MARCH sunday,wednesday", "0 0 * 1-3 0,3"},
        {"*/5 */2 */2 * 1", "*/5 */2 1-31/2 * 1"},
        {"0 0 1,* * 1", "0 0 * * 1"},
        {"0 0 L * 5L 2027", "0 0 L * 5L 2027"},
        {"H(3-3) 1~1 * * * 2027", "3 1 * * * 2027"},
        {"@midnight", "0 0 * * *"},
    };
    for (const auto& [text, printed] : rows) {
        const Schedule schedule = read(text);
        CHECK(print(schedule) == printed);
        CHECK(parse_whole(printed, 0, form_of(schedule)) == schedule);
    }
}

TEST_CASE("supercronic: what is wrong in a field is told", "[schedule]") {
    const char* rows[][2] = {
        {"0 0 1 1 * 2100", "year '2100' is not a list of values from 1970 to 2099"},
        {"0 0 1 1 * 1969-2000", "year '1969-2000' is not a list of values from 1970 to 2099"},
        {"0 0 1 1 * 27", "year '27' is not a list of values from 1970 to 2099"},
        {"0 0 1 1 * 2030-2027", "year '2030-2027' is a range that runs backwards"},
        {"0 0 1 1 * 2027,", "year '2027,' has an empty item in its list"},
        {"0 0 1 1 * */0", "the step '0' of year is not a number from 1 to 2147483647"},
        {"0 0 1 1", "a schedule has 5 fields, here are 4"},
        {"0 0 1 1 * * * *", "'*' is more than the 7 fields of a schedule"},
        {"* * 32 * * 2027", "day of month '32' is not a list of values from 1 to 31"},
    };
    for (const auto& [text, message] : rows) CHECK(error_of(text).message == message);
    CHECK(error_of("0 0 1 1 * 2030-2027/2").hint == "write '2027-2030/2'");
}

TEST_CASE("supercronic: without its form there are no years, no open steps and no full names",
          "[schedule]") {
    for (const char* text : {"0 0 1 1 * 2027", "5/15 * * * *", "0 0 1 january *"}) {
        CHECK_FALSE(parse_whole(text, 0));
    }
    CHECK_FALSE(parse_whole("0 0 0 1 1 * 2027", 0, Form::six_fields));
    CHECK(parse_whole("0 0 */2 * 1", 0) != read("0 0 */2 * 1"));
}

TEST_CASE("years: due in those alone, then never", "[schedule]") {
    const std::array<const char*, 3> rows[] = {
        {"0 0 1 1 * 2027,2030", "2026-11-21 00:00", "2027-01-01 00:00"},
        {"0 0 1 1 * 2027,2030", "2027-01-01 00:00", "2030-01-01 00:00"},
        {"0 0 1 1 * 2027,2030", "2030-01-01 00:00", nullptr},
        {"0 0 1 1 * 2027,2030", "0001-01-01 00:00", "2027-01-01 00:00"},
        {"0 0 1 1 * 2027,2030", "9998-01-01 00:00", nullptr},
        {"* 12,13 16 11 * 2021", "2021-11-16 13:58:30", "2021-11-16 13:59"},
        {"* 12,13 16 11 * 2021", "2021-11-16 13:59", nullptr},
        {"* 12,13 16 11 2 2021", "2026-11-21 16:36", nullptr},
        {"59 59 23 31 12 * 2099", "2026-11-21 16:36", "2099-12-31 23:59:59"},
        {"0 0 29 2 * 2025-2027", "2020-01-01 00:00", nullptr},
        {"0 0 29 2 * 2025-2028", "2020-01-01 00:00", "2028-02-29 00:00"},
        {"0 0 1 1 * *", "2099-06-01 00:00", "2100-01-01 00:00"},
    };
    for (const auto& [text, after, due] : rows) {
        CAPTURE(text, after);
        CHECK(next(text, after) == (due == nullptr ? std::nullopt : std::optional(at(due))));
    }
    const Schedule two = read("0 0 1 1 * 2027,2030");
    const calendar::Zone utc;
    CHECK(previous_before(two, utc, at("9998-01-01 00:00")) == at("2030-01-01 00:00"));
    CHECK(previous_before(two, utc, at("2030-01-01 00:00")) == at("2027-01-01 00:00"));
    CHECK_FALSE(previous_before(two, utc, at("2027-01-01 00:00")));
    CHECK(count_due(two, utc, at("1900-01-01 00:00"), at("2200-01-01 00:00")) == 2);
}

TEST_CASE("years: a clock set back over their end reads them once more", "[schedule]") {
    // At 01:00 on New Year's Day the clock reads 23:00 again.
    const Instant change = at("2028-01-01 01:00");
    const auto zone = calendar::Zone::from_transitions("back", seconds{0},
                                                       {{floor_seconds(change), -hours{2}}}, {});
    const Schedule wildcard = read("*/30 23 31 12 * 2027");
    CHECK(next_after(wildcard, zone, at("2027-12-31 23:30")) == change);
    CHECK(next_after(wildcard, zone, change) == change + minutes{30});
    CHECK_FALSE(next_after(wildcard, zone, change + minutes{30}));
    CHECK_FALSE(next_after(read("30 23 31 12 * 2027"), zone, at("2027-12-31 23:30")));
    // And the other way round: before it reads the old year again it has read the new one.
    const Schedule new_year = read("15 0 1 1 * 2028");
    CHECK(previous_before(new_year, zone, change + minutes{30}) == at("2028-01-01 00:15"));
}

TEST_CASE("years: they stand at the end of a description", "[schedule]") {
    const char* rows[][2] = {
        {"* * * * * 2027", "every minute, in 2027"},
        {"0 0 1 1 * 2027,2029", "at 00:00 on the 1st of January, in 2027 and 2029"},
        {"30 0 9 * * MON-FRI 2027-2029,2032",
         "at 09:00:30 from Monday to Friday, in 2027 to 2029 and 2032"},
        {"0 0 1 6 * 2028/4", "at 00:00 on the 1st of June, in every 4th year from 2028 to 2096"},
    };
    for (const auto& [text, described] : rows) CHECK(describe(read(text)) == described);
}

TEST_CASE("never-due: a schedule whose years are past, or have no such date", "[schedule]") {
    struct Case {
        std::string_view text;
        std::string_view place;    // empty: nothing to tell
        std::string_view message;  // after "this is never due"
    };
    const Case cases[] = {
        {"* 12,13 16 11 2 2021", "2021", " again: the last time was 2021-11-30 13:59"},
        {"0 30 1 1 1 ? 2025", "2025", " again: the last time was 2025-01-01 01:30"},
        {"0 0 29 2 * 2025-2027", "29 2", ": no date of its years fits"},
        {"0 0 31 2 * 2027", "31 2", ": February has no 31st"},
        {"0 0 1 1 * 2026-2027", "", ""},
        {"0 0 29 2 * 2028", "", ""},
        {"0 0 31 2 1 2027", "", ""},
    };
    for (const Case& c : cases) {
        CAPTURE(c.text);
        const Schedule schedule = read(c.text);
        auto told = advise(c.text, Form::supercronic, schedule);
        std::erase_if(told, [](const Advice& advice) { return advice.name != "never-due"; });
        if (auto past = advise_if_past(c.text, Form::supercronic, schedule, calendar::Zone(),
                                       at("2026-11-21 16:36"))) {
            told.push_back(*past);
        }
        REQUIRE(told.size() == (c.place.empty() ? 0 : 1));
        if (c.place.empty()) continue;
        CHECK(c.text.substr(told[0].begin, told[0].end - told[0].begin) == c.place);
        CHECK(told[0].message == "this is never due" + std::string(c.message));
    }
}

}  // namespace cron::schedule
