// Tables as supercronic has them.
#include "crontab/dialect.h"

#include <catch2/catch.hpp>

#include "schedule/schedule.h"
#include "support.h"

namespace cron::crontab {
namespace {

using Strings = std::vector<std::string>;

Table parse_supercronic(std::string_view text, Kind kind = Kind::user) {
    Options options = options_of(kind);
    options.dialect = Dialect::supercronic;
    options.now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};
    return parse(text, options);
}

struct LineCase {
    std::string_view line;
    std::string_view schedule;  // as it is printed
    std::string_view command;
};

}  // namespace

TEST_CASE("dialect: fields up to the year, and the rest of the line is the command", "[crontab]") {
    const LineCase cases[] = {
        {"*/5 * * * * a b", "*/5 * * * *", "a b"},
        {"0 0 1 1 * 2027 a", "0 0 1 1 * 2027", "a"},
        {"*/2 * * * * * * sleep 5", "*/2 * * * * *", "sleep 5"},
        {"0 30 9 * * MON-FRI 2027-2029 a", "30 9 * * 1-5 2027-2029", "a"},
        {"5/15 * * january * a", "5-50/15 * * 1 *", "a"},
        {"* * * * *   date +%F \\% a\\\\b % c ", "* * * * *", "date +%F \\% a\\\\b % c "},
        {"* * * * * % a", "* * * * *", "% a"},
        {"@hourly 2027 a", "0 * * * *", "2027 a"},
        {"@reboot a", "@reboot", "a"},
        {"@every 90s a", "@every 1m30s", "a"},
        {"1~1 H(2-2) * * * a", "1 2 * * *", "a"},
        {"* * * * * -q a", "* * * * *", "a"},
    };
    for (const LineCase& c : cases) {
        CAPTURE(c.line);
        const Table table = parse_supercronic(c.line);
        CHECK(places(table).empty());
        REQUIRE(table.entries.size() == 1);
        CHECK(schedule::print(table.entries[0]->schedule) == c.schedule);
        CHECK(table.entries[0]->command == c.command);
        CHECK(table.entries[0]->input.empty());
    }
}

TEST_CASE("dialect: a user column stands after the year", "[crontab]") {
    const Table table = parse_supercronic("0 0 1 1 * 2027 joe a%b\n", Kind::system);
    REQUIRE(table.entries.size() == 1);
    CHECK(table.entries[0]->user == "joe");
    CHECK(table.entries[0]->command == "a%b");
}

TEST_CASE("dialect: CRON_SECONDS asks for the six fields of the crons", "[crontab]") {
    const Table table = parse_supercronic(
        "CRON_SECONDS=yes\n"
        "*/10 * * * * * a\n"
        "* * * * * * 2027 b\n"
        "CRON_SECONDS=no\n"
        "* * * * * 2027 c\n");
    CHECK(places(table) == Strings{"3:13 error seven-fields"});
    REQUIRE(commands(table) == Strings{"a", "c"});
    CHECK(schedule::print(table.entries[0]->schedule) == "*/10 * * * * *");
}

TEST_CASE("dialect: what no year and no command can be is an error", "[crontab]") {
    const Table table = parse_supercronic(
        "0 0 1 1 * 2200 a\n"
        "* * * * * * * * a\n"
        "* * * * * MON-FRI a\n"
        "* * * *\n"
        "0 0 1 1 * 2027\n");
    CHECK(places(table) == Strings{"1:11 error bad-schedule", "2:15 error extra-field",
                                   "3:11 error extra-field", "4:1 error bad-schedule",
                                   "5:15 error no-command"});
    CHECK(table.entries.empty());
}

TEST_CASE("dialect: a schedule whose years are past is one warning, and its entry stays",
          "[crontab]") {
    const Table table = parse_supercronic("* 12,13 16 11 2 2021 a\n* * * * * 2027 b\n");
    CHECK(places(table) == Strings{"1:17 warning never-due"});
    CHECK(commands(table) == Strings{"a", "b"});
}

TEST_CASE("dialect: assignments are those of the crons", "[crontab]") {
    const Table table = parse_supercronic(
        "* * * * * a\n"
        "FOO=\n"
        "CRON_TZ=Test/East\n"
        "MAILTO=joe\n"
        "USER=jane\n"
        "* * * * * b\n");
    CHECK(places(table) == Strings{"2:1 warning assignment-below", "5:1 warning ignored-name"});
    REQUIRE(table.entries.size() == 2);
    CHECK(table.entries[0]->environment->empty());
    CHECK(table.entries[0]->zone.name() == "UTC");
    CHECK(table.entries[1]->zone.name() == "Test/East");
    CHECK(variables(*table.entries[1]) ==
          Strings{"FOO=", "CRON_TZ=Test/East", "MAILTO=joe", "USER=jane"});
}

TEST_CASE("dialect: the crons' has no years, and a percent sign ends the command", "[crontab]") {
    CHECK(places(parse_user("* * * * * 2027 a")) == Strings{"1:11 error six-fields"});
    CHECK(commands(parse_user("* * * * * a%b")) == Strings{"a"});
}

}  // namespace cron::crontab
