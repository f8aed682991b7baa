#include "zones/load.h"

#include <limits>
#include <random>

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "folder.h"
#include "tzif_builder.h"

using namespace cron;
using namespace cron::zones;
using calendar::Period;
using calendar::Zone;
using std::chrono::sys_seconds;

namespace {

constexpr sys_seconds kAlways = sys_seconds::min();
constexpr sys_seconds kForEver = sys_seconds::max();

sys_seconds july(int year) {
    return std::chrono::sys_days{std::chrono::year{year} / std::chrono::July / 1};
}

sys_seconds at(std::int64_t count) { return sys_seconds{seconds{count}}; }

std::string message_of(const Result<Zone>& zone) {
    return zone ? "found " + zone->name() : zone.error().message;
}

Sources in_folder(const Folder& folder) {
    Sources sources;
    sources.zoneinfo_dir = folder.path();
    return sources;
}

// The zone in a file of `bytes`.
Result<Zone> load(const Folder& folder, std::string_view bytes) {
    folder.write("Test/Zone", bytes);
    return find_zone("Test/Zone", in_folder(folder));
}

}  // namespace

TEST_CASE("find_zone: a name is read from the system's data, with the rule after it", "[zones]") {
    if (!has_zone_data()) {
        WARN("skipped: no /usr/share/zoneinfo");
        return;
    }
    for (const char* name : {"America/New_York", ":America/New_York"}) {
        const auto zone = find_zone(name, {});
        REQUIRE(zone.has_value());
        CHECK(zone->name() == "America/New_York");
        for (const int year : {1990, 2026, 2040, 2100, 9999}) {
            CHECK(zone->period_at(july(year)).offset == hours{-4});
            CHECK(zone->period_at(july(year) + hours{24 * 180}).offset == hours{-5});
        }
        CHECK(zone->period_at(july(1800)) == Period{kAlways, at(-2'717'650'800), seconds{-17762}});
    }
}

TEST_CASE("find_zone: a POSIX rule is a zone, and so is UTC, without zone data", "[zones]") {
    Sources sources;
    sources.zoneinfo_dir = "/nonexistent";
    const auto rule = find_zone("EST5EDT,M3.2.0,M11.1.0", sources);
    REQUIRE(rule.has_value());
    CHECK(rule->name() == "EST5EDT,M3.2.0,M11.1.0");
    CHECK(rule->period_at(july(2040)).offset == hours{-4});
    for (const char* name : {"UTC", "UTC0", "Etc/UTC", ":UTC"}) {
        const auto utc = find_zone(name, sources);
        REQUIRE(utc.has_value());
        CHECK(utc->period_at(july(2026)) == Period{kAlways, kForEver, seconds{0}});
    }
    CHECK(find_zone("<+0545>-5:45", sources)->period_at(july(2026)).offset == minutes{345});
}

TEST_CASE("find_zone: a name that is not known is an error that says so, never UTC", "[zones]") {
    const Folder folder;
    folder.write("Europe/Paris", tzif({}));
    folder.write("America/Port-au-Prince", tzif({}));
    folder.write("tzdata.zi", "# version 2025b\n");
    folder.write("leapseconds", "# leap seconds\n");
    const std::string path = folder.path();
    const auto refused = [&](std::string_view name, std::string_view message) {
        CHECK(message_of(find_zone(name, in_folder(folder))) == message);
    };
    refused("Mars/Phobos", "time zone 'Mars/Phobos' is not known (no " + path + "/Mars/Phobos)");
    refused("", "the name of a time zone is empty");
    refused("tzdata.zi", "time zone 'tzdata.zi' is not known");
    refused("leapseconds",
            path + "/leapseconds is not a time zone file (it does not begin with TZif)");
    refused("europe/paris", "time zone 'europe/paris' is not known; is 'Europe/Paris' meant?");
    refused("America/Port au prince",
            "time zone 'America/Port au prince' is not known; is 'America/Port-au-Prince' meant?");
    refused("Europe", path + "/Europe is not a regular file");
    refused("Europe/Paris/x",
            "time zone 'Europe/Paris/x' is not known (no " + path + "/Europe/Paris/x)");
    refused("EST5EDT,M13.1.0,M11.1.0",
            "time zone rule 'EST5EDT,M13.1.0,M11.1.0': month '13' is not a number from 1 to 12");
    refused("GMT+25",
            "time zone rule 'GMT+25': hour of the offset '25' is not a number from 0 to 24");
    CHECK(find_zone("Mars/Phobos", in_folder(folder)).error().code == ErrorCode::not_found);
}

TEST_CASE("find_zone: missing zone data is an error that names the remedies", "[zones]") {
    const Folder folder;
    std::filesystem::create_directory(folder / "empty");
    for (const std::string& data : {std::string("/nonexistent/zoneinfo"), folder / "empty"}) {
        Sources sources;
        sources.zoneinfo_dir = data;
        const auto zone = find_zone("Europe/Paris", sources);
        CHECK(message_of(zone) == "there is no data for time zone 'Europe/Paris': " + data +
                                      " is missing or empty; install the tzdata package, mount "
                                      "that folder, or name a rule such as "
                                      "CET-1CEST,M3.5.0,M10.5.0/3");
        CHECK(zone.error().code == ErrorCode::not_found);
        CHECK(find_zone("UTC", sources).has_value());
        CHECK(find_zone("CET-1CEST,M3.5.0,M10.5.0/3", sources).has_value());
    }
}

TEST_CASE("find_zone: a hostile name opens nothing outside of the zone data", "[zones]") {
    const Folder folder;
    folder.write("secret", tzif({}));
    folder.write("zoneinfo/Europe/Paris", tzif({}));
    Sources sources;
    sources.zoneinfo_dir = folder / "zoneinfo";
    for (const std::string& name :
         {std::string("../secret"), std::string("Europe/../../secret"), folder / "secret",
          ":" + folder / "secret", std::string("Europe/Paris\0", 13), std::string("./Europe/Paris"),
          std::string("Europe/Paris "), std::string("Europe\\Paris"), std::string("\xff\xfe"),
          std::string("/"), std::string("..")}) {
        const auto zone = find_zone(name, sources);
        INFO(message_of(zone));
        CHECK_FALSE(zone.has_value());
    }
    CHECK(message_of(find_zone("\x1b[2J", sources)) == "time zone '\\x1b[2J' is not known");
    CHECK(message_of(find_zone(std::string(10'000, 'a'), sources)) ==
          "the name of a time zone has 10000 bytes, more than 255");
}

TEST_CASE("A zone file: version 1 has no rule, and its last period is for ever", "[zones]") {
    const Folder folder;
    const auto zone = load(folder, tzif({'\0', {0, 1'000'000}, {1, 0}, {3600, 7200}, 0, ""}));
    INFO(message_of(zone));
    REQUIRE(zone.has_value());
    CHECK(zone->period_at(at(-1)) == Period{kAlways, at(0), hours{1}});
    CHECK(zone->period_at(at(0)) == Period{at(0), at(1'000'000), hours{2}});
    CHECK(zone->period_at(july(2040)) == Period{at(1'000'000), kForEver, hours{1}});
}

TEST_CASE("A zone file without transitions follows its rule always, or has one offset", "[zones]") {
    const Folder folder;
    const auto rule = load(folder, tzif({'2', {}, {}, {-18000}, 0, "EST5EDT,M3.2.0,M11.1.0"}));
    REQUIRE(rule.has_value());
    CHECK(rule->period_at(july(1990)).offset == hours{-4});
    CHECK(rule->period_at(july(2040)).offset == hours{-4});
    const auto fixed = load(folder, tzif({'2', {}, {}, {20700}, 0, ""}));
    REQUIRE(fixed.has_value());
    CHECK(fixed->period_at(july(2040)) == Period{kAlways, kForEver, minutes{345}});
}

TEST_CASE("A zone file: a last transition without effect delays the rule", "[zones]") {
    const Folder folder;
    const std::int64_t start = july(2030).time_since_epoch().count();
    const auto zone =
        load(folder, tzif({'2', {0, start}, {0, 0}, {-18000}, 0, "EST5EDT,M3.2.0,M11.1.0"}));
    REQUIRE(zone.has_value());
    CHECK(zone->period_at(july(2029)) == Period{kAlways, july(2030), hours{-5}});
    CHECK(zone->period_at(july(2030)).offset == hours{-4});
}

TEST_CASE("A zone file: times of 64 bits are read to their ends", "[zones]") {
    const Folder folder;
    const std::int64_t big_bang = -(std::int64_t{1} << 59);
    const auto zone =
        load(folder, tzif({'2', {big_bang, -5'000'000'000}, {0, 1}, {600, 3600}, 0, "AAA-1"}));
    REQUIRE(zone.has_value());
    CHECK(zone->period_at(at(-5'000'000'001)).offset == minutes{10});
    CHECK(zone->period_at(at(-5'000'000'000)) == Period{at(-5'000'000'000), kForEver, hours{1}});
    const auto far = load(folder, tzif({'2',
                                        {0, std::numeric_limits<std::int64_t>::max()},
                                        {1, 0},
                                        {600, 3600},
                                        0,
                                        "EST5EDT"}));
    REQUIRE(far.has_value());
    CHECK(far->period_at(july(2040)).offset == hours{1});
}

TEST_CASE("A zone file that is damaged is an error that says how", "[zones]") {
    const Folder folder;
    const std::string path = folder / "Test/Zone";
    const auto refused = [&](const std::string& bytes, std::string_view message) {
        CHECK(message_of(load(folder, bytes)) == path + std::string(message));
    };
    refused("", " is not a time zone file (it does not begin with TZif)");
    refused("# version 2025b\n", " is not a time zone file (it does not begin with TZif)");
    refused("TZif2", " is cut short");
    refused(tzif_block({'1', {}, {}, {0}, 0, ""}, 4), " has a version that is not known");
    refused(tzif_block({'3', {}, {}, {0}, 0, ""}, 4) + tzif_block({'2', {}, {}, {0}, 0, ""}, 8),
            " says two versions");
    refused(tzif({'2', {5, 5}, {0, 0}, {0}, 0, ""}), " has times out of order (number 1)");
    refused(tzif({'2', {5}, {1}, {0}, 0, ""}), " names a type that it does not have (number 0)");
    refused(tzif({'2', {}, {}, {}, 0, ""}), " has no local time types");
    refused(tzif({'2', {}, {}, {93'600}, 0, ""}), " has an offset of 93600 seconds from UTC");
    refused(
        tzif({'2', {}, {}, {0}, 1, ""}),
        " counts leap seconds, which the system's clock does not (use the zone without 'right/')");
    refused(tzif({'2', {}, {}, {0}, 0, "EST"}),
            ": time zone rule 'EST': hour of the offset '' is not a number from 0 to 24");
    refused(std::string(70'000, 'x'), " has more than 65536 bytes");
}

TEST_CASE("A zone file that is cut anywhere is an error", "[zones]") {
    const Folder folder;
    const std::string whole = tzif({'2', {0, 1000}, {1, 0}, {600, 3600}, 0, "EST5EDT"});
    REQUIRE(load(folder, whole).has_value());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        INFO(size);
        REQUIRE_FALSE(load(folder, std::string_view(whole).substr(0, size)).has_value());
    }
}

TEST_CASE("A zone file with any byte changed is read or refused, and no more", "[zones]") {
    const auto seed = new_seed();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const Folder folder;
    const std::string whole =
        tzif({'2', {0, 1000, 90'000}, {1, 0, 1}, {600, 3600}, 0, "EST5EDT,M3.2.0,M11.1.0"});
    int read = 0;
    for (int i = 0; i < 1'000; ++i) {
        std::string bytes = whole;
        bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
        const auto zone = load(folder, bytes);
        if (!zone) continue;
        ++read;
        const Period period = zone->period_at(july(2040));
        REQUIRE(period.begin <= july(2040));
        REQUIRE(july(2040) < period.end);
    }
    CHECK(read > 0);
}

TEST_CASE("A zone file that is no regular file is refused, and a FIFO does not hang", "[zones]") {
    const Folder folder;
    REQUIRE(mkfifo((folder / "fifo").c_str(), 0600) == 0);
    CHECK(message_of(find_zone("fifo", in_folder(folder))) ==
          folder / "fifo" + " is not a regular file");
}

TEST_CASE("A zone file that counts leap seconds is refused", "[zones]") {
    if (!std::filesystem::exists("/usr/share/zoneinfo/right/Europe/Paris")) {
        WARN("skipped: no /usr/share/zoneinfo/right");
        return;
    }
    CHECK(message_of(find_zone("right/Europe/Paris", {})) ==
          "/usr/share/zoneinfo/right/Europe/Paris counts leap seconds, which the system's clock "
          "does not (use the "
          "zone without 'right/')");
}
