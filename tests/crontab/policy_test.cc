// Settings that say when and whether the jobs below run: how they hold in a table.
#include "crontab/policy.h"

#include <catch2/catch.hpp>

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crontab/settings.h"
#include "support.h"

namespace cron::crontab {
namespace {

// A setting with a value other than its default, what that makes of the policy, and a bad value.
struct Sample {
    std::string name;
    std::string good;
    std::function<void(Policy&)> change;
    std::string bad;  // empty: there is none
};

const std::vector<Sample>& samples() {
    static const std::vector<Sample> kSamples = {
        {"CRON_ENABLED", "no", [](Policy& p) { p.enabled = false; }, "NO"},
        {"CRON_OVERLAP", "queue", [](Policy& p) { p.overlap = Overlap::queue; }, "wait"},
        {"CRON_TIMEOUT", "90s", [](Policy& p) { p.timeout = seconds{90}; }, "0s"},
        {"CRON_KILL_AFTER", "0s", [](Policy& p) { p.kill_after = seconds{0}; }, "0"},
        {"CRON_RETRY", "3/30s..10m",
         [](Policy& p) {
             p.retry = {3, seconds{30}, minutes{10}};
         },
         "101"},
        {"CRON_CATCH_UP", "1d", [](Policy& p) { p.catch_up = hours{24}; }, "yes"},
        {"CRON_JITTER", "1d", [](Policy& p) { p.jitter = hours{24}; }, "25h"},
        {"RANDOM_DELAY", "45", [](Policy& p) { p.random_delay = minutes{45}; }, "45m"},
        {"CRON_WINDOW", "22:00-06:00",
         [](Policy& p) {
             p.window = Window{hours{22}, hours{6}};
         },
         "night"},
        {"CRON_POOL", "backup", [](Policy& p) { p.pool = "joe/backup"; }, "a/b"},
        {"CRON_MAIL", "never", [](Policy& p) { p.mail = MailWhen::never; }, "none"},
        {"CRON_ON_FAILURE", "mail -s \"$CRON_JOB\" ops",
         [](Policy& p) { p.on_failure = SharedText("mail -s \"$CRON_JOB\" ops"); }, ""},
        {"CRON_ON_SUCCESS", "touch ok", [](Policy& p) { p.on_success = SharedText("touch ok"); },
         ""},
        {"CRON_FAIL_ON_STDERR", "yes", [](Policy& p) { p.fails_on_stderr = true; }, "1"},
        {"CRON_NICE", "5",
         [](Policy& p) {
             p.launch.nice = 5;
             p.launch.nice_as_user = true;
         },
         "20"},
        {"CRON_IONICE", "idle",
         [](Policy& p) {
             p.launch.io_priority = IoPriority{IoPriority::Class::idle, 0};
         },
         "fast"},
        {"CRON_UMASK", "077", [](Policy& p) { p.launch.umask = 077; }, "888"},
        {"CRON_CPU", "150%", [](Policy& p) { p.launch.limits.cpu_percent = 150; }, "1.5"},
        {"CRON_MEMORY", "512M", [](Policy& p) { p.launch.limits.memory_bytes = 512U << 20; }, "1"},
        {"CRON_PIDS", "64", [](Policy& p) { p.launch.limits.pids = 64; }, "0"},
        {"CRON_MAX_OUTPUT", "64K", [](Policy& p) { p.max_output_bytes = 64U << 10; }, "1"},
    };
    return kSamples;
}

Policy changed(const Sample& sample) {
    Policy policy;
    sample.change(policy);
    return policy;
}

Policy policy_of(std::string_view line) {
    const Table table = parse_user(std::string(line) + "\n* * * * * a\n");
    REQUIRE(table.entries.size() == 1);
    return *table.entries[0]->policy;
}

JobId named(std::string_view name) { return JobId::named("joe", "/tables/joe", name); }
JobId of_line(std::string_view schedule, std::string_view command, std::uint32_t number = 0) {
    return JobId::of_line("joe", "/tables/joe", schedule, command, number);
}

TEST_CASE("policy: these tests know every setting", "[crontab]") {
    std::set<std::string_view> known = {kZoneSetting, kSecondsSetting, kNameSetting};
    for (const Sample& sample : samples()) known.insert(sample.name);
    for (const Setting& setting : all_settings()) {
        INFO(setting.name);
        CHECK(known.count(setting.name) == 1);
    }
    CHECK(known.size() == all_settings().size());
}

TEST_CASE("policy: a setting holds for the entries below it, until set again", "[crontab]") {
    for (const Sample& sample : samples()) {
        CAPTURE(sample.name);
        const Table table = parse_user("* * * * * a\n" + sample.name + "=" + sample.good +
                                       "\n* * * * * b\nFOO=bar\n* * * * * c\n" + sample.name +
                                       " = \"\"\n* * * * * d\n");
        CHECK(places(table).empty());
        REQUIRE(table.entries.size() == 4);
        CHECK(*table.entries[0]->policy == Policy{});
        CHECK(*table.entries[1]->policy == changed(sample));
        CHECK(*table.entries[2]->policy == changed(sample));
        CHECK(*table.entries[3]->policy == Policy{});
    }
}

TEST_CASE("policy: settings of different names hold together", "[crontab]") {
    std::string text;
    Policy all;
    for (const Sample& sample : samples()) {
        text += sample.name + "=" + sample.good + "\n";
        sample.change(all);
    }
    CHECK(policy_of(text) == all);
}

TEST_CASE("policy: a default written out, an empty value, and no line mean the same", "[crontab]") {
    for (const Setting& setting : all_settings()) {
        CAPTURE(setting.name);
        const std::string name(setting.name);
        CHECK(policy_of(name + "=" + std::string(setting.default_value)) == Policy{});
        CHECK(policy_of(name + "=\"\"") == Policy{});
        CHECK(policy_of(name + "=''") == Policy{});
    }
}

TEST_CASE("policy: blanks round an unquoted value do not count, those in quotes do", "[crontab]") {
    CHECK(policy_of("CRON_OVERLAP =  forbid \t").overlap == Overlap::forbid);
    CHECK(policy_of("CRON_OVERLAP='forbid'  ").overlap == Overlap::forbid);
    const Table table = parse_user("CRON_OVERLAP=\"forbid \"\n* * * * * a\n");
    CHECK(table.entries.empty());
    CHECK(table.diagnostics.at(0).message ==
          "'forbid ' is not allow, forbid, queue or replace; the entry below it does not run");
}

TEST_CASE(
    "policy: a bad value suspends the entries below where the default would do harm, and is "
    "the default elsewhere",
    "[crontab]") {
    for (const Sample& sample : samples()) {
        CAPTURE(sample.name);
        if (sample.bad.empty()) continue;
        const std::string set = sample.name + "=";
        const Table table =
            parse_user(set + sample.good + "\n* * * * * a\n" + set + sample.bad +
                       "\n* * * * * b\n* * * * * c\n" + set + sample.good + "\n* * * * * d\n");
        const Setting* const setting = find_setting(sample.name);
        REQUIRE(setting != nullptr);
        REQUIRE(table.diagnostics.size() == 1);
        const Diagnostic& diagnostic = table.diagnostics[0];
        CHECK(diagnostic.severity == Severity::error);
        CHECK(diagnostic.name == "bad-setting");
        CHECK(diagnostic.line == 3);
        CHECK(diagnostic.begin == set.size());
        CHECK(diagnostic.end == set.size() + sample.bad.size());
        const bool is_told =
            diagnostic.message.find("; the 2 entries below it do not run") != std::string::npos;
        CHECK(is_told == setting->bad_value_stops_entries);
        CHECK(commands(table) ==
              (setting->bad_value_stops_entries ? Strings{"a", "d"} : Strings{"a", "b", "c", "d"}));
        CHECK(*table.entries.back()->policy == changed(sample));
        if (table.entries.size() == 4) CHECK(*table.entries[1]->policy == Policy{});
    }
}

TEST_CASE("policy: a line that fails to set a setting is a bad value of it", "[crontab]") {
    using namespace std::string_literals;
    for (const std::string& bad : {"CRON_RETRY=\"5"s, "export CRON_RETRY=5"s, "CRON_RETRY=5\0"s,
                                   "CRON_RETRY='5' # five"s, "\"CRON_RETRY\" = 5\0"s}) {
        CAPTURE(bad);
        const Table table = parse_user("CRON_RETRY=3\n" + bad + "\n* * * * * a\n");
        CHECK(table.has_errors());
        REQUIRE(table.entries.size() == 1);
        CHECK(table.entries[0]->policy->retry == Retry{});
    }
}

TEST_CASE("policy: the hint of a bad value says what the setting is, and its default",
          "[crontab]") {
    const Table table = parse_user("CRON_OVERLAP=no\nCRON_TIMEOUT=0\nRANDOM_DELAY=1h\n");
    REQUIRE(table.diagnostics.size() == 3);
    CHECK(table.diagnostics[0].message == "'no' is not allow, forbid, queue or replace");
    CHECK(table.diagnostics[0].hint ==
          "CRON_OVERLAP is what happens when a job is due while its last run still lives; "
          "CRON_OVERLAP=\"\" is the default, allow");
    CHECK(table.diagnostics[1].message ==
          "'0' is not a duration from 1s to 3660d, such as 90s or 2h30m");
    CHECK(table.diagnostics[1].hint ==
          "CRON_TIMEOUT is how long a run may take before it is ended; "
          "CRON_TIMEOUT=\"\" is the default");
    CHECK(table.diagnostics[2].message == "'1h' is not a number of minutes from 0 to 1440");
    CHECK(table.diagnostics[2].hint ==
          "RANDOM_DELAY is the same as CRON_JITTER, in minutes, and added to it; "
          "RANDOM_DELAY=\"\" is the default, 0");
}

TEST_CASE("policy: settings are not passed on to the jobs, but for CRON_TZ and RANDOM_DELAY",
          "[crontab]") {
    std::string text = "CRON_TZ=Test/East\nCRON_SECONDS=no\nCRON_NAME=x\n";
    for (const Sample& sample : samples()) text += sample.name + "=" + sample.good + "\n";
    const Table table = parse_user(text + "* * * * * a\n");
    CHECK(places(table).empty());
    CHECK(variables(*table.entries.at(0)) == Strings{"CRON_TZ=Test/East", "RANDOM_DELAY=45"});
}

TEST_CASE("policy: in a user's table the pool is the owner's, in a system table the machine's",
          "[crontab]") {
    CHECK(policy_of("CRON_POOL=backup").pool == "joe/backup");
    const Table table = parse_system("CRON_POOL=backup\n* * * * * joe a\n* * * * * root b\n");
    REQUIRE(table.entries.size() == 2);
    CHECK(table.entries[0]->policy->pool == "backup");
    CHECK(table.entries[1]->policy->pool == "backup");
    CHECK(parse_system("CRON_POOL=joe/backup\n* * * * * root a\n").entries.empty());
}

TEST_CASE("policy: the flag -s forbids overlap for its entry only, whatever is set", "[crontab]") {
    for (const std::string value : {"allow", "forbid", "queue", "replace"}) {
        CAPTURE(value);
        const Table table = parse_user("CRON_OVERLAP=" + value + "\n* * * * * -s a\n* * * * * b\n");
        CHECK(table.entries.at(0)->policy->overlap == Overlap::forbid);
        CHECK(table.entries.at(1)->policy->overlap == policy_of("CRON_OVERLAP=" + value).overlap);
    }
}

TEST_CASE("settings: what CRON_OVERLAP is without a value can be chosen", "[crontab]") {
    Options options = options_of(Kind::user);
    options.overlap = Overlap::forbid;
    const Table table = parse(
        "* * * * * a\nCRON_OVERLAP=allow\n* * * * * b\nCRON_OVERLAP=\n* * * * * c\n", options);
    std::vector<Overlap> overlaps;
    for (const auto& entry : table.entries) overlaps.push_back(entry->policy->overlap);
    CHECK(overlaps == std::vector{Overlap::forbid, Overlap::allow, Overlap::forbid});
}

TEST_CASE("policy: the flag -n takes the mail of good runs away, and adds none", "[crontab]") {
    const std::vector<std::pair<std::string, MailWhen>> cases = {
        {"output", MailWhen::failed_output},
        {"failure", MailWhen::failure},
        {"always", MailWhen::failure},
        {"never", MailWhen::never}};
    for (const auto& [value, expected] : cases) {
        CAPTURE(value);
        const Table table = parse_user("CRON_MAIL=" + value + "\n* * * * * -n a\n* * * * * b\n");
        CHECK(table.entries.at(0)->policy->mail == expected);
        CHECK(table.entries.at(1)->policy->mail == policy_of("CRON_MAIL=" + value).mail);
    }
}

TEST_CASE("policy: entries between two settings share one, those with the same flags too",
          "[crontab]") {
    const Table table = parse_user(
        "CRON_RETRY=3\n* * * * * a\nFOO=bar\nCRON_TZ=Test/East\n* * * * * b\n* * * * * -q c\n"
        "* * * * * -s d\n* * * * * -q -s e\n* * * * * -n -s f\n* * * * * g\n"
        "CRON_RETRY=3/30s\n* * * * * h\nCRON_RETRY=4\n* * * * * i\n");
    CHECK(places(table).empty());
    std::vector<const Policy*> policies;
    for (const auto& entry : table.entries) policies.push_back(entry->policy.get());
    REQUIRE(policies.size() == 9);
    CHECK(policies[1] == policies[0]);
    CHECK(policies[2] == policies[0]);
    CHECK(policies[4] == policies[3]);
    CHECK(policies[6] == policies[0]);
    CHECK(policies[7] == policies[0]);  // the same value again
    CHECK(std::set<const Policy*>(policies.begin(), policies.end()).size() == 4);
}

TEST_CASE("policy: beyond kPoliciesMax changes each entry is an error of its line", "[crontab]") {
    std::string text;
    for (std::size_t i = 0; i < kPoliciesMax; ++i) {
        text += i % 2 == 0 ? "CRON_RETRY=3\n@daily a\n" : "CRON_RETRY=4\n@daily a\n";
    }
    CHECK(places(parse_user(text)).empty());
    CHECK(places(parse_user(text + "CRON_RETRY=4\n@daily b\n")).empty());
    const Table table = parse_user(text + "CRON_RETRY=5\n@daily b\n@daily c\n");
    CHECK(table.entries.size() == kPoliciesMax);
    CHECK(places(table) ==
          Strings{"200002:1 error too-many-settings", "200003:1 error too-many-settings"});
    CHECK(table.diagnostics.at(0).message == "the settings change more than 100000 times");
}

TEST_CASE("CRON_NAME: it names the job of the next entry, and of no other", "[crontab]") {
    const Table table = parse_user(
        "CRON_NAME=backup\n# comment\n\nFOO=bar\n1 2 * * * a\n1 2 * * * a\n1 2 * * * a\n");
    CHECK(places(table).empty());
    REQUIRE(table.entries.size() == 3);
    CHECK(table.entries[0]->id == named("backup"));
    CHECK(table.entries[1]->id == of_line("1 2 * * *", "a", 0));
    CHECK(table.entries[2]->id == of_line("1 2 * * *", "a", 1));
    CHECK(*table.entries[0]->policy == Policy{});
}

TEST_CASE("CRON_NAME: with it a job stays the same whatever its line, schedule and command",
          "[crontab]") {
    for (const std::string_view text :
         {"CRON_NAME=backup\n1 2 * * * a\n", "\n\nCRON_NAME='backup'\n@daily b\n",
          "* * * * * a\nCRON_NAME = backup\n-0 0 1 1 * -s c%d\n",
          "CRON_SECONDS=yes\nCRON_POOL=p\nCRON_NAME=backup\n* * * * * * a\n"}) {
        CAPTURE(text);
        CHECK(parse_user(text).entries.back()->id == named("backup"));
    }
    Options other = options_of(Kind::user);
    other.name = "/tables/other";
    CHECK_FALSE(parse("CRON_NAME=backup\n@daily a\n", other).entries.at(0)->id == named("backup"));
}

TEST_CASE("CRON_NAME: in a system table the job is of the user of its line", "[crontab]") {
    const Table table = parse_system("CRON_NAME=backup\n@daily joe a\n");
    CHECK(table.entries.at(0)->id == JobId::named("joe", "/tables/joe", "backup"));
}

TEST_CASE("CRON_NAME: a bad entry takes its name with it", "[crontab]") {
    using namespace std::string_literals;
    for (const std::string& bad :
         {"61 * * * * b"s, "* * * *"s, "* * * * *"s, "* * * * * a\0b"s, "* * * * * A=b\0"s,
          "* * * * * " + std::string(kLineBytesMax, 'x'), "* * * * * * * * x"s}) {
        CAPTURE(bad.substr(0, 40));
        const Table table = parse_user("CRON_NAME=backup\n" + bad + "\n@daily a\n");
        CHECK(table.has_errors());
        CHECK(table.entries.back()->id == of_line("@daily", "a"));
    }
    // So does one that a bad value above it suspends.
    const Table table = parse_user(
        "CRON_TZ=Mars\nCRON_NAME=backup\n@daily b\nCRON_TZ=\"\"\n@daily a\n"
        "CRON_SECONDS=on\nCRON_NAME=other\n@daily b\nCRON_SECONDS=no\n@hourly a\n");
    REQUIRE(table.entries.size() == 2);
    CHECK(table.entries[0]->id == of_line("@daily", "a"));
    CHECK(table.entries[1]->id == of_line("@hourly", "a"));
}

TEST_CASE("CRON_NAME: a line that is no entry, however bad, leaves the name to the next one",
          "[crontab]") {
    using namespace std::string_literals;
    for (const std::string& line :
         {"FOO=\"x"s, "export FOO=x"s, "FOO=x\0"s, "FOO=" + std::string(kLineBytesMax, 'x'),
          "#" + std::string(kLineBytesMax, '*'), std::string(kLineBytesMax + 1, ' ')}) {
        CAPTURE(line.substr(0, 40));
        const Table table = parse_user("CRON_NAME=backup\n" + line + "\n@daily a\n");
        CHECK(table.has_errors());
        CHECK(table.entries.at(0)->id == named("backup"));
    }
}

TEST_CASE("CRON_NAME: the same one twice is an error at the second, whose entry runs by its line",
          "[crontab]") {
    const Table table = parse_user(
        "CRON_NAME=backup\n@daily a\nCRON_NAME=\"backup\"\n@hourly b\nCRON_NAME=Backup\n"
        "@hourly c\n");
    CHECK(places(table) == Strings{"3:12 error bad-setting"});
    CHECK(table.diagnostics.at(0).message ==
          "'backup' is set twice: each job of a table has a name of its own");
    REQUIRE(table.entries.size() == 3);
    CHECK(table.entries[0]->id == named("backup"));
    CHECK(table.entries[1]->id == of_line("@hourly", "b"));
    CHECK(table.entries[2]->id == named("Backup"));
}

TEST_CASE("CRON_NAME: a bad or empty one leaves the entry to its line", "[crontab]") {
    for (const std::string_view line : {"CRON_NAME=\"\"", "CRON_NAME=a/b", "CRON_NAME=\"x"}) {
        CAPTURE(line);
        const Table table = parse_user("CRON_NAME=old\n" + std::string(line) + "\n@daily a\n");
        CHECK(table.entries.at(0)->id == of_line("@daily", "a"));
        CHECK(table.has_errors() == (line != "CRON_NAME=\"\""));
    }
}

}  // namespace
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
