#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "spool/tables.h"
#include "support.h"

namespace cron::spool::test {
namespace {

using Catch::Matchers::Contains;
using Names = std::vector<std::string>;

constexpr std::string_view kText = "1 2 * * * root run\n";

TEST_CASE("system tables: /etc/crontab and the files of cron.d name the user of each entry",
          "[spool]") {
    Spool spool;
    write(spool.system_table, "1 2 * * * alice main\n");
    write(spool.system_folder + "/one", "1 2 * * * bob one\n");
    const Changes changes = spool.tables().scan(kEarly);
    REQUIRE(loaded_names(changes) == Names{"one", "crontab"});
    CHECK(changes.notices.empty());
    CHECK(changes.loaded[0].who == "*system*one");
    CHECK(changes.loaded[0].owner == "root");
    CHECK(changes.loaded[0].table.entries[0]->user == "bob");
    CHECK(changes.loaded[1].who == "*system*");
    CHECK(changes.loaded[1].table.entries[0]->user == "alice");
}

TEST_CASE("system tables: a file ignored for its name is named once, with the reason", "[spool]") {
    Spool spool;
    for (const char* name :
         {"backup.sh", "old.dpkg-old", "x~", ".hidden", ".placeholder", "good"}) {
        write(spool.system_folder + "/" + name, kText);
    }
    Tables tables = spool.tables();
    const Changes first = tables.scan(kEarly);
    CHECK(loaded_names(first) == Names{"good"});
    CHECK(first.notices.size() == 4);
    CHECK_THAT(notices(first),
               Contains("(*system*backup.sh) WRONG FILE NAME") && Contains("has a '.'"));
    CHECK(tables.scan(kEarly).notices.empty());
    CHECK(tables.reload_all(kEarly).notices.size() == 4);
    // Gone and there again is news.
    remove(spool.system_folder + "/backup.sh");
    tables.scan(kEarly);
    write(spool.system_folder + "/backup.sh", kText);
    CHECK(tables.scan(kEarly).notices.size() == 1);
}

TEST_CASE("system tables: in cronie's flavour a name may have dots", "[spool]") {
    Spool spool;
    spool.settings.flavour = crontab::Flavour::cronie;
    write(spool.system_folder + "/backup.sh", kText);
    write(spool.system_folder + "/x.rpmsave", kText);
    const Changes changes = spool.tables().scan(kEarly);
    CHECK(loaded_names(changes) == Names{"backup.sh"});
    CHECK(changes.notices.size() == 1);
}

TEST_CASE("system tables: another flavour takes effect at the next reload_all, names too",
          "[spool]") {
    Spool spool;
    const std::string dotted = spool.system_folder + "/backup.sh";
    write(spool.system_folder + "/plain", kText);
    write(dotted, kText);
    Tables tables = spool.tables();
    REQUIRE(loaded_names(tables.scan(kLate)) == Names{"plain"});
    CHECK_FALSE(tables.set_flavour(crontab::Flavour::debian));

    CHECK(tables.set_flavour(crontab::Flavour::cronie));
    const Changes cronie = tables.reload_all(kLate, false);
    REQUIRE(loaded_names(cronie) == Names{"backup.sh", "plain"});
    CHECK_FALSE(cronie.loaded[0].since_start);
    CHECK(cronie.loaded[1].since_start);

    CHECK(tables.set_flavour(crontab::Flavour::debian));
    const Changes debian = tables.reload_all(kLate, false);
    CHECK(loaded_names(debian) == Names{"plain"});
    CHECK(debian.removed == Names{dotted});
    CHECK(tables.reload_all(kLate, false).removed.empty());
}

TEST_CASE("system tables: only root's files that nobody else may write to", "[spool]") {
    if (!may_change_owners()) return;
    Spool spool;
    write(spool.system_table, kText);
    change_owner(spool.system_table, kAlice);
    write(spool.system_folder + "/group", kText);
    change_mode(spool.system_folder + "/group", 0664);
    const Changes changes = spool.tables().scan(kEarly);
    CHECK(changes.loaded.empty());
    CHECK_THAT(notices(changes), Contains("(*system*) WRONG FILE OWNER (" + spool.system_table +
                                          "): its owner is uid 41001, and must be root"));
    CHECK_THAT(notices(changes), Contains("(*system*group) INSECURE MODE (group/other writable)"));
}

TEST_CASE("system tables: a second hard link only warns, once", "[spool]") {
    Spool spool;
    write(spool.system_table, kText);
    REQUIRE(link(spool.system_table.c_str(), (spool.root.path() + "/second").c_str()) == 0);
    Tables tables = spool.tables();
    const Changes changes = tables.scan(kEarly);
    CHECK(loaded_names(changes) == Names{"crontab"});
    CHECK_THAT(notices(changes),
               Contains("NUMBER OF HARD LINKS > 1") && Contains("its table runs"));
    CHECK(changes.notices[0].severity == crontab::Severity::warning);
    CHECK(tables.scan(kEarly).notices.empty());
}

TEST_CASE("system tables: a link is followed where link, target and folders are root's",
          "[spool]") {
    Spool spool;
    const std::string opt = spool.root.path() + "/opt";
    make_folder(opt);
    make_folder(opt + "/release-1");
    write(opt + "/release-1/table", kText);
    link_to("release-1", opt + "/current");
    link_to(opt + "/current/table", spool.system_folder + "/absolute");
    link_to("../../opt/./current//table", spool.system_folder + "/relative");
    link_to("absolute", spool.system_folder + "/twice");
    Tables tables = spool.tables();
    const Changes changes = tables.scan(kEarly);
    CHECK(notices(changes).empty());
    CHECK(loaded_names(changes) == Names{"absolute", "relative", "twice"});

    SECTION("its target changed is a change") {
        write(opt + "/release-1/table", "1 2 * * * root another\n");
        CHECK(loaded_names(tables.scan(kEarly)) == Names{"absolute", "relative", "twice"});
    }
    SECTION("a link on its way that leads elsewhere now is a change") {
        make_folder(opt + "/release-2");
        write(opt + "/release-2/table", "1 2 * * * root newer\n");
        link_to("release-2", opt + "/next");
        rename(opt + "/next", opt + "/current");
        CHECK(commands(tables.scan(kEarly), "twice") == Names{"newer"});
    }
    SECTION("a target that is gone takes the table along, and is named") {
        remove(opt + "/release-1/table");
        const Changes gone = tables.scan(kEarly);
        CHECK(gone.removed.size() == 3);
        CHECK_THAT(notices(gone), Contains("(*system*absolute) CAN'T OPEN SYMLINK") &&
                                      Contains("/opt/release-1/table does not exist"));
    }
}

TEST_CASE("system tables: a link is refused where others have a hand in it", "[spool]") {
    if (!may_change_owners()) return;
    Spool spool;
    const std::string opt = spool.root.path() + "/opt";
    const std::string link = spool.system_folder + "/linked";
    make_folder(opt);
    write(opt + "/table", kText);
    link_to(opt + "/table", link);
    Tables tables = spool.tables();
    REQUIRE(loaded_names(tables.scan(kEarly)) == Names{"linked"});
    std::string reason;
    SECTION("the link") {
        change_owner(link, kAlice);
        reason = "WRONG SYMLINK OWNER";
    }
    SECTION("the target's owner") {
        change_owner(opt + "/table", kAlice);
        reason = "WRONG FILE OWNER";
    }
    SECTION("the target's mode") {
        change_mode(opt + "/table", 0666);
        reason = "INSECURE MODE";
    }
    SECTION("the target's folder") {
        change_owner(opt, kAlice);
        reason = "opt on its way is owned by uid 41001";
    }
    SECTION("a folder to which others may write") {
        change_mode(opt, 0775);
        reason = "others may write to the folder";
    }
    SECTION("a folder to which others may write, with the sticky bit: they may add hard links") {
        change_mode(opt, 01777);
        reason = "others may write to the folder";
    }
    SECTION("a folder above the target's") {
        make_folder(opt + "/inner");
        write(opt + "/inner/table", kText);
        replace(link, "");
        remove(link);
        link_to(opt + "/inner/table", link);
        change_owner(opt, kAlice);
        reason = "opt on its way is owned by uid 41001";
    }
    SECTION("the folder of the link") {
        change_mode(spool.system_folder, 0777);
        reason = "cron.d on its way";
    }
    const Changes changes = tables.scan(kEarly);
    CHECK(changes.removed == Names{link});
    CHECK_THAT(notices(changes), Contains("(*system*linked)") && Contains(reason));
    CHECK(tables.scan(kEarly).notices.empty());
}

TEST_CASE(
    "system tables: links that lead in a circle, to a folder, a device or a FIFO give no table",
    "[spool]") {
    Spool spool;
    link_to("b", spool.system_folder + "/a");
    link_to("a", spool.system_folder + "/b");
    link_to("/", spool.system_folder + "/folder");
    link_to("/dev/null", spool.system_folder + "/null");
    REQUIRE(mkfifo((spool.etc + "/fifo").c_str(), 0600) == 0);
    link_to("../fifo", spool.system_folder + "/fifo");
    const Changes changes = spool.tables().scan(kEarly);
    CHECK(changes.loaded.empty());
    CHECK(changes.notices.size() == 5);
    CHECK_THAT(notices(changes),
               Contains("(*system*a) CAN'T OPEN SYMLINK") && Contains("40 links"));
    CHECK_THAT(notices(changes), Contains("(*system*folder) NOT REGULAR"));
    CHECK_THAT(notices(changes), Contains("(*system*fifo) NOT REGULAR"));
}

TEST_CASE("system tables: an entry whose user is unknown is left out and waits; the others run",
          "[spool]") {
    Spool spool;
    write(spool.system_folder + "/mixed",
          "# comment\n1 2 * * *\troot first\n@reboot ghost boo\n1 2 * * * alice last\n");
    Tables tables = spool.tables();
    const Changes first = tables.scan(kLate);
    CHECK(commands(first, "mixed") == Names{"first", "last"});
    CHECK(first.retry);
    const auto& diagnostics = first.loaded.at(0).table.diagnostics;
    REQUIRE(diagnostics.size() == 1);
    CHECK(diagnostics[0].name == "unknown-user");
    CHECK(diagnostics[0].line == 3);
    CHECK(diagnostics[0].source.substr(diagnostics[0].begin,
                                       diagnostics[0].end - diagnostics[0].begin) == "ghost");
    const Changes second = tables.scan(kLate);
    CHECK(second.loaded.empty());
    CHECK(second.retry);
    CHECK(tables.statistics().reads == 1);
    spool.users["ghost"] = {UserAnswer::Kind::known, kBob};
    const Changes third = tables.scan(kLate);
    CHECK(commands(third, "mixed") == Names{"first", "boo", "last"});
    CHECK(third.loaded.at(0).table.diagnostics.empty());
    CHECK(third.loaded.at(0).since_start);
    CHECK_FALSE(third.retry);
}

TEST_CASE("system tables: places that do not exist are no failure", "[spool]") {
    Spool spool;
    remove(spool.etc);
    remove(spool.crontabs);
    Tables tables = spool.tables();
    const Changes changes = tables.scan(kEarly);
    CHECK(changes.loaded.empty());
    CHECK(changes.notices.empty());
    make_folder(spool.etc);
    make_folder(spool.system_folder);
    write(spool.system_table, kText);
    write(spool.system_folder + "/one", kText);
    const Changes later = tables.scan(kEarly);
    CHECK(loaded_names(later) == Names{"one", "crontab"});
    CHECK_FALSE(later.loaded[0].since_start);
}

}  // namespace
}  // namespace cron::spool::test
