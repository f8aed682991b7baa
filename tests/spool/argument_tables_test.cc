#include <sys/stat.h>

#include <cstdio>

#include <catch2/catch.hpp>

#include "spool/tables.h"
#include "support.h"

namespace cron::spool::test {
namespace {

using Catch::Matchers::Contains;
using Names = std::vector<std::string>;

struct Arguments : Spool {
    std::string path = root.path() + "/my.crontab";

    Arguments() {
        settings.places = {};
        settings.caller = "alice";
        settings.arguments = {path};
    }
};

Instant changed_at(const std::string& path) {
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    return Instant(
        seconds(status.st_ctim.tv_sec) +
        std::chrono::floor<microseconds>(std::chrono::nanoseconds(status.st_ctim.tv_nsec)));
}

TEST_CASE("arguments: a file of any name, owner and mode runs as the caller", "[spool]") {
    Arguments spool;
    write(spool.path, "1 2 * * * mine\n");
    change_mode(spool.path, 0666);
    const Changes changes = spool.tables().scan(kEarly);
    REQUIRE(loaded_names(changes) == Names{"my.crontab"});
    CHECK(changes.loaded[0].owner == "alice");
    CHECK(changes.loaded[0].since_start);
    CHECK(changes.loaded[0].table.entries.at(0)->user == "alice");
    CHECK(changes.notices.empty());
}

TEST_CASE("arguments: they may be read as system tables", "[spool]") {
    Arguments spool;
    spool.settings.system_arguments = true;
    write(spool.path, "1 2 * * * bob mine\n");
    const Changes changes = spool.tables().scan(kEarly);
    CHECK(changes.loaded.at(0).table.entries.at(0)->user == "bob");
    CHECK(commands(changes, "my.crontab") == Names{"mine"});
}

TEST_CASE("arguments: their jobs are the same ones whoever runs them, where that is asked for",
          "[spool]") {
    Arguments spool;
    write(spool.path, "1 2 * * * mine\n");
    const auto id_for = [&](const std::string& caller) {
        spool.settings.caller = caller;
        const Changes changes = spool.tables().scan(kEarly);
        CHECK(changes.loaded.at(0).table.entries.at(0)->user == caller);
        return changes.loaded.at(0).table.entries.at(0)->id;
    };
    CHECK(id_for("alice") != id_for("12345"));
    spool.settings.forgets_caller = true;
    CHECK(id_for("alice") == id_for("12345"));
}

TEST_CASE("arguments: entries of users who cannot be become are refused, and the others run",
          "[spool]") {
    Arguments spool;
    spool.settings.system_arguments = true;
    spool.settings.only_user = 1001;
    spool.settings.find_user = [](const std::string& name) {
        return UserAnswer{UserAnswer::Kind::known, name == "bob" ? 1002U : 1001U};
    };
    write(spool.path, "1 2 * * * alice mine\n1 2 * * * bob his\n1 2 * * * also-alice too\n");
    const Changes changes = spool.tables().scan(kEarly);
    CHECK(commands(changes, "my.crontab") == Names{"mine", "too"});
    const auto& diagnostics = changes.loaded.at(0).table.diagnostics;
    REQUIRE(diagnostics.size() == 1);
    CHECK(diagnostics[0].line == 2);
    CHECK(diagnostics[0].begin == 10);
    CHECK(diagnostics[0].severity == crontab::Severity::error);
    CHECK(diagnostics[0].message ==
          "a job of user 'bob' needs a crond of root, and this one is uid 1001");
    CHECK_FALSE(changes.retry);
}

TEST_CASE("arguments: links are followed, whoever made them", "[spool]") {
    Arguments spool;
    const std::string root = spool.root.path();
    make_folder(root + "/..2024");
    write(root + "/..2024/table", "1 2 * * * old\n");
    link_to("..2024", root + "/..data");
    link_to("..data/table", spool.path);
    change_mode(root, 0777);
    Tables tables = spool.tables();
    CHECK(commands(tables.scan(kEarly), "my.crontab") == Names{"old"});
    // How Kubernetes changes a mounted file.
    make_folder(root + "/..2025");
    write(root + "/..2025/table", "1 2 * * * new\n");
    link_to("..2025", root + "/..next");
    rename(root + "/..next", root + "/..data");
    CHECK(commands(tables.scan(kEarly), "my.crontab") == Names{"new"});
}

TEST_CASE("arguments: of one below a file it is said that this is no folder", "[spool]") {
    Arguments spool;
    write(spool.path, "1 2 * * * mine\n");
    spool.settings.arguments = {spool.path + "/x"};
    CHECK_THAT(notices(spool.tables().scan(kEarly)),
               Contains("CAN'T OPEN") && Contains("is no folder"));
}

TEST_CASE("arguments: a missing one is an error, named once, and runs when it appears", "[spool]") {
    Arguments spool;
    Tables tables = spool.tables();
    const Changes missing = tables.scan(kEarly);
    REQUIRE(missing.notices.size() == 1);
    CHECK(missing.notices[0].severity == crontab::Severity::error);
    CHECK(missing.notices[0].path == spool.path);
    CHECK_THAT(notices(missing), Contains("(alice) CAN'T OPEN") && Contains("does not exist"));
    CHECK(tables.scan(kEarly).notices.empty());
    write(spool.path, "1 2 * * * mine\n");
    const Changes changes = tables.scan(kEarly);
    REQUIRE(loaded_names(changes) == Names{"my.crontab"});
    CHECK_FALSE(changes.loaded[0].since_start);
}

TEST_CASE("arguments: whatever becomes of one, the version read last stays, and that is said",
          "[spool]") {
    Arguments spool;
    write(spool.path, "1 2 * * * mine\n");
    Tables tables = spool.tables();
    REQUIRE(tables.scan(kEarly).loaded.size() == 1);
    std::string problem;
    SECTION("removed") {
        remove(spool.path);
        problem = "does not exist";
    }
    SECTION("a folder in its place") {
        remove(spool.path);
        make_folder(spool.path);
        problem = "a folder";
    }
    SECTION("a loop of links") {
        remove(spool.path);
        link_to("my.crontab", spool.path);
        problem = "more than 40 links";
    }
    SECTION("more than a table may have") {
        replace(spool.path, std::string(crontab::kTableBytesMax + 1, '#'));
        problem = "at most";
    }
    const Changes gone = tables.scan(kEarly);
    CHECK(gone.removed.empty());
    CHECK_THAT(notices(gone), Contains(problem) && Contains("the version read before stays"));
    std::remove(spool.path.c_str());
    write(spool.path, "1 2 * * * again\n");
    CHECK(commands(tables.scan(kLate), "my.crontab") == Names{"again"});
}

TEST_CASE("arguments: one that is written to just now is not read before it has settled",
          "[spool]") {
    Arguments spool;
    write(spool.path, "1 2 * * * old\n");
    Tables tables = spool.tables();
    // What is there at the start is taken as it is.
    CHECK(commands(tables.scan(changed_at(spool.path)), "my.crontab") == Names{"old"});
    write(spool.path, "");
    const Instant changed = changed_at(spool.path);
    for (const auto look : {changed - kQuiet, changed, changed + kQuiet - microseconds{1}}) {
        const Changes looked = tables.scan(look);
        CHECK((looked.loaded.empty() && looked.notices.empty()));
        CHECK(looked.is_unquiet);
    }
    write(spool.path, "1 2 * * * new\n");
    const Changes settled = tables.scan(changed_at(spool.path) + kQuiet);
    CHECK(commands(settled, "my.crontab") == Names{"new"});
    CHECK_FALSE(settled.is_unquiet);
}

TEST_CASE("arguments: a reload loads one as soon as it can be read, though it says what it said",
          "[spool]") {
    Arguments spool;
    write(spool.path, "1 2 * * * same\n");
    Tables tables = spool.tables();
    REQUIRE(tables.scan(kEarly).loaded.size() == 1);
    SECTION("it was written to just now") {
        write(spool.path, "1 2 * * * same\n");
        const Instant changed = changed_at(spool.path);
        CHECK(tables.reload_all(changed).loaded.empty());
        CHECK(tables.scan(changed + kQuiet).loaded.size() == 1);
    }
    SECTION("it was gone for a moment") {
        rename(spool.path, spool.path + ".away");
        CHECK(tables.reload_all(kLate).loaded.empty());
        rename(spool.path + ".away", spool.path);
        CHECK(tables.scan(kLate).loaded.size() == 1);
    }
}

TEST_CASE("arguments: one that every look finds written to anew is left until it rests",
          "[spool]") {
    Arguments spool;
    write(spool.path, "1 2 * * * old\n");
    Tables tables = spool.tables();
    REQUIRE(tables.scan(kEarly).loaded.size() == 1);
    for (int look = 1; look <= 3 * kUnquietLooksMax; ++look) {
        const auto size = static_cast<std::size_t>(look);
        write(spool.path, std::string(size, '#') + "\n1 2 * * * new\n");
        REQUIRE(tables.scan(changed_at(spool.path)).loaded.empty());
    }
    CHECK(tables.scan(changed_at(spool.path) + kQuiet).loaded.size() == 1);
}

TEST_CASE("arguments: one whose time never comes to rest is read now and then", "[spool]") {
    Arguments spool;
    write(spool.path, "1 2 * * * old\n");
    Tables tables = spool.tables();
    REQUIRE(tables.scan(kEarly).loaded.size() == 1);
    int looks = 1;
    write(spool.path, "1 2 * * * new\n");
    while (tables.scan(changed_at(spool.path)).loaded.empty()) REQUIRE(++looks < 1000);
    CHECK(looks == kUnquietLooksMax + 1);
}

TEST_CASE("arguments: a FIFO does not block and gives no table", "[spool]") {
    Arguments spool;
    REQUIRE(mkfifo(spool.path.c_str(), 0600) == 0);
    const Changes changes = spool.tables().scan(kEarly);
    CHECK(changes.loaded.empty());
    CHECK_THAT(notices(changes), Contains("NOT REGULAR"));
}

}  // namespace
}  // namespace cron::spool::test
