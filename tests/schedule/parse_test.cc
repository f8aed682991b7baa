#include <algorithm>
#include <set>

#include "support.h"

namespace cron::schedule {
namespace {

std::uint64_t bits(std::initializer_list<unsigned> values) {
    std::uint64_t set = 0;
    for (const unsigned value : values) set |= std::uint64_t{1} << value;
    return set;
}

ParseError error_of(std::string_view line) {
    INFO("line: " << line);
    const auto result = parse(line, 0);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().begin <= result.error().end);
    CHECK(result.error().end <= line.size());
    CHECK_FALSE(result.error().message.empty());
    return result.error();
}

}  // namespace

TEST_CASE("parse: a field is a list of values, ranges and steps", "[schedule]") {
    struct Row {
        const char* text;
        std::uint64_t minutes;
    };
    const Row rows[] = {
        {"5 * * * *", bits({5})},
        {"05 * * * *", bits({5})},
        {"000000000000000000000000000007 * * * *", bits({7})},
        {"5-5 * * * *", bits({5})},
        {"1,2,50-52 * * * *", bits({1, 2, 50, 51, 52})},
        {"7,7,7 * * * *", bits({7})},
        {"*/20 * * * *", bits({0, 20, 40})},
        {"*/7 * * * *", bits({0, 7, 14, 21, 28, 35, 42, 49, 56})},
        {"10-50/20 * * * *", bits({10, 30, 50})},
        {"0-5/10 * * * *", bits({0})},
        {"*/60 * * * *", bits({0})},
        {"*/2147483647 * * * *", bits({0})},
        {"*/100,1-3 * * * *", bits({0, 1, 2, 3})},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(parsed(row.text).fields().minutes == row.minutes);
    }
}

TEST_CASE("parse: months and weekdays have names of three letters in any case", "[schedule]") {
    CHECK(parsed("0 0 * JAN-Mar,dec *").fields().months == bits({1, 2, 3, 12}));
    CHECK(parsed("0 0 * jan-6/2 *").fields().months == bits({1, 3, 5}));
    CHECK(parsed("0 0 * * MON,wed,fRi").fields().days_of_week == bits({1, 3, 5}));
    CHECK(parsed("0 0 * * mon-5").fields().days_of_week == bits({1, 2, 3, 4, 5}));
}

TEST_CASE("parse: Sunday is 0 and 7, and a weekday range may end in either", "[schedule]") {
    struct Row {
        const char* field;
        std::uint64_t days;
    };
    const std::uint64_t all = bits({0, 1, 2, 3, 4, 5, 6});
    const Row rows[] = {
        {"0", bits({0})},
        {"7", bits({0})},
        {"sun", bits({0})},
        {"0-7", all},
        {"1-7", all},
        {"sun-7", all},
        {"5-7", bits({0, 5, 6})},
        {"5-0", bits({0, 5, 6})},
        {"fri-sun", bits({0, 5, 6})},
        {"6-0", bits({0, 6})},
        {"sat-sun", bits({0, 6})},
        {"3-sun", bits({0, 3, 4, 5, 6})},
        {"6-7/2", bits({6})},
        {"fri-sun/2", bits({0, 5})},
        {"mon-sun", all},
        {"sun-sun", bits({0})},
        {"7-7", bits({0})},
        {"sun-tue", bits({0, 1, 2})},
        {"*/2", bits({0, 2, 4, 6})},
        {"*/7", bits({0})},
        {"*/8", bits({0})},
    };
    for (const Row& row : rows) {
        INFO(row.field);
        CHECK(parsed("0 0 * * " + std::string(row.field)).fields().days_of_week == row.days);
    }
}

TEST_CASE("parse: a field that starts with * is marked, whatever follows", "[schedule]") {
    const auto stars = [](std::string_view text) {
        const Fields fields = parsed(text).fields();
        std::string marks;
        for (const bool star : {fields.minute_star, fields.hour_star, fields.day_of_month_star,
                                fields.day_of_week_star}) {
            marks += star ? '*' : '-';
        }
        return marks;
    };
    CHECK(stars("* * * * *") == "****");
    CHECK(stars("*/5 */2 */2 */2 */2") == "****");
    CHECK(stars("*,5 *,5 *,5 * *,5") == "****");
    CHECK(stars("5,* 5,* 5,* * 5,*") == "----");
    CHECK(stars("0-59 0-23 1-31 1-12 0-7") == "----");
    CHECK(stars("~ ~ ~ ~ ~") == "----");
    CHECK(stars("H H/6 L H FRIL") == "----");
    CHECK(stars("? ? ? ? ?") == "****");
    CHECK(stars("0 0 */100,1-7 * MON") == "--*-");
}

TEST_CASE("parse: a nickname, in any case, equals its five fields", "[schedule]") {
    const char* rows[][2] = {
        {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
        {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"}, {"@Daily", "0 0 * * *"},    {"@HOURLY", "0 * * * *"},
    };
    for (const auto& [nickname, fields] : rows) CHECK(parsed(nickname) == parsed(fields));
    CHECK(parsed("@reboot") == Schedule::at_reboot());
    CHECK(parsed("@Reboot").kind() == Schedule::Kind::reboot);
}

TEST_CASE("parse: @every takes a duration of days, hours, minutes and seconds", "[schedule]") {
    CHECK(parsed("@every 90s") == Schedule::every(seconds{90}));
    CHECK(parsed("@EVERY 5m") == Schedule::every(minutes{5}));
    CHECK(parsed("@every\t 2h30m") == Schedule::every(minutes{150}));
    CHECK(parsed("@every 1d") == Schedule::every(hours{24}));
    CHECK(parsed("@every 1d2h3m4s") == Schedule::every(seconds{93784}));
    CHECK(parsed("@every 1s").is_finer_than_a_minute());
    CHECK_FALSE(parsed("@every 60s").is_finer_than_a_minute());
    CHECK(parsed("@every 3660d") == Schedule::every(hours{24 * 3660}));
    for (const char* bad :
         {"@every", "@every ", "@every 0s", "@every 0d0h", "@every 5", "@every m", "@every 5x",
          "@every -5m", "@every 5m2h", "@every 5m5m", "@every 1.5h", "@every 3661d",
          "@every 3660d1s", "@every 500ms", "@every 99999999999999999999s",
          "@every 9223372036854775807d", "@every 5M"}) {
        error_of(bad);
    }
    CHECK(error_of("@every 500ms x").begin == 7);
    CHECK(error_of("@every 500ms x").end == 12);
}

TEST_CASE("parse: a schedule ends before the blanks that follow it", "[schedule]") {
    struct Row {
        const char* line;
        std::size_t length;
    };
    const Row rows[] = {
        {"* * * * * command", 9}, {"*\t*  *\t * * command", 11},
        {"@daily command", 6},    {"@daily", 6},
        {"@every 5m command", 9}, {"@every  5m\tcommand", 10},
        {"1 2 3 4 5\t", 9},       {"@reboot  x", 7},
    };
    for (const Row& row : rows) {
        INFO(row.line);
        const auto result = parse(row.line, 0);
        REQUIRE(result);
        CHECK(result->length == row.length);
        CHECK(schedule_length(row.line) == row.length);
    }
    CHECK(schedule_length("") == 0);
    CHECK(schedule_length("1 2 ") == 3);
    CHECK(schedule_length("@every") == 6);
    CHECK(schedule_length("@nothing x") == 8);
}

TEST_CASE("parse: an error names field, text and limits, and points at the text", "[schedule]") {
    struct Row {
        const char* line;
        std::size_t begin, end;
        const char* message;
        const char* hint;
    };
    const Row rows[] = {
        {"61 * * * * c", 0, 2, "minute '61' is not a list of values from 0 to 59", ""},
        {"5,0-60 * * * *", 4, 6, "minute '0-60' is not a list of values from 0 to 59", ""},
        {"0 24 * * *", 2, 4, "hour '24' is not a list of values from 0 to 23", ""},
        {"0 0 0 * *", 4, 5, "day of month '0' is not a list of values from 1 to 31", ""},
        {"0 0 * 13 *", 6, 8, "month '13' is not a list of values from 1 to 12", ""},
        {"0 0 * * 8", 8, 9, "day of week '8' is not a list of values from 0 to 7", ""},
        {"0 22-2 * * *", 2, 6, "hour '22-2' is a range that runs backwards", "write '22-23,0-2'"},
        {"0 23-0 * * *", 2, 6, "hour '23-0' is a range that runs backwards", "write '23,0'"},
        {"0 22-4/2 * * *", 2, 8, "hour '22-4/2' is a range that runs backwards",
         "write '22,0-4/2'"},
        {"0 0 * nov-feb *", 6, 13, "month 'nov-feb' is a range that runs backwards",
         "write 'nov-dec,jan-feb'"},
        {"0 0 * * sat-mon", 8, 15, "day of week 'sat-mon' is a range that runs backwards",
         "write 'sat,sun-mon'"},
        {"0 0 * * 7-2", 8, 11, "day of week '7-2' is a range that runs backwards", "write '0-2'"},
        {"0 0 * * sun-6,thu-tue/3", 14, 23,
         "day of week 'thu-tue/3' is a range that runs backwards", "write 'thu,sun'"},
        {"*/0 * * * *", 2, 3, "the step '0' of minute is not a number from 1 to 2147483647", ""},
        {"*/ * * * *", 0, 2, "the step '' of minute is not a number from 1 to 2147483647", ""},
        {"*/2/3 * * * *", 2, 5, "the step '2/3' of minute is not a number from 1 to 2147483647",
         ""},
        {"*/4294967297 * * * *", 2, 12,
         "the step '4294967297' of minute is not a number from 1 to 2147483647", ""},
        {"5/15 * * * *", 0, 4, "minute '5/15' has a step but no range", "write '5-59/15'"},
        {"4294967296 * * * *", 0, 10, "minute '4294967296' is not a list of values from 0 to 59",
         ""},
        {"1,,2 * * * *", 0, 4, "minute '1,,2' has an empty item in its list",
         "take out the extra ','"},
        {", * * * *", 0, 1, "minute ',' has an empty item in its list", "take out the extra ','"},
        {"*5 * * * *", 1, 2, "minute '*5' goes on after its '*'",
         "after '*' comes a step, as in '*/5', or nothing"},
        {"1-5-7 * * * *", 2, 5, "minute '1-5-7' is not a list of values from 0 to 59", ""},
        {"1;2 * * * *", 0, 3, "minute '1;2' is not a list of values from 0 to 59",
         "the items of a list are separated by ','"},
        {"0 0 * * monday", 8, 14, "day of week 'monday' is not a list of values from 0 to 7",
         "names have three letters: write 'mon'"},
        {"0 0 * * mo", 8, 10, "day of week 'mo' is not a list of values from 0 to 7",
         "the names are sun mon tue wed thu fri sat"},
        {"?/5 * * * *", 0, 1, "minute '?/5' is not a list of values from 0 to 59",
         "'?' stands alone, for '*'"},
        {"0 L * * *", 2, 3, "hour 'L' is not a list of values from 0 to 23",
         "'L' and 'W' belong to the fields of days: 'L', 'LW', '15W'; '5L' as a weekday"},
        {"0 0 5#3 * *", 4, 7, "day of month '5#3' is not a list of values from 1 to 31",
         "'#' counts days of the week: '5#3'"},
        {"0 0 * * 5#6", 10, 11, "day of week '5#6' does not count from 1 to 5 after its '#'",
         "write '5#1' for the first in the month, '5L' for the last"},
        {"0 0 * * fri#", 8, 12, "day of week 'fri#' does not count from 1 to 5 after its '#'",
         "write 'fri#1' for the first in the month, 'friL' for the last"},
        {"0 0 * * 9#1", 8, 9, "day of week '9#1' is not a list of values from 0 to 7", ""},
        {"0 0 * * L", 8, 9, "day of week 'L' does not say which day",
         "write '5L' or 'FRIL' for the last Friday of the month"},
        {"0 0 L-31 * *", 4, 8,
         "day of month 'L-31' is not 'L', 'L-1' to 'L-30', or one of these with 'W' after it",
         "'L-3' is three days before the last day of the month"},
        {"0 0 L3 * *", 4, 6,
         "day of month 'L3' is not 'L', 'L-1' to 'L-30', or one of these with 'W' after it",
         "'L-3' is three days before the last day of the month"},
        {"0 0 1,32W * *", 6, 8, "day of month '32W' is not a list of values from 1 to 31", ""},
        {"0 0 1-5W * *", 4, 7, "day of month '1-5W' is not a list of values from 1 to 31", ""},
        {"H( * * * *", 0, 2, "minute 'H(' is not a choice 'H' or 'H(a-b)'", "write 'H(0-59)'"},
        {"H(5) * * * *", 0, 4, "minute 'H(5)' is not a choice 'H' or 'H(a-b)'", "write 'H(0-59)'"},
        {"0 0 H(1-32) * *", 8, 10, "day of month 'H(1-32)' is not a list of values from 1 to 31",
         ""},
        {"H(9-3) * * * *", 0, 6, "minute 'H(9-3)' is a range that runs backwards",
         "write 'H(3-9)'"},
        {"0 0 * * h(fri-mon)/2", 8, 18, "day of week 'h(fri-mon)/2' is a range that runs backwards",
         "write 'H(mon-fri)'"},
        {"10~5 * * * *", 0, 4, "minute '10~5' is a range that runs backwards", "write '5~10'"},
        {"-5 * * * *", 0, 2, "minute '-5' is not a list of values from 0 to 59",
         "a range has a value on both sides"},
        {"* * * *", 0, 7, "a schedule has 5 fields, here are 4",
         "the fields are minute, hour, day of month, month, day of week"},
        {"", 0, 0, "a schedule has 5 fields, here are 0",
         "the fields are minute, hour, day of month, month, day of week"},
    };
    for (const Row& row : rows) {
        INFO(row.line);
        const ParseError error = error_of(row.line);
        CHECK(error.begin == row.begin);
        CHECK(error.end == row.end);
        CHECK(error.message == row.message);
        CHECK(error.hint == row.hint);
    }
    CHECK(error_of("@dayly x").message == "'@dayly' is not a nickname");
    CHECK(error_of("@dayly x").end == 6);
}

TEST_CASE("parse: what a hint says to write is understood", "[schedule]") {
    for (const char* field : {"22-2", "23-0", "22-4/2", "13-1/5", "20-19", "5/15", "7/3", "20~3"}) {
        INFO(field);
        const std::string hint = error_of("0 " + std::string(field) + " * * *").hint;
        REQUIRE(hint.substr(0, 7) == "write '");
        parsed("0 " + hint.substr(7, hint.size() - 8) + " * * *");
    }
}

TEST_CASE("parse: a long schedule is refused, at a cost that grows with its length", "[schedule]") {
    std::string list = "0";
    while (list.size() < 65'000) list += ",0";
    parsed(list + " * * * *");
    while (list.size() < 4'000'000) list += ",0";
    const ParseError error = error_of(list + " * * * *");
    CHECK(error.message.find("the limit is 65536") != std::string::npos);
    error_of(std::string(60'000, '9') + " * * * *");
    CHECK(error_of(std::string(60'000, 'x') + " * * * *").message.size() < 200);
}

TEST_CASE("parse: a~b is one value, the same for the same seed", "[schedule]") {
    std::set<std::uint64_t> chosen;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const Fields fields = parsed("10~19 ~5 20~ ~ mon~sun", seed).fields();
        CHECK(fields == parsed("10~19 ~5 20~ ~ mon~sun", seed).fields());
        CHECK((fields.minutes & (fields.minutes - 1)) == 0);
        CHECK((fields.minutes & ~bits({10, 11, 12, 13, 14, 15, 16, 17, 18, 19})) == 0);
        CHECK((fields.hours & ~bits({0, 1, 2, 3, 4, 5})) == 0);
        CHECK((fields.days_of_month & ~bits({20, 21, 22, 23, 24, 25, 26, 27, 28})) == 0);
        CHECK(fields.days_of_week != 0);
        chosen.insert(fields.minutes);
    }
    CHECK(chosen.size() == 10);
}

TEST_CASE("parse: the fields of one seed choose apart from each other", "[schedule]") {
    int equal = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const Fields fields = parsed("0~23 0~23 * * *", seed).fields();
        if (fields.minutes == fields.hours) ++equal;
    }
    CHECK(equal < 100);
}

TEST_CASE("parse: a choice of the day of month that has no end is a day of every month",
          "[schedule]") {
    const std::uint64_t late = bits({29, 30, 31});
    std::uint64_t explicit_days = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        CHECK((parsed("0 0 ~ * *", seed).fields().days_of_month & late) == 0);
        CHECK((parsed("0 0 5~ * *", seed).fields().days_of_month & late) == 0);
        CHECK((parsed("0 0 29~ * *", seed).fields().days_of_month & ~late) == 0);
        explicit_days |= parsed("0 0 1~31 * *", seed).fields().days_of_month;
    }
    CHECK(explicit_days == bits({31}) * 2 - 2);
}

TEST_CASE("parse: a~b/step starts within its first step and goes on to its end", "[schedule]") {
    std::set<std::uint64_t> chosen;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const std::uint64_t minutes = parsed("0~59/20 * * * *", seed).fields().minutes;
        const auto first = static_cast<unsigned>(std::countr_zero(minutes));
        CHECK(first < 20);
        CHECK(minutes == bits({first, first + 20, first + 40}));
        chosen.insert(minutes);
        CHECK(std::popcount(parsed("10~12/20 * * * *", seed).fields().minutes) == 1);
    }
    CHECK(chosen.size() == 20);
}

TEST_CASE("is_wildcard: minute or hour starts with * or names every value", "[schedule]") {
    for (const char* wildcard :
         {"* 5 * * *", "*/5 5 * * *", "0 * * * *", "0 */2 * * *", "0 0-23 * * *", "0-59 3 * * *",
          "0 5,* * * *", "@hourly", "@every 1d"}) {
        CHECK(parsed(wildcard).is_wildcard());
    }
    for (const char* fixed :
         {"0 5 * * *", "0-58 5 * * *", "0 1-23 * * *", "0 0 */2 * *", "@daily", "0,30 2 * * *"}) {
        CHECK_FALSE(parsed(fixed).is_wildcard());
    }
}

}  // namespace cron::schedule
