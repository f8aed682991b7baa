#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include <catch2/catch.hpp>

#include "spool/tables.h"
#include "support.h"

namespace cron::spool::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::Equals;
using Names = std::vector<std::string>;

TEST_CASE("user tables: each is loaded for the user of its name", "[spool]") {
    Spool spool;
    spool.write_user("alice", "1 2 * * * echo alice\n");
    spool.write_user("bob", "1 2 * * * echo bob\n@reboot up\n");
    const Changes changes = spool.tables().scan(kEarly);
    REQUIRE(loaded_names(changes) == Names{"alice", "bob"});
    CHECK(changes.notices.empty());
    CHECK_FALSE(changes.retry);
    const Loaded& alice = changes.loaded[0];
    CHECK(alice.name == spool.crontabs + "/alice");
    CHECK(alice.owner == "alice");
    CHECK(alice.who == "alice");
    CHECK(alice.since_start);
    REQUIRE(alice.table.entries.size() == 1);
    CHECK(alice.table.entries[0]->user == "alice");
    CHECK(commands(changes, "bob") == Names{"echo bob", "up"});
}

TEST_CASE("user tables: root's file is good for any user, another user's is not", "[spool]") {
    if (!may_change_owners()) return;
    Spool spool;
    write(spool.crontabs + "/alice", "1 2 * * * a\n");
    spool.write_user("bob", "1 2 * * * b\n");
    change_owner(spool.crontabs + "/bob", kAlice);
    const Changes changes = spool.tables().scan(kEarly);
    CHECK(loaded_names(changes) == Names{"alice"});
    CHECK_THAT(notices(changes),
               Equals("(bob) WRONG FILE OWNER (" + spool.crontabs +
                      "/bob): its owner is uid 41001, and must be uid 41002 or root\n"));
}

TEST_CASE("user tables: one that others may write to is refused", "[spool]") {
    Spool spool;
    for (const mode_t mode : {0620U, 0602U, 0660U}) {
        spool.write_user("alice", "1 2 * * * a\n");
        change_mode(spool.crontabs + "/alice", mode);
        const Changes changes = spool.tables().scan(kEarly);
        CHECK(changes.loaded.empty());
        CHECK_THAT(notices(changes), Contains("(alice) INSECURE MODE (mode 0600 expected)"));
    }
}

TEST_CASE("user tables: a symbolic link and a second hard link are refused", "[spool]") {
    Spool spool;
    write(spool.root.path() + "/elsewhere", "1 2 * * * a\n");
    link_to(spool.root.path() + "/elsewhere", spool.crontabs + "/alice");
    spool.write_user("bob", "1 2 * * * b\n");
    REQUIRE(link((spool.crontabs + "/bob").c_str(), (spool.root.path() + "/second").c_str()) == 0);
    const Changes changes = spool.tables().scan(kEarly);
    CHECK(changes.loaded.empty());
    CHECK_THAT(notices(changes), Contains("(alice) CAN'T OPEN SYMLINK"));
    CHECK_THAT(notices(changes), Contains("(bob) NUMBER OF HARD LINKS > 1"));
}

TEST_CASE("user tables: a FIFO, a folder and a device neither block nor are opened", "[spool]") {
    Spool spool;
    REQUIRE(mkfifo((spool.crontabs + "/alice").c_str(), 0600) == 0);
    make_folder(spool.crontabs + "/bob");
    if (geteuid() == 0) REQUIRE(mknod((spool.crontabs + "/root").c_str(), S_IFCHR | 0600, 0) == 0);
    Tables tables = spool.tables();
    const Changes changes = tables.scan(kEarly);
    CHECK(changes.loaded.empty());
    CHECK_THAT(notices(changes), Contains("(alice) NOT REGULAR") && Contains("it is a FIFO"));
    CHECK_THAT(notices(changes), Contains("(bob) NOT REGULAR") && Contains("it is a folder"));
    CHECK(tables.statistics().reads == 0);
    CHECK_FALSE(changes.retry);
}

TEST_CASE("user tables: hidden files and temporaries of crontab(1) are passed over in silence",
          "[spool]") {
    Spool spool;
    write(spool.crontabs + "/tmp.8Kx1aP", "1 2 * * * a\n");
    write(spool.crontabs + "/.alice.swp", "1 2 * * * a\n");
    const Changes changes = spool.tables().scan(kEarly);
    CHECK(changes.loaded.empty());
    CHECK(changes.notices.empty());
    CHECK_FALSE(changes.retry);
}

TEST_CASE(
    "user tables: one whose user is unknown waits, is named once, and loads when the user appears",
    "[spool]") {
    Spool spool;
    spool.write_user("alice", "@reboot a\n");
    spool.forget_user("alice");
    Tables tables = spool.tables();
    const Changes first = tables.scan(kLate);
    CHECK(first.loaded.empty());
    CHECK(first.retry);
    CHECK_THAT(notices(first), Contains("(alice) ORPHAN (no passwd entry)"));
    const Changes second = tables.scan(kLate);
    CHECK(second.notices.empty());
    CHECK(second.retry);
    spool.users["alice"] = {UserAnswer::Kind::known, geteuid() == 0 ? kAlice : geteuid()};
    const Changes third = tables.scan(kLate);
    CHECK(loaded_names(third) == Names{"alice"});
    CHECK(third.notices.empty());
    CHECK_FALSE(third.retry);
    // It was there at the start: its @reboot entries are due.
    CHECK(third.loaded[0].since_start);
}

TEST_CASE("user tables: one that was changed before its user was known was not there at the start",
          "[spool]") {
    Spool spool;
    spool.write_user("alice", "@reboot a\n");
    spool.forget_user("alice");
    Tables tables = spool.tables();
    tables.scan(kEarly);
    write(spool.crontabs + "/alice", "@reboot another\n");
    tables.scan(kEarly);
    spool.users["alice"] = {UserAnswer::Kind::known, geteuid() == 0 ? kAlice : geteuid()};
    const Changes changes = tables.scan(kEarly);
    REQUIRE(loaded_names(changes) == Names{"alice"});
    CHECK_FALSE(changes.loaded[0].since_start);
}

TEST_CASE(
    "user tables: while users cannot be looked up, a new table waits and a known user's stays",
    "[spool]") {
    Spool spool;
    spool.write_user("alice", "1 2 * * * a\n");
    Tables tables = spool.tables();
    CHECK(loaded_names(tables.scan(kEarly)) == Names{"alice"});
    spool.write_user("bob", "1 2 * * * b\n");
    spool.users["alice"].kind = UserAnswer::Kind::unsure;
    spool.users["bob"].kind = UserAnswer::Kind::unsure;
    const Changes down = tables.reload_all(kEarly);
    CHECK(loaded_names(down) == Names{"alice"});
    CHECK(down.removed.empty());
    CHECK(down.retry);
    CHECK_THAT(notices(down), Contains("(bob) ORPHAN (user database does not answer)"));
    spool.users["bob"].kind = UserAnswer::Kind::known;
    CHECK(loaded_names(tables.scan(kEarly)) == Names{"bob"});
}

TEST_CASE("user tables: a user who is gone at a reload takes the table along", "[spool]") {
    Spool spool;
    spool.write_user("alice", "1 2 * * * a\n");
    Tables tables = spool.tables();
    tables.scan(kEarly);
    spool.forget_user("alice");
    const Changes changes = tables.reload_all(kEarly);
    CHECK(changes.removed == Names{spool.crontabs + "/alice"});
    CHECK_THAT(notices(changes),
               Contains("ORPHAN") && Contains("its jobs are no longer scheduled"));
}

TEST_CASE(
    "user tables: a table that begins to break a rule stops, with the reason, and comes back when "
    "mended",
    "[spool]") {
    Spool spool;
    const std::string path = spool.crontabs + "/alice";
    spool.write_user("alice", "@reboot a\n");
    Tables tables = spool.tables();
    CHECK(tables.scan(kEarly).loaded[0].since_start);
    change_mode(path, 0622);
    const Changes broken = tables.scan(kEarly);
    CHECK(broken.removed == Names{path});
    CHECK_THAT(notices(broken),
               Contains("its mode is 0622") && Contains("its jobs are no longer scheduled"));
    const Changes same = tables.scan(kEarly);
    CHECK(same.removed.empty());
    CHECK(same.notices.empty());
    change_mode(path, 0600);
    const Changes mended = tables.scan(kEarly);
    REQUIRE(loaded_names(mended) == Names{"alice"});
    CHECK_FALSE(mended.loaded[0].since_start);
}

TEST_CASE("user tables: one replaced by something that is no file keeps its last good version",
          "[spool]") {
    Spool spool;
    const std::string path = spool.crontabs + "/alice";
    spool.write_user("alice", "1 2 * * * a\n");
    Tables tables = spool.tables();
    tables.scan(kEarly);
    remove(path);
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    const Changes fifo = tables.scan(kEarly);
    CHECK(fifo.removed.empty());
    CHECK_THAT(notices(fifo),
               Contains("NOT REGULAR") && Contains("version read before stays in force"));
    remove(path);
    spool.write_user("alice", "1 2 * * * a\n");
    const Changes back = tables.scan(kEarly);
    CHECK(back.loaded.empty());
    CHECK(back.removed.empty());
}

TEST_CASE(
    "user tables: one that cannot be read for now keeps its last good version and is tried again",
    "[spool]") {
    Spool spool;
    const std::string path = spool.crontabs + "/alice";
    spool.write_user("alice", "1 2 * * * a\n");
    Tables tables = spool.tables();
    tables.scan(kEarly);
    write(path, "1 2 * * * b\n");
    // Who holds a lease on a file keeps others from opening it for a while.
    std::signal(SIGIO, SIG_IGN);
    UniqueFd lease(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (fcntl(lease.get(), F_SETLEASE, F_WRLCK) != 0) {
        WARN("this file system has no leases: skipped");
        return;
    }
    const Changes leased = tables.scan(kEarly);
    CHECK(leased.loaded.empty());
    CHECK(leased.removed.empty());
    CHECK(leased.retry);
    CHECK_THAT(notices(leased),
               Contains("(alice) CAN'T OPEN") && Contains("version read before stays in force"));
    CHECK(notices(tables.scan(kEarly)).empty());
    lease.reset();
    const Changes free = tables.scan(kEarly);
    CHECK(commands(free, "alice") == Names{"b"});
    CHECK_FALSE(free.retry);
}

TEST_CASE("user tables: one larger than the bound is refused unread", "[spool]") {
    Spool spool;
    const std::string path = spool.crontabs + "/alice";
    spool.write_user("alice", "1 2 * * * a\n");
    REQUIRE(truncate(path.c_str(), static_cast<off_t>(crontab::kTableBytesMax) + 1) == 0);
    Tables tables = spool.tables();
    const Changes changes = tables.scan(kEarly);
    CHECK(changes.loaded.empty());
    CHECK(tables.statistics().reads == 0);
    CHECK_THAT(notices(changes), Contains("(alice) TOO LARGE"));
}

TEST_CASE("user tables: one that is bad in parts runs its good entries and says what is bad",
          "[spool]") {
    Spool spool;
    spool.write_user("alice", "1 2 * * * good\n");
    Tables tables = spool.tables();
    tables.scan(kEarly);
    write(spool.crontabs + "/alice", "1 2 * * * good\n61 * * * * bad\n3 4 * * * also\n");
    const Changes changes = tables.scan(kEarly);
    CHECK(commands(changes, "alice") == Names{"good", "also"});
    REQUIRE(changes.loaded.size() == 1);
    CHECK(changes.loaded[0].table.has_errors());
    CHECK(changes.loaded[0].table.diagnostics[0].line == 2);
}

}  // namespace
}  // namespace cron::spool::test
