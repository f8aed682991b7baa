#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "spool/tables.h"
#include "support.h"

namespace cron::spool::test {
namespace {

using Catch::Matchers::Contains;
using Names = std::vector<std::string>;

void set_modified(const std::string& path, time_t to) {
    const std::array<timespec, 2> times{timespec{to, 0}, timespec{to, 0}};
    REQUIRE(utimensat(AT_FDCWD, path.c_str(), times.data(), 0) == 0);
}

TEST_CASE("scan: what did not change is not reported, read or parsed", "[spool]") {
    Spool spool;
    spool.write_user("alice", "1 2 * * * a\n");
    write(spool.system_table, "1 2 * * * root main\n");
    Tables tables = spool.tables();
    CHECK(tables.scan(kLate).loaded.size() == 2);
    const Changes second = tables.scan(kLate);
    CHECK(second.loaded.empty());
    CHECK(second.removed.empty());
    CHECK(tables.statistics().scans == 2);
    CHECK(tables.statistics().reads == 2);
    CHECK(tables.statistics().parses == 2);
}

TEST_CASE("scan: a touched file of the same content is read, not parsed, and no change",
          "[spool]") {
    Spool spool;
    const std::string path = spool.crontabs + "/alice";
    spool.write_user("alice", "1 2 * * * a\n");
    Tables tables = spool.tables();
    tables.scan(kLate);
    SECTION("in place") { set_modified(path, 1'000'000'000); }
    SECTION("another file in its place") {
        replace(path, "1 2 * * * a\n");
        if (geteuid() == 0) change_owner(path, kAlice);
    }
    CHECK(tables.scan(kLate).loaded.empty());
    CHECK(tables.statistics().reads == 2);
    CHECK(tables.statistics().parses == 1);
    CHECK(tables.scan(kLate).loaded.empty());
    CHECK(tables.statistics().reads == 2);
}

TEST_CASE("scan: an edit shows although size and modification time are the same", "[spool]") {
    Spool spool;
    const std::string path = spool.crontabs + "/alice";
    spool.write_user("alice", "1 2 * * * a\n");
    set_modified(path, 1'000'000'000);
    Tables tables = spool.tables();
    tables.scan(kEarly);
    write(path, "1 2 * * * b\n");
    set_modified(path, 1'000'000'000);
    CHECK(commands(tables.scan(kEarly), "alice") == Names{"b"});
}

TEST_CASE("scan: a file changed just before it was read is read once more", "[spool]") {
    Spool spool;
    spool.write_user("alice", "1 2 * * * a\n");
    struct stat status {};
    REQUIRE(stat((spool.crontabs + "/alice").c_str(), &status) == 0);
    const Instant changed{seconds(status.st_ctim.tv_sec)};
    Tables tables = spool.tables();
    tables.scan(changed + kSettled - microseconds(1));
    CHECK(tables.statistics().reads == 1);
    tables.scan(changed + kSettled);
    CHECK(tables.statistics().reads == 2);
    tables.scan(changed + kSettled);
    CHECK(tables.statistics().reads == 2);
    CHECK(tables.statistics().parses == 1);
}

TEST_CASE("scan: a file with a modification time of 0 or of the future is a table like any",
          "[spool]") {
    Spool spool;
    const std::string path = spool.crontabs + "/alice";
    for (const time_t time : {time_t{0}, time_t{4'000'000'000}}) {
        spool.write_user("alice", "1 2 * * * a\n");
        set_modified(path, time);
        Tables tables = spool.tables();
        CHECK(loaded_names(tables.scan(kEarly)) == Names{"alice"});
    }
}

TEST_CASE("scan: a table that is deleted is removed, one that is new is loaded", "[spool]") {
    Spool spool;
    spool.write_user("alice", "1 2 * * * a\n");
    write(spool.system_table, "1 2 * * * root main\n");
    Tables tables = spool.tables();
    tables.scan(kEarly);
    remove(spool.crontabs + "/alice");
    remove(spool.system_table);
    spool.write_user("bob", "@reboot b\n");
    const Changes changes = tables.scan(kEarly);
    CHECK(changes.removed == Names{spool.crontabs + "/alice", spool.system_table});
    REQUIRE(loaded_names(changes) == Names{"bob"});
    // @reboot entries of a table that comes later are not due.
    CHECK_FALSE(changes.loaded[0].since_start);
    CHECK(changes.notices.empty());
}

TEST_CASE("scan: a changed table was not there at the start", "[spool]") {
    Spool spool;
    spool.write_user("alice", "1 2 * * * a\n");
    Tables tables = spool.tables();
    CHECK(tables.scan(kEarly).loaded.at(0).since_start);
    CHECK(tables.reload_all(kEarly).loaded.at(0).since_start);
    write(spool.crontabs + "/alice", "@reboot late\n");
    CHECK_FALSE(tables.scan(kEarly).loaded.at(0).since_start);
    CHECK_FALSE(tables.reload_all(kEarly).loaded.at(0).since_start);
}

TEST_CASE("scan: a folder that cannot be listed keeps its tables, and is named once", "[spool]") {
    Spool spool;
    spool.write_user("alice", "1 2 * * * a\n");
    Tables tables = spool.tables();
    tables.scan(kEarly);
    rename(spool.crontabs, spool.crontabs + ".away");
    write(spool.crontabs, "not a folder");
    const Changes changes = tables.scan(kEarly);
    CHECK(changes.removed.empty());
    CHECK(changes.retry);
    CHECK_THAT(notices(changes), Contains("OPENDIR FAILED (" + spool.crontabs + ")"));
    CHECK(tables.scan(kEarly).notices.empty());
    remove(spool.crontabs);
    CHECK(tables.scan(kEarly).removed == Names{spool.crontabs + "/alice"});
}

TEST_CASE("reload_all: everything is read, parsed and told anew", "[spool]") {
    Spool spool;
    spool.write_user("alice", "1 2 * * * a\n");
    write(spool.system_folder + "/x.sh", "");
    Tables tables = spool.tables();
    CHECK(tables.scan(kLate).notices.size() == 1);
    const Changes changes = tables.reload_all(kLate);
    CHECK(loaded_names(changes) == Names{"alice"});
    CHECK(changes.notices.size() == 1);
    CHECK(tables.statistics().parses == 2);
    CHECK(tables.scan(kLate).loaded.empty());
}

TEST_CASE("scan: of a thousand tables a changed one costs one read", "[spool]") {
    Spool spool;
    for (int i = 0; i < 1000; ++i) {
        const std::string user = fmt::format("user{}", i);
        spool.users[user] = spool.users["root"];
        spool.write_user(user, "1 2 * * * a\n");
    }
    Tables tables = spool.tables();
    CHECK(tables.scan(kLate).loaded.size() == 1000);
    CHECK(tables.statistics().reads == 1000);
    CHECK(tables.scan(kLate).loaded.empty());
    CHECK(tables.statistics().reads == 1000);
    spool.write_user("user500", "1 2 * * * longer\n");
    CHECK(loaded_names(tables.scan(kLate)) == Names{"user500"});
    CHECK(tables.statistics().reads == 1001);
    CHECK(tables.statistics().parses == 1001);
}

}  // namespace
TEST_CASE("changes: entries whose zone cannot be read now run as soon as it can be", "[spool]") {
    Spool spool;
    bool is_readable = false;
    spool.settings.find_zone = [&](std::string_view) -> Result<calendar::Zone> {
        if (is_readable) return calendar::Zone::fixed("UTC", seconds{0});
        return failure(ErrorCode::system, "too many open files");
    };
    spool.write_user("alice", "CRON_TZ=UTC\n* * * * * true\n");
    Tables tables = spool.tables();
    const Changes before = tables.scan(kLate);
    CHECK(commands(before, "alice").empty());
    CHECK(before.retry);
    is_readable = true;
    const Changes after = tables.scan(kLate);
    CHECK(commands(after, "alice") == std::vector<std::string>{"true"});
    CHECK_FALSE(after.retry);
    CHECK(tables.scan(kLate).loaded.empty());
}

}  // namespace cron::spool::test
