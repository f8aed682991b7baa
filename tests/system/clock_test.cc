// The daemon, its clock and its zone: a new /etc/localtime, a daemon that was stopped for a while.
#include <catch2/catch.hpp>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <set>
#include <sstream>

#include "machine.h"

using namespace cron;
using namespace cron::system_test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kZoneinfo = "/usr/share/zoneinfo/";

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

// Replaces etc/localtime at once, as timedatectl does.
void link_zone(const TempRoot& root, const std::string& name) {
    fs::create_symlink(kZoneinfo + name, root.path("/new"));
    fs::rename(root.path("/new"), root.path("/etc/localtime"));
}
void copy_zone(const TempRoot& root, const std::string& name, const std::string& below) {
    fs::copy_file(kZoneinfo + name, root.path("/new"));
    fs::rename(root.path("/new"), root.path(below));
}

// The hour, in UTC, at which a job is due next: "03:00" of "2026-11-22T03:00:00Z".
std::string next_of(Process& crond, const std::string& job) {
    const std::string text = crond.output();
    const std::size_t line = text.rfind("\"job\":\"" + job + "\"");
    const std::size_t next = text.find("\"next\":\"", line);
    if (line == std::string::npos || next == std::string::npos) return "";
    return text.substr(next + 19, 5);
}

// Asks the daemon until it says that of the job.
bool comes_to_be_due(Process& crond, const std::string& job, const std::string& hour) {
    return eventually([&] {
        crond.signal(SIGUSR1);
        return next_of(crond, job) == hour;
    });
}

// A field of a line of the log.
std::string text_of(const std::string& line, const std::string& key) {
    const std::string begin = "\"" + key + "\":\"";
    const std::size_t at = line.find(begin) + begin.size();
    return line.substr(at, line.find('"', at) - at);
}

// Within its hour, of "2026-11-22T03:04:05Z".
int second_of(const std::string& instant) {
    return std::stoi(instant.substr(14, 2)) * 60 + std::stoi(instant.substr(17, 2));
}

const std::string kTable =
    "0 12 * * * root noon\n@every 12h root twice\nCRON_TZ=Asia/Kolkata\n0 12 * * * root own\n";

}  // namespace

TEST_CASE("crond: a new /etc/localtime counts without a restart or a signal", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    link_zone(root, "Etc/GMT+5");
    root.system_table(kTable);
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("started")));
    REQUIRE(comes_to_be_due(crond, "noon", "17:00"));
    CHECK(next_of(crond, "own") == "06:30");

    SECTION("another link") { link_zone(root, "Asia/Tokyo"); }
    SECTION("a copy in its place") { copy_zone(root, "Asia/Tokyo", "/etc/localtime"); }
    SECTION("a link over another link") {
        fs::create_symlink(std::string(kZoneinfo) + "Asia/Tokyo", root.path("/etc/zone"));
        fs::create_symlink("zone", root.path("/new"));
        fs::rename(root.path("/new"), root.path("/etc/localtime"));
    }
    SECTION("taken away and made again, as ln -sf does") {
        fs::remove(root.path("/etc/localtime"));
        fs::create_symlink(std::string(kZoneinfo) + "Asia/Tokyo", root.path("/etc/localtime"));
    }
    REQUIRE(crond.writes(event("zone-changed")));
    CHECK(comes_to_be_due(crond, "noon", "03:00"));
    CHECK(next_of(crond, "own") == "06:30");
    CHECK(crond.count(event("zone-changed")) == 1);
    CHECK(crond.count("\"from\":\"Etc/GMT+5\"") == 1);
    CHECK(crond.count(event("table-loaded")) == 0);  // no table has changed
    CHECK(crond.count("+09:00\"") > 0);              // the log has the new zone too
}

TEST_CASE("crond: the file that /etc/localtime leads to is watched too", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    fs::create_directory(root.path("/zones"));
    copy_zone(root, "Etc/GMT+5", "/zones/here");
    fs::create_symlink("../zones/here", root.path("/etc/localtime"));
    root.system_table(kTable);
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("started")));
    copy_zone(root, "Asia/Tokyo", "/zones/here");
    REQUIRE(crond.writes(event("zone-changed")));
    CHECK(comes_to_be_due(crond, "noon", "03:00"));
}

TEST_CASE("crond: a broken /etc/localtime leaves the zone as it is, and that is said once",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    link_zone(root, "Etc/GMT+5");
    root.system_table(kTable);
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("started")));
    root.write("/etc/localtime", "this is no zone\n");
    REQUIRE(crond.writes(event("zone-kept")));
    // It is looked at again whenever something changes.
    for (int i = 1; i <= 3; ++i) {
        root.system_table(kTable + "# " + std::to_string(i) + "\n");
        REQUIRE(crond.writes(event("table-loaded"), i));
    }
    CHECK(crond.count(event("zone-kept")) == 1);
    CHECK(comes_to_be_due(crond, "noon", "17:00"));
    // Whoever asks is told again, and the tables are read all the same.
    root.system_table("1 12 * * * root more\n" + kTable);
    crond.signal(SIGHUP);
    CHECK(crond.writes(event("zone-kept"), 2));
    CHECK(comes_to_be_due(crond, "more", "17:01"));
    link_zone(root, "Asia/Tokyo");
    CHECK(crond.writes(event("zone-changed")));
    CHECK(comes_to_be_due(crond, "noon", "03:00"));
}

TEST_CASE("crond: with TZ set /etc/localtime does not matter", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    link_zone(root, "Etc/GMT+5");
    root.system_table(kTable);
    Process crond(crond_arguments(root), [] { ::setenv("TZ", "Asia/Tokyo", 1); });
    REQUIRE(crond.writes(event("started")));
    link_zone(root, "Etc/GMT+5");
    link_zone(root, "Europe/Berlin");
    root.system_table("1 12 * * * root more\n" + kTable);
    REQUIRE(crond.writes(event("table-loaded")));
    crond.signal(SIGHUP);
    CHECK(comes_to_be_due(crond, "more", "03:01"));
    CHECK(comes_to_be_due(crond, "noon", "03:00"));
    CHECK(crond.count(event("zone-changed")) == 0);
}

TEST_CASE("crond: what the log writes with a Z is UTC, wherever the daemon is", "[system]") {
    const TempRoot root;
    root.write("/table", "CRON_TZ=UTC\n30 7 1 1 * true\n");
    const char* const zone = GENERATE("UTC", "Asia/Tokyo", "EST5EDT");
    Process crond({BELFRY_CROND, "--foreground", "--log", "json", root.path("/table")},
                  [&] { ::setenv("TZ", zone, 1); });
    REQUIRE(crond.writes(event("started")));
    crond.signal(SIGUSR1);
    CHECK(crond.writes("-01-01T07:30:00Z"));
}

TEST_CASE("crond: the same zone in another file is no change, and nothing is read again",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    copy_zone(root, "Asia/Tokyo", "/etc/localtime");
    root.system_table(kTable);
    Process crond(crond_arguments(root, {"--log-level", "debug"}));
    REQUIRE(crond.writes(event("started")));
    REQUIRE(crond.count(event("table-loaded")) == 1);
    for (int i = 0; i < 5; ++i) copy_zone(root, "Asia/Tokyo", "/etc/localtime");
    root.write("/etc/cron.d/more", "0 0 1 1 * root true\n");
    REQUIRE(crond.writes("cron.d/more"));
    CHECK(crond.count(event("zone-changed")) == 0);
    CHECK(crond.count(event("table-loaded")) == 2);
}

TEST_CASE("crond: a schedule that is never due is told once for each version of its table",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table("0 0 31 2 * root never\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("started")));
    REQUIRE(crond.writes("never-due"));
    for (int i = 1; i <= 5; ++i) {
        crond.signal(SIGHUP);
        REQUIRE(crond.writes(event("reload"), i));
    }
    link_zone(root, "Asia/Tokyo");
    root.write("/etc/cron.d/more", "0 0 1 1 * root true\n");
    REQUIRE(crond.writes("cron.d/more"));
    CHECK(crond.count("never-due") == 1);
    root.system_table("# new\n0 0 31 2 * root never\n");
    CHECK(crond.writes("never-due", 2));
    crond.signal(SIGUSR1);
    CHECK(crond.writes("\"next\":\"never\""));
}

TEST_CASE("crond: a change counts on a daemon that has nothing to do", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table("0 0 1 1 * root true\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("started")));
    for (int i = 1; i <= 3; ++i) {
        root.system_table("0 0 1 1 * root true\n# " + std::to_string(i) + "\n");
        REQUIRE(crond.writes(event("table-loaded"), i));
    }
}

TEST_CASE(
    "crond: of the seconds in which the daemon was stopped the latest runs, the others are on "
    "record as merged",
    "[system]") {
    const TempRoot root;
    root.write("/table", "CRON_SECONDS=yes\n* * * * * * true\n");
    Process crond({BELFRY_CROND, "--foreground", "--log", "json", root.path("/table")});
    REQUIRE(crond.writes(event("run-ended")));
    crond.signal(SIGSTOP);
    const std::time_t until = std::time(nullptr) + 4;
    REQUIRE(eventually([&] { return std::time(nullptr) >= until; }));
    crond.signal(SIGCONT);
    REQUIRE(crond.writes(event("due-merged")));
    const int started = crond.count(event("run-started"));
    REQUIRE(crond.writes(event("run-started"), started + 2));
    CHECK(crond.count(event("due-missed")) == 0);

    std::multiset<std::string> told;
    int merged = 0;
    std::istringstream log(crond.output());
    for (std::string line; std::getline(log, line);) {
        for (const char* name : {"run-started", "run-merged"}) {
            if (line.find(event(name)) != std::string::npos) told.insert(text_of(line, "due"));
        }
        if (line.find(event("due-merged")) == std::string::npos) continue;
        merged += std::stoi(line.substr(line.find("\"count\":") + 8));
    }
    // One fate for each second from the first to the last.
    CHECK(std::set<std::string>(told.begin(), told.end()).size() == told.size());
    const int seconds = second_of(*told.rbegin()) - second_of(*told.begin()) + 1;
    CHECK((seconds + 3600) % 3600 == static_cast<int>(told.size()) + merged);
    CHECK(merged >= 1);
}
