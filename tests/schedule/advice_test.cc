// What is probably not meant: which schedules are told of, where, and which are left alone.
#include "schedule/advice.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::schedule {
namespace {

Form form_of_text(std::string_view text) {
    return !text.starts_with('@') && schedule_length(text) < text.size() ? Form::six_fields
                                                                         : Form::five_fields;
}

std::vector<Advice> advice_on(std::string_view text) {
    return advise(text, form_of_text(text), parsed(text));
}

// "name: the text under the caret", for each.
std::vector<std::string> told(std::string_view text) {
    std::vector<std::string> out;
    for (const Advice& advice : advice_on(text)) {
        CHECK_FALSE(advice.message.empty());
        CHECK_FALSE(advice.hint.empty());
        out.push_back(std::string(advice.name) + ": " +
                      std::string(text.substr(advice.begin, advice.end - advice.begin)));
    }
    return out;
}

using Strings = std::vector<std::string>;

struct Case {
    std::string_view text;
    std::string_view told;  // empty: nothing
};

void check(std::initializer_list<Case> cases) {
    for (const Case& c : cases) {
        CAPTURE(c.text);
        CHECK(told(c.text) == (c.told.empty() ? Strings{} : Strings{std::string(c.told)}));
    }
}

TEST_CASE("advise: a schedule that no date fits", "[schedule]") {
    check({{"0 0 31 2 *", "never-due: 31 2"},
           {"0 0 30,31 feb *", "never-due: 30,31 feb"},
           {"* * 31 4,6,9,11 *", "never-due: 31 4,6,9,11"},
           {"*/45 * 30 2 */2", "never-due: 30 2"},
           {"0 0 30W 2 ?", "never-due: 30W 2"},
           {"0 0 L-29 2 *", "never-due: L-29 2"},
           {"0 0 31-31 2 *,1#5", "never-due: 31-31 2 *,1#5"},
           {"0 0 0 31 2 *", "never-due: 31 2"},
           {"0 0 31 2,3 *", "missing-day: 31"}});
    CHECK(advice_on("0 0 31 2 *").at(0).message == "this is never due: February has no 31st");
    CHECK(advice_on("0 0 31 4,6 *").at(0).message ==
          "this is never due: April and June have no 31st");
    // Either day will do: the weekday comes.
    CHECK_FALSE(advise_if_never_due("0 0 31 2 5", Form::five_fields, parsed("0 0 31 2 5")));
    for (const std::string_view text :
         {"@daily", "@every 5m", "@reboot", "0 0 29 2 *", "0 0 29 2 */7", "0 0 L-30 1 1#1"}) {
        CAPTURE(text);
        CHECK_FALSE(advise_if_never_due(text, Form::five_fields, parsed(text)));
    }
}

TEST_CASE("advise: never-due is told of exactly where nothing is due in 400 years", "[schedule]") {
    Random random(seed_for("advice"));
    const calendar::Zone utc;
    int never = 0;
    for (int i = 0; i < 3'000; ++i) {
        std::string text = "0 0 ";
        text += random.one_in(2) ? random_month_day(random, false)
                                 : std::to_string(random.between(27, 31));
        text += " " + std::to_string(random.between(1, 12));
        text += random.one_in(2) ? " *" : " */" + std::to_string(random.between(2, 7));
        if (random.one_in(3)) text += "," + random_month_day(random, true);
        const Schedule schedule = parsed(text);
        const bool due = next_after(schedule, utc, instant_of("2000-01-01T00:00")).has_value();
        CAPTURE(text);
        CHECK(advise_if_never_due(text, Form::five_fields, schedule).has_value() == !due);
        never += due ? 0 : 1;
    }
    CHECK(never > 10);
}

TEST_CASE("advise: '*' as minute of single hours", "[schedule]") {
    check({{"* 2 * * *", "every-minute-of-hour: * 2"},
           {"* */2 * * *", "every-minute-of-hour: * */2"},
           {"* 8,20 * * *", "every-minute-of-hour: * 8,20"},
           {"*  2 1 * *", "every-minute-of-hour: *  2"},
           {"* H * * *", "every-minute-of-hour: * H"},
           {"? 2 * * *", "every-minute-of-hour: ? 2"},
           {"*/1 2 * * *", "every-minute-of-hour: */1 2"},
           {"*/1 0 2 * * *", "every-second-of-minute: */1 0"},
           {"0 * 2 * * *", "every-minute-of-hour: * 2"},
           {"* * 2 * * *", "every-minute-of-hour: * 2"},
           {"* 0 2 * * *", "every-second-of-minute: * 0"},
           {"* */5 * * * *", "every-second-of-minute: * */5"},
           // A span of time, or written out.
           {"* 9-17 * * *", ""},
           {"* 23,0 * * *", ""},
           {"* * 1 * *", ""},
           {"* * * * *", ""},
           {"* * * * * *", ""},
           {"*/5 2 * * *", ""},
           {"0-59 2 * * *", ""},
           {"* 0-30 2 * * *", ""}});
    const Advice advice = advice_on("* 2 * * 1").at(0);
    CHECK(advice.message == "this is due every minute from 02:00 to 02:59");
    CHECK(advice.hint == "write '0 2 * * 1' for once in the hour");
    CHECK(advice_on("* */2 * * *").at(0).message ==
          "this is due every minute of the hours that it names");
    CHECK(advice_on("* * 2 * * *").at(0).message == "this is due every second from 02:00 to 02:59");
    CHECK(advice_on("* * 2 * * *").at(0).hint == "write '0 0 2 * * *' for once in the hour");
    CHECK(advice_on("0 * 2 * * *").at(0).hint == "write '0 0 2 * * *' for once in the hour");
}

TEST_CASE("advise: both fields of days are either, not both", "[schedule]") {
    check({{"0 0 13 * 5", "either-day: 13 * 5"},
           {"0 0 1-7 * MON", "either-day: 1-7 * MON"},
           {"0 0 1-31 * 5", "either-day: 1-31 * 5"},
           {"0 0 L * 5#3", "either-day: L * 5#3"},
           {"0 0 ~ * ~", "either-day: ~ * ~"},
           // Both hold where one begins with a star.
           {"0 0 13 * */7", ""},
           {"0 0 ? * 5", ""},
           {"0 0 */100,1-7 * MON", ""},
           {"0 0 * * 5", ""}});
    const auto hint = [](std::string_view text) { return advice_on(text).at(0).hint; };
    CHECK(advice_on("0 0 13 * 5").at(0).message ==
          "this is due on a day of month '13', and on any day of week '5' too");
    CHECK(hint("0 0 13 * 5") ==
          "for both to hold, write '0 0 13 * *' and begin the command with "
          "'test $(date +\\%u) -eq 5 &&'");
    CHECK(hint("0 0 13 * sun").find("-eq 7 &&") != std::string::npos);
    CHECK(hint("0 0 1-7 * MON") == "for both to hold, write '0 0 * * MON#1'");
    CHECK(hint("0 0 8-14 2 0") == "for both to hold, write '0 0 * 2 0#2'");
    CHECK(hint("0 0 25-31 * 5") == "for both to hold, write '0 0 * * 5L'");
    CHECK(hint("0 0 2-8 * 5").find("test $(date") != std::string::npos);
    CHECK(hint("0 0 13 * 1-5") ==
          "for both to hold, leave one field '*' and let the command test the date");
    CHECK(advice_on("0 0 1-31 * 5").at(0).message ==
          "this is due every day: of the two fields of days either will do, and '1-31' is all");
    CHECK(advice_on("0 0 1-31 3 1").at(0).message ==
          "this is due every day of March: of the two fields of days either will do, and '1-31' is "
          "all");
    CHECK(hint("0 0 1-31 * 5") == "write '0 0 * * 5'");
    // 'H#1' is none.
    CHECK(hint("0 0 1-7 * H")
              .starts_with(
                  "for both to hold, write '0 0 1-7 * *' and begin the command with 'test $(date"));
    CHECK(hint("0 0 1 * 0-6") == "write '0 0 1 * *'");
}

// What the hint says is what it was to say.
TEST_CASE("advise: the hint for '1-7' and a weekday is due where both hold", "[schedule]") {
    for (const std::string_view text : {"0 0 1-7 * 1", "0 0 15-21 * 0", "0 0 22-28 3 sat"}) {
        const std::string hint = advice_on(text).at(0).hint;
        const std::size_t begin = hint.find('\'') + 1;
        const Schedule hinted = parsed(hint.substr(begin, hint.rfind('\'') - begin));
        const Fields both = parsed(text).fields();
        CAPTURE(text, hint);
        Instant at = instant_of("2026-01-01T00:00");
        for (int i = 0; i < 40; ++i) {
            const auto due = next_after(hinted, calendar::Zone(), at);
            REQUIRE(due);
            const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(*due)};
            const auto day = static_cast<unsigned>(date.day());
            CHECK((both.days_of_month >> day & 1) == 1);
            CHECK((both.days_of_week >> std::chrono::weekday{date}.c_encoding() & 1) == 1);
            at = *due;
        }
    }
}

TEST_CASE("advise: a step through its whole field that does not come out even", "[schedule]") {
    check({{"*/45 * * * *", "uneven-step: */45"},
           {"*/40 * * * *", "uneven-step: */40"},
           {"*/7 * * * *", "uneven-step: */7"},
           {"*/59 9-17 * * *", "uneven-step: */59"},
           {"0-59/7 * * * *", "uneven-step: 0-59/7"},
           {"H/7 * * * *", "uneven-step: H/7"},
           {"0~59/7 * * * *", "uneven-step: 0~59/7"},
           {"0 */5 * * *", "uneven-step: */5"},
           {"0 */10 * * 1-5", "uneven-step: */10"},
           {"0 0 */2 * *", "uneven-step: */2"},
           {"0 0 */30 * *", "uneven-step: */30"},
           {"0 0 1 */5 *", "uneven-step: */5"},
           {"0 0 * * */2", "uneven-step: */2"},
           {"0 0 * * 1-7/2", "uneven-step: 1-7/2"},
           {"*/7 * * * * *", "uneven-step: */7"},
           // Even.
           {"*/15 * * * *", ""},
           {"*/1 * * * *", ""},
           {"*/60 * * * *", ""},
           {"H/15 * * * *", ""},
           {"5-55/10 * * * *", ""},
           {"0 */6 * * *", ""},
           {"0 */24 * * *", ""},
           {"0 0 */31 * *", ""},
           {"0 0 1 */4 *", ""},
           {"0 0 * * */7", ""},
           {"0 2-23/3 * * *", ""},
           // A part of the field, or a list: no round was meant.
           {"0-45/7 * * * *", ""},
           {"2-30/6 * * * *", ""},
           {"0 9-17/3 * * *", ""},
           {"0 0 * * 1-5/2", ""},
           {"0 0 1-20/7 * *", ""},
           {"*/45,50 * * * *", ""},
           // The field does not begin anew at once.
           {"*/45 9 * * *", ""},
           {"*/7 8,12 * * *", ""},
           {"0 */5 1 * *", ""},
           {"0 */5 * * 1", ""},
           {"0 0 */2 1 *", ""},
           {"*/7 0 * * * *", ""}});
    const auto message = [](std::string_view text) { return advice_on(text).at(0).message; };
    CHECK(message("*/45 * * * *") ==
          "minute '*/45' is uneven: after minute 45 comes minute 0 of the next hour, 15 minutes "
          "later");
    CHECK(message("*/59 * * * *").find("minute 0 of the next hour, 1 minute later") !=
          std::string::npos);
    CHECK(message("0 */5 * * *") ==
          "hour '*/5' is uneven: after hour 20 comes hour 0 of the next day, 4 hours later");
    CHECK(message("0 0 */2 * *") ==
          "day of month '*/2' is uneven: after the 31st comes the 1st of the next month, 1 day "
          "later");
    CHECK(message("0 0 */7 * *") ==
          "day of month '*/7' is uneven: after the 29th comes the 1st of the next month, at most 3 "
          "days later");
    CHECK(message("0 0 1 */5 *") ==
          "month '*/5' is uneven: after November comes January of the next year, 2 months later");
    CHECK(message("0 0 * * */2") ==
          "day of week '*/2' is uneven: after Saturday comes Sunday, 1 day later");
    CHECK(message("0 0 * * 1-7/2") ==
          "day of week '1-7/2' is uneven: after Sunday comes Monday, 1 day later");
    const auto hint = [](std::string_view text) { return advice_on(text).at(0).hint; };
    CHECK(hint("*/45 * * * *") == "30 or 60 would come out even; '@every 45m' keeps its step");
    CHECK(hint("*/7 * * * * *") == "6 or 10 would come out even; '@every 7s' keeps its step");
    CHECK(hint("0 */5 * * *") ==
          "4 or 6 would come out even; '@every 5h' keeps its step, counted in UTC");
    CHECK(hint("0 0 */2 * *") == "'@every 2d' keeps its step, at 00:00 UTC");
    CHECK(hint("0 0 1 */5 *") == "4 or 6 would come out even");
}

TEST_CASE("advise: a step longer than its field", "[schedule]") {
    check({{"*/90 * * * *", "step-too-long: */90"},
           {"*/90 3 * * *", "step-too-long: */90"},
           {"0 */48 * * *", "step-too-long: */48"},
           {"0 0 */60 * *", "step-too-long: */60"},
           {"0 0 1 */18 *", "step-too-long: */18"},
           {"0 0 * * */14", "step-too-long: */14"},
           {"H/90 * * * *", "step-too-long: H/90"},
           {"5-10/90 * * * *", ""}});
    const Advice advice = advice_on("*/90 * * * *").at(0);
    CHECK(advice.message == "minute '*/90' is minute 0 alone: a step counts within one hour");
    CHECK(advice.hint == "'@every 1h30m' keeps its step");
    CHECK(advice_on("0 0 * * */14").at(0).message ==
          "day of week '*/14' is Sunday alone: a step counts within one week");
    CHECK(advice_on("0 0 1 */18 *").at(0).hint == "let the command test the date");
    CHECK(advice_on("*/2147483647 * * * *").at(0).hint == "let the command test the date");
}

TEST_CASE("advise: a day that some of the months lack", "[schedule]") {
    check({{"0 0 31 * *", "missing-day: 31"},
           {"0 0 30 * *", "missing-day: 30"},
           {"0 0 29 * *", "missing-day: 29"},
           {"0 0 15,30 * *", "missing-day: 30"},
           {"0 0 31 4,5 *", "missing-day: 31"},
           {"0 0 31W * *", "missing-day: 31W"},
           {"0 0 L-30 * *", "missing-day: L-30"},
           {"0 0 l-28W * *", "missing-day: l-28W"},
           {"0 0 1~31 * *", "missing-day: 1~31"},
           {"0 0 H(1-31) * *", "missing-day: H(1-31)"},
           {"0 0 1~29 * *", "missing-day: 1~29"},
           {"0 0 H(1-29) * *", "missing-day: H(1-29)"},
           {"0 0 29~ * *", "missing-day: 29~"},
           {"0 0 30~ * *", "missing-day: 30~"},
           {"0 0 31~ * *", "missing-day: 31~"},
           {"0 0 ~30 * *", "missing-day: ~30"},
           {"0 0 29~31/2 * *", "missing-day: 29~31/2"},
           {"0 0 * * 5#5", "missing-day: 5#5"},
           {"0 0 * * 1,FRI#5", "missing-day: FRI#5"},
           // Every month named has the day.
           {"0 0 28 * *", ""},
           {"0 0 31 1,3,5,7,8,10,12 *", ""},
           {"0 0 30 4 *", ""},
           {"0 0 L * *", ""},
           {"0 0 L-27 * *", ""},
           {"0 0 H * *", ""},
           {"0 0 1~28 * *", ""},
           {"0 0 28~ * *", ""},
           {"0 0 ~ * *", ""},
           {"0 0 29~ 1,3 *", ""},
           {"0 0 1~29 4 *", ""},
           {"0 0 1~31 1 *", ""},
           {"0 0 * * 5#4", ""},
           // A span, or a way to try them all.
           {"0 0 28-31 * *", ""},
           {"0 0 28,29,30,31 * *", ""},
           {"0 0 1-31 * *", ""}});
    const auto message = [](std::string_view text) { return advice_on(text).at(0).message; };
    CHECK(message("0 0 31 * *") ==
          "not due in February, April, June, September and November: fewer than 31 days");
    CHECK(message("0 0 30 * *") == "not due in February: fewer than 30 days");
    CHECK(message("0 0 29 * *") == "due in February of leap years only: else it has 28 days");
    CHECK(message("0 0 L-29 * *") == "not due in February: fewer than 30 days");
    CHECK(message("0 0 L-28 * *") == "due in February of leap years only: else it has 28 days");
    CHECK(message("0 0 * * 7#5") == "only some months have a fifth Sunday");
    CHECK(advice_on("0 0 * * 1#5,fri#5").at(1).message == "only some months have a fifth Friday");
    CHECK(message("0 0 29~ * *") ==
          "the day chosen may be one that not every month has, up to the 31st");
    CHECK(message("0 0 1~31 * *") ==
          "the day chosen may be one that not every month has, up to the 31st");
}

TEST_CASE("advise: a month in which another day is due is not told to be without one",
          "[schedule]") {
    check({{"0 0 31,L * *", ""}, {"0 0 30,LW * *", ""}});
    // Told once: that either will do.
    CHECK(told("0 0 31 * 1") == Strings{"either-day: 31 * 1"});
    const auto message = [](std::string_view text) { return advice_on(text).at(0).message; };
    CHECK(message("0 0 1,31 * *") ==
          "February, April, June, September and November have fewer than 31 days");
    CHECK(message("0 0 15,30 * *") == "February has fewer than 30 days");
    CHECK(message("0 0 1,29 * *") == "February has 29 days in leap years only");
    CHECK(message("0 0 30,31 * *") == "not due in February: fewer than 30 days");
    CHECK(message("0 0 1,L-30 * *") ==
          "February, April, June, September and November have fewer than 31 days");
}

TEST_CASE("advise: due in leap years only", "[schedule]") {
    check({{"0 0 29 2 *", "leap-day: 29 2"},
           {"0 0 29W 2 *", "leap-day: 29W 2"},
           {"0 0 L-28 2 *", "leap-day: L-28 2"},
           {"0 0 29 feb ?", "leap-day: 29 feb"},
           {"0 0 * 2 5#5", "leap-day: 2 5#5"},
           {"0 0 28,29 2 *", ""},
           {"0 0 29 2,3 *", "missing-day: 29"},
           {"0 0 29 2 */7", "leap-day: 29 2"}});
    CHECK(told("0 0 29 2 1") == Strings{"either-day: 29 2 1"});
}

TEST_CASE("advise: schedules as they should be are left alone", "[schedule]") {
    for (const std::string_view text :
         {"* * * * *", "0 2 * * *", "*/5 * * * *", "0 0 1 1 *", "30 3 * * 0", "0 9-17 * * 1-5",
          "0 0 1,15 * *", "@daily", "@every 90s", "@reboot", "H H * * *", "~ ~ ~ ~ *", "0 0 L * *",
          "0 0 15W * ?", "0 0 ? * 5L", "*/10 * * * * *", "0 */5 * * * *"}) {
        CAPTURE(text);
        CHECK(told(text).empty());
    }
}

TEST_CASE("advise: what there is to say comes in the order of the columns", "[schedule]") {
    CHECK(told("*/7 */5 31 */5 5#5") ==
          Strings{"either-day: 31 */5 5#5", "uneven-step: */5", "missing-day: 5#5"});
    CHECK(told("* 2 31 * *") == Strings{"every-minute-of-hour: * 2", "missing-day: 31"});
}

}  // namespace
}  // namespace cron::schedule
