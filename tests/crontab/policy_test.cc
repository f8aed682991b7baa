// The settings that say when and whether a job runs: how they are written, and for what they hold.
#include "crontab/policy.h"

#include <set>

#include <catch2/catch.hpp>

#include "crontab/policy_text.h"
#include "crontab/settings.h"
#include "support.h"

namespace cron::crontab {
namespace {

template <class Value>
std::string message_of(const Result<Value>& result) {
    return result ? "good" : result.error().message;
}

const Policy& policy_of(const Table& table, std::size_t entry = 0) {
    return *table.entries.at(entry)->policy;
}

std::string line(std::string_view setting, std::string_view value) {
    return std::string(setting) + "=" + std::string(value) + "\n";
}

constexpr std::string_view kEntry = "* * * * * a\n";

}  // namespace

TEST_CASE("a retry is a count, then a delay, then the bound of one that doubles", "[crontab]") {
    CHECK(read_retry("3") == Retry{3, seconds{30}, seconds{30}});
    CHECK(read_retry("0") == Retry{0, seconds{30}, seconds{30}});
    CHECK(read_retry("3/5m") == Retry{3, minutes{5}, minutes{5}});
    CHECK(read_retry("10/30s..10m") == Retry{10, seconds{30}, minutes{10}});
    CHECK(message_of(read_retry("101")) ==
          "'101' is not a number of retries from 0 to 100, such as 3, 3/30s or 3/30s..10m");
    for (const std::string_view bad : {"", "-1", "x", "3 /30s", "/30s"}) {
        CHECK(message_of(read_retry(bad)).find("is not a number of retries") != std::string::npos);
    }
    CHECK(message_of(read_retry("3/30")) ==
          "'3/30' is not retries and their delay, such as 3/30s or 3/30s..10m");
    CHECK(message_of(read_retry("3/30s..")).find("is not retries") != std::string::npos);
    CHECK(message_of(read_retry("3/0s")).find("a delay of 1s or more") != std::string::npos);
    CHECK(message_of(read_retry("3/1m..30s")).find("the first must be the shorter") !=
          std::string::npos);
}

TEST_CASE("a window is a span of the day, over midnight too", "[crontab]") {
    const auto night = read_window("22:00-06:00");
    REQUIRE(night);
    CHECK(night->contains(hours{23}));
    CHECK(night->contains(hours{22}));
    CHECK(night->contains(hours{5} + minutes{59} + seconds{59}));
    CHECK_FALSE(night->contains(hours{6}));
    CHECK_FALSE(night->contains(hours{12}));
    const auto day = read_window("9:00-24:00");
    REQUIRE(day);
    CHECK(day->contains(hours{23} + minutes{59}));
    CHECK_FALSE(day->contains(hours{8}));
    for (const std::string_view bad :
         {"", "9-17", "09:00", "09:00-", "09:60-10:00", "25:00-26:00", "24:00-06:00", "9:0-10:00",
          "09:00-09:00", "009:00-10:00", "09:00 - 10:00", "24:01-10:00"}) {
        INFO(bad);
        CHECK(message_of(read_window(bad)).find("is not a span of the day") != std::string::npos);
    }
}

TEST_CASE("durations have bounds that their messages tell", "[crontab]") {
    CHECK(read_duration("1d") == seconds{86'400});
    CHECK(message_of(read_duration("10")) == "'10' is not a duration such as 90s, 5m, 2h30m or 1d");
    CHECK(message_of(read_duration_up_to("2d", hours{24})) ==
          "'2d' is not a duration from 1s to 1d");
    CHECK(message_of(read_duration_up_to("0s", hours{24})) ==
          "'0s' is not a duration from 1s to 1d");
    CHECK(read_minutes("45") == minutes{45});
    CHECK(message_of(read_minutes("1441")) == "'1441' is not a number of minutes from 0 to 1440");
}

TEST_CASE("a name has letters, digits and a few signs", "[crontab]") {
    for (const std::string_view good : {"a", "nightly-backup", "db.1_x", "7"}) {
        CHECK(read_name(good));
    }
    for (const std::string_view bad : {"", "-a", ".a", "a b", "a/b", "\xC3\xA4"}) {
        CHECK_FALSE(read_name(bad));
    }
    CHECK(read_name(std::string(64, 'a')));
    CHECK_FALSE(read_name(std::string(65, 'a')));
}

TEST_CASE("each setting holds until it is set again; an empty value is the default", "[crontab]") {
    const Table table = parse_user(
        "* * * * * a\nCRON_OVERLAP=queue\nCRON_TIMEOUT=5m\nCRON_KILL_AFTER=0s\nCRON_RETRY=2\n"
        "CRON_CATCH_UP=1d\nCRON_JITTER=90s\nRANDOM_DELAY=3\nCRON_WINDOW=22:00-06:00\n"
        "CRON_POOL=db\nCRON_MAIL=always\nCRON_ENABLED=no\n* * * * * b\nCRON_OVERLAP=\"\"\n"
        "CRON_TIMEOUT=\"\"\nCRON_KILL_AFTER=\"\"\nCRON_RETRY=\"\"\nCRON_CATCH_UP=\"\"\n"
        "CRON_JITTER=\"\"\nRANDOM_DELAY=\"\"\nCRON_WINDOW=\"\"\nCRON_POOL=\"\"\nCRON_MAIL=\"\"\n"
        "CRON_ENABLED=\"\"\n* * * * * c\n");
    CHECK(places(table).empty());
    REQUIRE(table.entries.size() == 3);
    CHECK(policy_of(table, 0) == Policy{});
    Policy set;
    set.enabled = false;
    set.overlap = Overlap::queue;
    set.timeout = minutes{5};
    set.kill_after = seconds{0};
    set.retry = {2, seconds{30}, seconds{30}};
    set.catch_up = hours{24};
    set.jitter = seconds{90};
    set.random_delay = minutes{3};
    set.window = Window{hours{22}, hours{6}};
    set.pool = "joe/db";
    set.mail = MailWhen::always;
    CHECK(policy_of(table, 1) == set);
    CHECK(policy_of(table, 2) == Policy{});
}

TEST_CASE("a bad value is an error; it stops the entries below where the default would do harm",
          "[crontab]") {
    for (const Setting& setting : all_settings()) {
        if (setting.name == kZoneSetting || setting.name == kSecondsSetting) continue;
        INFO(setting.name);
        const Table table = parse_user(line(setting.name, "?!") + std::string(kEntry) +
                                       line(setting.name, "\"\"") + std::string(kEntry));
        CHECK(table.entries.size() == (setting.bad_value_stops_entries ? 1 : 2));
        REQUIRE(table.has_errors());
        CHECK(table.diagnostics[0].name == "bad-setting");
        CHECK(table.diagnostics[0].hint.find(setting.meaning) != std::string::npos);
        for (const auto& entry : table.entries) CHECK(*entry->policy == Policy{});
    }
}

TEST_CASE("of the settings only CRON_TZ and RANDOM_DELAY are passed to the jobs", "[crontab]") {
    const Table table = parse_user(
        "CRON_TZ=Test/East\nRANDOM_DELAY=3\nCRON_OVERLAP=queue\nCRON_NAME=x\n* * * * * a\n");
    REQUIRE(table.entries.size() == 1);
    CHECK(variables(*table.entries[0]) ==
          std::vector<std::string>{"CRON_TZ=Test/East", "RANDOM_DELAY=3"});
}

TEST_CASE("CRON_NAME names the next entry only, whatever its line reads", "[crontab]") {
    const Table table = parse_user("CRON_NAME=x\n1 * * * * a\n2 * * * * b\n");
    REQUIRE(table.entries.size() == 2);
    CHECK(table.entries[0]->id == JobId::named("joe", "/tables/joe", "x"));
    CHECK(table.entries[1]->id == JobId::of_line("joe", "/tables/joe", "2 * * * *", "b", 0));
    CHECK(parse_user("\n\nCRON_NAME=x\n5 5 * * * other\n").entries.at(0)->id ==
          table.entries[0]->id);
    // One that is not understood was the next one too.
    const Table bad = parse_user("CRON_NAME=x\n61 * * * * a\n2 * * * * b\n");
    REQUIRE(bad.entries.size() == 1);
    CHECK(bad.entries[0]->id.title() == "b");
}

TEST_CASE("CRON_NAME: the same name twice is an error, and the entry runs under its line's",
          "[crontab]") {
    const Table table = parse_user("CRON_NAME=x\n1 * * * * a\nCRON_NAME=x\n2 * * * * b\n");
    CHECK(places(table) == std::vector<std::string>{"3:11 error bad-setting"});
    CHECK(table.diagnostics.at(0).message == "'x' names another job of this table");
    REQUIRE(table.entries.size() == 2);
    CHECK(table.entries[1]->id == JobId::of_line("joe", "/tables/joe", "2 * * * *", "b", 0));
}

TEST_CASE("pools are the user's own, and those of system tables are shared", "[crontab]") {
    CHECK(policy_of(parse_user("CRON_POOL=db\n* * * * * a\n")).pool == "joe/db");
    CHECK(policy_of(parse_system("CRON_POOL=db\n* * * * * ann a\n")).pool == "db");
}

TEST_CASE("the flags -s and -n are rules of their entry alone", "[crontab]") {
    const Table table =
        parse_user("CRON_OVERLAP=replace\n* * * * * -s a\n* * * * * -n b\n* * * * * c\n");
    REQUIRE(table.entries.size() == 3);
    CHECK(policy_of(table, 0).overlap == Overlap::forbid);
    CHECK(policy_of(table, 1).mail == MailWhen::failed_output);
    CHECK(policy_of(table, 1).overlap == Overlap::replace);
    CHECK(policy_of(table, 2).mail == MailWhen::output);
}

TEST_CASE("entries that read alike share their policy", "[crontab]") {
    const Table table = parse_user("* * * * * a\n* * * * * b\nCRON_RETRY=1\n* * * * * c\n");
    REQUIRE(table.entries.size() == 3);
    CHECK(table.entries[0]->policy == table.entries[1]->policy);
    CHECK(table.entries[0]->policy != table.entries[2]->policy);
}

TEST_CASE("policies are bounded: what comes after is an error for each line", "[crontab]") {
    std::string text;
    for (std::size_t i = 0; i < kPoliciesMax + 2; ++i) {
        text += i % 2 == 0 ? "CRON_RETRY=1\n* * * * * a\n" : "CRON_RETRY=2\n* * * * * a\n";
    }
    const Table table = parse_user(text);
    CHECK(table.entries.size() == kPoliciesMax);
    CHECK(places(table).size() == 2);
    CHECK(table.diagnostics.at(0).name == "too-many-settings");
}

TEST_CASE("jitter: a whole number of seconds of the job's own, that stays", "[crontab]") {
    std::set<long> delays;
    for (int i = 0; i < 200; ++i) {
        const std::string text =
            "CRON_JITTER=10s\nRANDOM_DELAY=1\n* * * * * job" + std::to_string(i) + "\n";
        const Table table = parse_user(text);
        const seconds delay = table.entries.at(0)->delay;
        CHECK(delay >= seconds{0});
        CHECK(delay < seconds{70});
        CHECK(parse_user("\n" + text).entries.at(0)->delay == delay);
        delays.insert(delay.count());
    }
    CHECK(delays.size() > 50);
    Options other = options_of(Kind::user);
    other.machine_id = "another";
    const std::string text = "CRON_JITTER=1d\n* * * * * a\n";
    CHECK(parse(text, other).entries.at(0)->delay != parse_user(text).entries.at(0)->delay);
}

}  // namespace cron::crontab
