// Settings that say what the process of a run is given: CRON_NICE, CRON_IONICE, CRON_UMASK.
#include "crontab/launch_text.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::crontab {
namespace {

using Class = IoPriority::Class;

Table parse_of(std::string_view owner, std::string_view text) {
    Options options = options_of(Kind::user);
    options.owner = owner;
    return parse(text, options);
}

const Policy::Launch& launch_of(const Table& table, std::size_t entry) {
    return table.entries.at(entry)->policy->launch;
}

TEST_CASE("nice value: a whole number from -20 to 19", "[crontab]") {
    const std::pair<std::string_view, int> good[] = {{"0", 0},   {"19", 19}, {"-20", -20},
                                                     {"-1", -1}, {"-0", 0},  {"05", 5}};
    for (const auto& [text, value] : good) CHECK(read_nice(text, kNiceMin) == value);
    for (const std::string_view bad : {"", "-", "20", "-21", "+5", "5.0", "low", " 5", "--5",
                                       "4294967297", "-99999999999999999999"}) {
        CAPTURE(bad);
        REQUIRE_FALSE(read_nice(bad, kNiceMin));
        CHECK(read_nice(bad, kNiceMin).error().message.find("is not a nice value from -20 to 19") !=
              std::string::npos);
    }
}

TEST_CASE("nice value: below the least that is allowed it is denied, and the error says so",
          "[crontab]") {
    CHECK(read_nice("0", 0) == 0);
    const auto denied = read_nice("-5", 0);
    REQUIRE_FALSE(denied);
    CHECK(denied.error().code == ErrorCode::denied);
    CHECK(denied.error().message ==
          "'-5' is a nice value that only tables of root may have: here it is from 0 to 19");
}

TEST_CASE("disk priority: idle, best-effort with or without a level, realtime with one",
          "[crontab]") {
    CHECK(read_io_priority("idle", false) == IoPriority{Class::idle, 0});
    CHECK(read_io_priority("best-effort", false) == IoPriority{Class::best_effort, 4});
    CHECK(read_io_priority("best-effort:0", false) == IoPriority{Class::best_effort, 0});
    CHECK(read_io_priority("best-effort:7", false) == IoPriority{Class::best_effort, 7});
    CHECK(read_io_priority("realtime:0", true) == IoPriority{Class::realtime, 0});
    for (const std::string_view bad :
         {"", "idle:0", "best-effort:8", "best-effort:", "best-effort:-1", "best-effort: 1",
          "realtime", "realtime:8", "realtime:", "Idle", "none", "2", ":4", "best-effort:1:2"}) {
        CAPTURE(bad);
        CHECK_FALSE(read_io_priority(bad, true));
    }
}

TEST_CASE("disk priority: realtime is denied where it is not allowed", "[crontab]") {
    for (const std::string_view text : {"realtime:4", "realtime:0", "realtime"}) {
        const auto denied = read_io_priority(text, false);
        REQUIRE_FALSE(denied);
        CHECK(denied.error().code == ErrorCode::denied);
        CHECK(denied.error().message.find("a class that only tables of root may have") !=
              std::string::npos);
    }
}

TEST_CASE("umask: an octal number from 0 to 777", "[crontab]") {
    const std::pair<std::string_view, std::uint32_t> good[] = {
        {"0", 0}, {"022", 022}, {"22", 022}, {"0027", 027}, {"777", 0777}, {"0000", 0}};
    for (const auto& [text, value] : good) CHECK(read_umask(text) == value);
    for (const std::string_view bad :
         {"", "8", "1000", "00022", "-1", "0x1f", "u=rwx", "0 22", "777777777777777777777"}) {
        CAPTURE(bad);
        REQUIRE_FALSE(read_umask(bad));
        CHECK(read_umask(bad).error().message.find("an octal number from 0 to 777") !=
              std::string::npos);
    }
}

TEST_CASE("output limit: a number of bytes with K, M or G, from 4K to 1024G", "[crontab]") {
    const std::pair<std::string_view, std::uint64_t> good[] = {{"4K", 4096},
                                                               {"4096", 4096},
                                                               {"64K", 65'536},
                                                               {"1M", 1'048'576},
                                                               {"2G", 2'147'483'648},
                                                               {"5000", 5000},
                                                               {"1024G", std::uint64_t{1} << 40}};
    for (const auto& [text, value] : good) CHECK(read_max_output(text) == value);
    for (const std::string_view bad :
         {"", "K", "0", "4095", "3K", "1025G", "1T", "1m", "64k", "64KB", "1.5M", "-1M", "1 M",
          "18014398509481985K", "99999999999999999999G"}) {
        CAPTURE(bad);
        REQUIRE_FALSE(read_max_output(bad));
        CHECK(read_max_output(bad).error().message.find("is not a size from 4K to 1024G") !=
              std::string::npos);
    }
    const Table table = parse_user(
        "* * * * * a\nCRON_MAX_OUTPUT=64K\n* * * * * b\nCRON_MAX_OUTPUT=1K\n* * * * * c\n");
    CHECK(places(table) == Strings{"4:17 error bad-setting"});
    CHECK(table.entries.at(0)->policy->max_output_bytes == 1'048'576);
    CHECK(table.entries.at(1)->policy->max_output_bytes == 65'536);
    CHECK(table.entries.at(2)->policy->max_output_bytes == 1'048'576);
}

TEST_CASE("processor share: a percentage of one processor, with its sign", "[crontab]") {
    const std::pair<std::string_view, std::uint32_t> good[] = {
        {"1%", 1}, {"50%", 50}, {"050%", 50}, {"200%", 200}, {"100000%", 100'000}};
    for (const auto& [text, value] : good) CHECK(read_cpu_percent(text) == value);
    for (const std::string_view bad : {"", "%", "0%", "100001%", "50", "1.5", "1.5%", "-50%",
                                       "50 %", "50%%", "%50", "18446744073709551617%"}) {
        CAPTURE(bad);
        REQUIRE_FALSE(read_cpu_percent(bad));
        CHECK(read_cpu_percent(bad).error().message.find(
                  "is not a share of one processor from 1% to 100000%, such as 50% or 200%") !=
              std::string::npos);
    }
}

TEST_CASE("memory limit: a number of bytes with K, M, G or T, from 1M to 1024T", "[crontab]") {
    const std::pair<std::string_view, std::uint64_t> good[] = {
        {"1M", 1U << 20},   {"1048576", 1U << 20}, {"1024K", 1U << 20},  {"512M", 512U << 20},
        {"2G", 2ULL << 30}, {"1T", 1ULL << 40},    {"1024T", 1ULL << 50}};
    for (const auto& [text, value] : good) CHECK(read_memory(text) == value);
    for (const std::string_view bad :
         {"", "M", "0", "1", "1023K", "1025T", "1P", "512m", "512MB", "1.5G", "-1G", "50%",
          "17592186044416M", "99999999999999999999T"}) {
        CAPTURE(bad);
        REQUIRE_FALSE(read_memory(bad));
        CHECK(read_memory(bad).error().message.find("is not a size from 1M to 1024T") !=
              std::string::npos);
    }
}

TEST_CASE("process limit: a number from 1 to as many as Linux can have", "[crontab]") {
    CHECK(read_pids("1") == 1U);
    CHECK(read_pids("4194304") == 4'194'304U);
    for (const std::string_view bad : {"", "0", "4194305", "-1", "max", "1K", "4294967297"}) {
        CAPTURE(bad);
        REQUIRE_FALSE(read_pids(bad));
        CHECK(read_pids(bad).error().message.find(
                  "is not a number of processes from 1 to 4194304") != std::string::npos);
    }
}

TEST_CASE("limits: of those that the machine cannot enforce the table is warned once",
          "[crontab]") {
    const std::string_view text =
        "CRON_MEMORY=\"\"\nCRON_MEMORY=much\n* * * * * a\n  CRON_MEMORY=1G\n* * * * * b\n"
        "CRON_MEMORY=2G\nCRON_PIDS=9\n* * * * * c\n";
    Options options = options_of(Kind::user);
    CHECK(places(parse(text, options)) == Strings{"2:13 error bad-setting"});
    options.unenforced = {{"CRON_MEMORY", "there is no such controller"}, {"CRON_CPU", "nor this"}};
    const Table table = parse(text, options);
    REQUIRE(places(table) == Strings{"2:13 error bad-setting", "4:3 warning not-enforced"});
    CHECK(table.diagnostics[1].message ==
          "CRON_MEMORY cannot be enforced here, and the jobs run without it: there is no such "
          "controller");
    CHECK(commands(table) == Strings{"a", "b", "c"});
    CHECK(launch_of(table, 2).limits == Limits{{}, 2ULL << 30, 9});
}

TEST_CASE("launch settings: they hold for the entries below, and empty restores the default",
          "[crontab]") {
    const Table table = parse_user(
        "* * * * * a\nCRON_NICE=10\nCRON_IONICE=idle\nCRON_UMASK=077\n* * * * * b\n"
        "CRON_NICE=\"\"\nCRON_IONICE=\"\"\nCRON_UMASK=\"\"\n* * * * * c\n");
    CHECK(places(table).empty());
    CHECK(launch_of(table, 0) == Policy::Launch{});
    CHECK(launch_of(table, 0).umask == 022);
    CHECK(launch_of(table, 1).nice == 10);
    CHECK(launch_of(table, 1).io_priority == IoPriority{Class::idle, 0});
    CHECK(launch_of(table, 1).umask == 077);
    CHECK_FALSE(launch_of(table, 2).nice);
    CHECK_FALSE(launch_of(table, 2).io_priority);
    CHECK(launch_of(table, 2).umask == 022);
    for (const auto& entry : table.entries) CHECK(variables(*entry).empty());
}

TEST_CASE("launch settings: a nice value below 0 and realtime are for tables of root",
          "[crontab]") {
    const std::string_view text = "CRON_NICE=-5\nCRON_IONICE=realtime:2\n* * * * * a\n";
    const Table of_joe = parse_of("joe", text);
    CHECK(places(of_joe) == Strings{"1:11 error bad-setting", "2:13 error bad-setting"});
    // It runs all the same: as crond was started is no harm.
    CHECK(commands(of_joe) == Strings{"a"});
    CHECK_FALSE(launch_of(of_joe, 0).nice);
    CHECK_FALSE(launch_of(of_joe, 0).io_priority);

    const Table of_root = parse_of("root", text);
    const Table of_system = parse_system("CRON_NICE=-5\nCRON_IONICE=realtime:2\n* * * * * joe a\n");
    for (const Table* table : {&of_root, &of_system}) {
        CHECK(places(*table).empty());
        CHECK(launch_of(*table, 0).nice == -5);
        CHECK(launch_of(*table, 0).io_priority == IoPriority{Class::realtime, 2});
    }
}

TEST_CASE("launch settings: a user's nice value is set with the user's rights", "[crontab]") {
    const std::string_view text = "CRON_NICE=5\n* * * * * a\n";
    CHECK(launch_of(parse_of("joe", text), 0).nice_as_user);
    CHECK_FALSE(launch_of(parse_of("root", text), 0).nice_as_user);
    CHECK_FALSE(launch_of(parse_system("CRON_NICE=5\n* * * * * joe a\n"), 0).nice_as_user);
}

TEST_CASE("launch settings: a bad umask stops the entries below, a bad priority does not",
          "[crontab]") {
    const Table table = parse_user(
        "CRON_NICE=slow\nCRON_IONICE=slow\n* * * * * a\nCRON_UMASK=u=rwx\n* * * * * b\n"
        "CRON_UMASK=027\n* * * * * c\n");
    CHECK(commands(table) == Strings{"a", "c"});
    REQUIRE(places(table) ==
            Strings{"1:11 error bad-setting", "2:13 error bad-setting", "4:12 error bad-setting"});
    CHECK(table.diagnostics[2].message ==
          "'u=rwx' is not an octal number from 0 to 777; the entry below it does not run");
}

}  // namespace
}  // namespace cron::crontab
