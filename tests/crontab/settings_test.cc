// Settings: CRON_TZ, and names that might be meant as settings.
#include "crontab/settings.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::crontab {
namespace {

TEST_CASE("CRON_TZ: it is the zone of the entries below, until set again", "[crontab]") {
    for (const Kind kind : {Kind::user, Kind::system}) {
        Options options = options_of(kind);
        options.zone = calendar::Zone::fixed("Daemon", hours{1});
        const std::string entry = kind == Kind::user ? "0 9 * * * a\n" : "0 9 * * * joe a\n";
        const Table table = parse(entry + "CRON_TZ=Test/East\n" + entry + entry +
                                      "CRON_TZ = \"Test/West\"\n" + entry + "CRON_TZ=\n" + entry,
                                  options);
        CHECK(places(table).empty());
        Strings zones;
        for (const auto& e : table.entries) zones.push_back(e->zone.name());
        CHECK(zones == Strings{"Daemon", "Test/East", "Test/East", "Test/West", "Daemon"});
        // The job sees it, as in other crons.
        CHECK(variables(*table.entries.at(1)) == Strings{"CRON_TZ=Test/East"});
        CHECK(variables(*table.entries.at(4)) == Strings{"CRON_TZ="});
    }
}

TEST_CASE("CRON_TZ: an unknown zone stops the entries below, up to a good one", "[crontab]") {
    const Table table = parse_user(
        "* * * * * a\nCRON_TZ=\"Mars\"\n* * * * * b\n61 * * * * c\n* * * * * d\n"
        "CRON_TZ=Venus\n* * * * * e\nCRON_TZ=Test/East\n* * * * * f\nCRON_TZ=Pluto\n");
    CHECK(commands(table) == Strings{"a", "f"});
    CHECK(places(table) == Strings{"2:10 error bad-setting", "4:1 error bad-schedule",
                                   "6:9 error bad-setting", "10:9 error bad-setting"});
    CHECK(table.diagnostics.at(0).end == 13);
    CHECK(table.diagnostics.at(0).message == "no zone 'Mars'; the 2 entries below it do not run");
    CHECK(table.diagnostics.at(2).message == "no zone 'Venus'; the entry below it does not run");
    CHECK(table.diagnostics.at(3).message == "no zone 'Pluto'");
}

TEST_CASE("CRON_TZ: a line that fails to set it stops the entries below too", "[crontab]") {
    for (const std::string_view bad :
         {"CRON_TZ=\"Test/East", "CRON_TZ='Test/East' # home", "export CRON_TZ=Test/East",
          "setenv CRON_TZ Test/East", " \"CRON_TZ\" = 'x"}) {
        CAPTURE(bad);
        const Table table = parse_user(std::string(bad) + "\n* * * * * a\nCRON_TZ=\n* * * * * b\n");
        CHECK(commands(table) == Strings{"b"});
        REQUIRE(table.diagnostics.size() == 1);
        CHECK(table.diagnostics[0].message.find("; the entry below it does not run") !=
              std::string::npos);
    }
}

TEST_CASE("CRON_TZ: each zone is looked up once", "[crontab]") {
    int calls = 0;
    Options options = options_of(Kind::user);
    options.find_zone = [&](std::string_view name) {
        ++calls;
        return find_test_zone(name);
    };
    parse("CRON_TZ=Test/East\nCRON_TZ=Mars\nCRON_TZ=Test/East\nCRON_TZ=Mars\n* * * * * a\n",
          options);
    CHECK(calls == 2);
}

TEST_CASE("CRON_TZ: without a way to find zones it is an error", "[crontab]") {
    Options options = options_of(Kind::user);
    options.find_zone = nullptr;
    const Table table = parse("CRON_TZ=Test/East\n* * * * * a\n", options);
    CHECK(table.entries.empty());
    CHECK(table.has_errors());
}

TEST_CASE("CRON_SECONDS: yes puts a field for seconds before the five, until set again",
          "[crontab]") {
    for (const Kind kind : {Kind::user, Kind::system}) {
        const std::string run = kind == Kind::user ? " a\n" : " joe a\n";
        const Table table = parse(
            "1 2 3 4 5" + run + "CRON_SECONDS=yes\n30 1 2 3 4 5" + run + "-*/5 * * * * *" + run +
                "@daily" + run + "@every 5s" + run + "CRON_SECONDS=no\n1 2 3 4 5" + run +
                "CRON_SECONDS=\"yes\"\n0 1 2 3 4 5" + run + "CRON_SECONDS=\"\"\n1 2 3 4 5" + run,
            options_of(kind));
        CHECK(places(table).empty());
        Strings texts;
        for (const auto& entry : table.entries) texts.push_back(entry->schedule_text);
        CHECK(texts == Strings{"1 2 3 4 5", "30 1 2 3 4 5", "*/5 * * * * *", "@daily", "@every 5s",
                               "1 2 3 4 5", "0 1 2 3 4 5", "1 2 3 4 5"});
        CHECK(table.entries.at(1)->schedule.fields().seconds == std::uint64_t{1} << 30);
        CHECK(table.entries.at(1)->schedule.fields().minutes == std::uint64_t{1} << 1);
        CHECK(table.entries.at(2)->schedule.is_finer_than_a_minute());
        CHECK(table.entries.at(5)->schedule == table.entries.at(0)->schedule);
        CHECK(table.entries.at(6)->schedule == table.entries.at(0)->schedule);
        for (const auto& entry : table.entries) {
            CHECK(entry->command == "a");
            CHECK(variables(*entry).empty());
        }
    }
}

TEST_CASE("CRON_SECONDS: any other value is an error and stops the entries below, up to a good one",
          "[crontab]") {
    for (const std::string_view bad :
         {"CRON_SECONDS=true", "CRON_SECONDS=1", "CRON_SECONDS=YES", "CRON_SECONDS=\"yes",
          "export CRON_SECONDS=yes", "CRON_SECONDS=yes # comment"}) {
        CAPTURE(bad);
        const Table table = parse_user("* * * * * z\n" + std::string(bad) +
                                       "\n* * * * * a\n* * * * * * a\n61 * * * * a\n"
                                       "CRON_SECONDS=no\n* * * * * b\n");
        CHECK(commands(table) == Strings{"z", "b"});
        // How the lines below are to be read is not known: nothing is said of them.
        REQUIRE(table.diagnostics.size() == 1);
        CHECK(table.diagnostics[0].line == 2);
        CHECK(table.diagnostics[0].message.find("; the 3 entries below it do not run") !=
              std::string::npos);
    }
    const Table table = parse_user("  CRON_SECONDS = maybe\n");
    CHECK(places(table) == Strings{"1:18 error bad-setting"});
    CHECK(table.diagnostics.at(0).end == 22);
}

TEST_CASE("CRON_SECONDS: entries that do not run for a bad value keep their numbers", "[crontab]") {
    const Table table = parse_user(
        "CRON_SECONDS=on\n1 2 * * * a\n0 1 2 * * * a\nCRON_SECONDS=\n1 2 * * * a\n"
        "CRON_SECONDS=yes\n0 1 2 * * * a\n");
    REQUIRE(table.entries.size() == 2);
    CHECK(table.entries.at(0)->id == JobId::of_line("joe", "/tables/joe", "1 2 * * *", "a", 1));
    CHECK(table.entries.at(1)->id == JobId::of_line("joe", "/tables/joe", "0 1 2 * * *", "a", 1));
}

TEST_CASE("settings: a good value of one does not let run what another one stops", "[crontab]") {
    const Table table = parse_user(
        "CRON_TZ=Mars\n* * * * * a\nCRON_SECONDS=no\n* * * * * b\nCRON_SECONDS=on\n"
        "* * * * * c\nCRON_TZ=\n* * * * * d\nCRON_SECONDS=\n* * * * * e\n");
    CHECK(commands(table) == Strings{"e"});
    REQUIRE(places(table) == Strings{"1:9 error bad-setting", "5:14 error bad-setting"});
    CHECK(table.diagnostics[0].message == "no zone 'Mars'; the 3 entries below it do not run");
    CHECK(table.diagnostics[1].message ==
          "'on' is neither yes nor no; the 2 entries below it do not run");
}

TEST_CASE("settings: another CRON_ name is environment, with a warning that names the nearest",
          "[crontab]") {
    const Table table = parse_user(
        "CRON_TX=Test/East\n\"CRON_UNIQUE_UNITS\"=true\ncron_tz=x\nCRONX=y\n* * * * * a\n");
    CHECK(places(table) == Strings{"1:1 warning unknown-setting", "2:2 warning unknown-setting"});
    CHECK(table.diagnostics.at(0).hint ==
          "the nearest is CRON_TZ: the zone in which the schedules below are read");
    CHECK(variables(*table.entries.at(0)) ==
          Strings{"CRON_TX=Test/East", "CRON_UNIQUE_UNITS=true", "cron_tz=x", "CRONX=y"});
    CHECK(table.entries.at(0)->zone == calendar::Zone());
}

TEST_CASE("settings: TZ is plain environment", "[crontab]") {
    const Table table = parse_user("TZ=Test/East\n* * * * * a\n");
    CHECK(places(table).empty());
    CHECK(table.entries.at(0)->zone == calendar::Zone());
}

}  // namespace
}  // namespace cron::crontab
