#include <catch2/catch.hpp>

#include "folder.h"
#include "tzif_builder.h"
#include "zones/load.h"

using namespace cron;
using namespace cron::zones;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::sys_seconds kSomeTime{seconds{1'800'000'000}};

std::string zone_file(int offset) { return tzif({'2', {}, {}, {offset}, 0, ""}); }

// "NAME OFFSET", or the error's message.
std::string shown(const Result<calendar::Zone>& zone) {
    if (!zone) return zone.error().message;
    return zone->name() + " " + std::to_string(zone->period_at(kSomeTime).offset.count());
}

// A folder with zone data: zoneinfo/Test/One is an hour ahead, Test/Two two.
struct Machine {
    Folder folder;
    Sources sources;

    Machine() {
        sources.zoneinfo_dir = folder / "zoneinfo";
        sources.localtime = folder / "localtime";
        folder.write("zoneinfo/Test/One", zone_file(3600));
        folder.write("zoneinfo/Test/Two", zone_file(7200));
    }

    void link_localtime(const std::string& target) {
        fs::create_symlink(target, sources.localtime);
    }
    std::string with_tz(std::string tz) {
        sources.tz = std::move(tz);
        return shown(local_zone(sources));
    }
};

}  // namespace

TEST_CASE("local_zone: a link at localtime gives the zone its name", "[zones]") {
    Machine absolute;
    absolute.link_localtime(absolute.folder / "zoneinfo/Test/One");
    CHECK(shown(local_zone(absolute.sources)) == "Test/One 3600");
    Machine relative;
    relative.link_localtime("../" + fs::path(relative.folder.path()).filename().string() +
                            "/zoneinfo/Test/Two");
    CHECK(shown(local_zone(relative.sources)) == "Test/Two 7200");
}

TEST_CASE("local_zone: a copy at localtime is called by its path", "[zones]") {
    Machine machine;
    machine.folder.write("localtime", zone_file(7200));
    CHECK(shown(local_zone(machine.sources)) == machine.sources.localtime + " 7200");
}

TEST_CASE("local_zone: without TZ and localtime it is UTC", "[zones]") {
    Machine machine;
    CHECK(shown(local_zone(machine.sources)) == "UTC 0");
    machine.sources.zoneinfo_dir = "/nonexistent";
    CHECK(shown(local_zone(machine.sources)) == "UTC 0");
}

TEST_CASE("local_zone: a localtime that cannot be read is an error, not UTC", "[zones]") {
    Machine dangling;
    dangling.link_localtime("/usr/share/zoneinfo/Mars/Phobos");
    CHECK(shown(local_zone(dangling.sources)) ==
          dangling.sources.localtime +
              " is a link to /usr/share/zoneinfo/Mars/Phobos, which does not exist");
    dangling.sources.zoneinfo_dir = "/nonexistent";
    CHECK(shown(local_zone(dangling.sources)) ==
          "there is no data for time zone 'Mars/Phobos': /nonexistent is missing or empty; install "
          "the tzdata package, mount that folder, or name a rule such as "
          "CET-1CEST,M3.5.0,M10.5.0/3");

    Machine damaged;
    damaged.folder.write("localtime", zone_file(3600).substr(0, 60));
    CHECK(shown(local_zone(damaged.sources)) == damaged.sources.localtime + " is cut short");
}

TEST_CASE("local_zone: a link to UTC needs no zone data", "[zones]") {
    Machine machine;
    machine.sources.zoneinfo_dir = "/nonexistent/zoneinfo";
    machine.link_localtime("/nonexistent/zoneinfo/Etc/UTC");
    CHECK(shown(local_zone(machine.sources)) == "Etc/UTC 0");
}

TEST_CASE("local_zone: TZ comes before localtime, in each of its forms", "[zones]") {
    Machine machine;
    machine.link_localtime(machine.folder / "zoneinfo/Test/One");
    CHECK(machine.with_tz("Test/Two") == "Test/Two 7200");
    CHECK(machine.with_tz(":Test/Two") == "Test/Two 7200");
    CHECK(machine.with_tz("CET-1") == "CET-1 3600");
    CHECK(machine.with_tz(machine.folder / "zoneinfo/Test/Two") == "Test/Two 7200");
    CHECK(machine.with_tz(":" + machine.folder / "zoneinfo/Test/Two") == "Test/Two 7200");
    CHECK(machine.with_tz(":" + machine.sources.localtime) == "Test/One 3600");
    const std::string elsewhere = machine.folder.write("elsewhere", zone_file(10'800));
    CHECK(machine.with_tz(elsewhere) == elsewhere + " 10800");
}

TEST_CASE("local_zone: an empty TZ is UTC", "[zones]") {
    Machine machine;
    machine.link_localtime(machine.folder / "zoneinfo/Test/One");
    CHECK(machine.with_tz("") == "UTC 0");
    CHECK(machine.with_tz(":") == "UTC 0");
}

TEST_CASE("local_zone: a TZ that is not known is an error, not UTC", "[zones]") {
    Machine machine;
    const std::string data = machine.sources.zoneinfo_dir;
    CHECK(machine.with_tz("Mars/Phobos") ==
          "TZ: time zone 'Mars/Phobos' is not known (no " + data + "/Mars/Phobos)");
    CHECK(machine.with_tz("test/one") ==
          "TZ: time zone 'test/one' is not known; is 'Test/One' meant?");
    CHECK(machine.with_tz("/nonexistent/zone") ==
          "TZ: open /nonexistent/zone: No such file or directory");
    CHECK(machine.with_tz("EST5EDT,M3") ==
          "TZ: time zone rule 'EST5EDT,M3': a '.' is missing after the month");
}

TEST_CASE("sources_here: the TZ of this process, if it has one", "[zones]") {
    REQUIRE(::setenv("TZ", "Europe/Berlin", 1) == 0);
    CHECK(sources_here().tz == "Europe/Berlin");
    REQUIRE(::unsetenv("TZ") == 0);
    CHECK_FALSE(sources_here().tz.has_value());
}
