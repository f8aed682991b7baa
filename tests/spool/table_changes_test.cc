// UserTables: how tables of users are installed, removed and brought back.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <thread>

#include <catch2/catch.hpp>

#include "spool/file.h"
#include "spool/user_tables.h"
#include "support.h"

namespace cron::spool::test {
namespace {

using Catch::Matchers::Contains;
using Names = std::vector<std::string>;

constexpr std::string_view kOne = "1 2 * * * one\n";
constexpr std::string_view kTwo = "1 2 * * * two\n";

struct Desk {
    Spool spool;
    std::string previous = spool.root.path() + "/previous";
    UserTables tables{UserTablesSettings{spool.crontabs, previous}};
    TableOwner alice{"alice", spool.users.at("alice").uid};
    TableOwner bob{"bob", spool.users.at("bob").uid};

    std::string install(std::string_view text) {
        const auto version = tables.install(alice, text, std::nullopt);
        REQUIRE(version);
        return *version;
    }
    std::string text() {
        const auto table = tables.read(alice);
        REQUIRE(table);
        return *table ? (*table)->text : "(none)";
    }
    Names scanned() { return commands(spool.tables().scan(kEarly), "alice"); }
    // All that is in the folder of tables, hidden or not.
    Names files() const {
        Names names;
        for (const auto& file : std::filesystem::directory_iterator(spool.crontabs))
            names.push_back(file.path().filename().string());
        return names;
    }
};

struct stat status_of(const std::string& path) {
    struct stat status {};
    REQUIRE(lstat(path.c_str(), &status) == 0);
    return status;
}

TEST_CASE("table changes: what was installed is read, and is a table for crond", "[spool]") {
    Desk desk;
    CHECK(desk.text() == "(none)");
    const std::string version = desk.install(kOne);
    const auto table = desk.tables.read(desk.alice);
    REQUIRE((table && *table));
    CHECK((*table)->text == kOne);
    CHECK((*table)->version == version);
    CHECK_FALSE(version.empty());
    CHECK(desk.scanned() == Names{"one"});
    CHECK(desk.files() == Names{"alice"});
    const auto other = desk.tables.read(desk.bob);
    REQUIRE(other);
    CHECK_FALSE(*other);
}

TEST_CASE("table changes: a file is its user's, of the folder's group, for its user alone",
          "[spool]") {
    if (!may_change_owners()) return;
    Desk desk;
    REQUIRE(chown(desk.spool.crontabs.c_str(), 0, 4711) == 0);
    const mode_t before = umask(077);
    desk.install(kOne);
    umask(before);
    const struct stat status = status_of(desk.spool.crontabs + "/alice");
    CHECK(status.st_uid == kAlice);
    CHECK(status.st_gid == 4711);
    CHECK((status.st_mode & 07777) == 0600);
    desk.install(kTwo);
    CHECK((status_of(desk.previous).st_mode & 07777) == 0700);
    CHECK(status_of(desk.previous + "/alice").st_uid == desk.alice.uid);
    CHECK((status_of(desk.previous + "/alice").st_mode & 07777) == 0600);
}

TEST_CASE("table changes: versions are equal for equal texts only", "[spool]") {
    Desk desk;
    const std::string one = desk.install(kOne);
    const std::string two = desk.install(kTwo);
    CHECK(one != two);
    CHECK(desk.install(kOne) == one);
    CHECK_FALSE(desk.install("").empty());
}

TEST_CASE("table changes: one made from another version than is there changes nothing", "[spool]") {
    Desk desk;
    const std::string one = desk.install(kOne);
    for (const std::string& before : {std::string(), std::string("0123"), one + "0"}) {
        const auto done = desk.tables.install(desk.alice, kTwo, before);
        REQUIRE_FALSE(done);
        CHECK(done.error().code == ErrorCode::busy);
        const auto removed = desk.tables.remove(desk.alice, before);
        REQUIRE_FALSE(removed);
        CHECK(removed.error().code == ErrorCode::busy);
    }
    CHECK(desk.text() == kOne);
    CHECK(desk.tables.install(desk.alice, kTwo, one));
    CHECK(desk.tables.remove(desk.alice, desk.install(kTwo)));
    const auto none = desk.tables.install(desk.alice, kOne, one);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == ErrorCode::busy);
    CHECK(desk.tables.install(desk.alice, kOne, ""));
}

TEST_CASE("table changes: undo brings back what was before, and undoes itself", "[spool]") {
    Desk desk;
    const auto nothing = desk.tables.undo(desk.alice);
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().code == ErrorCode::not_found);

    desk.install(kOne);
    const auto none = desk.tables.undo(desk.alice);
    REQUIRE(none);
    CHECK_FALSE(*none);
    CHECK(desk.text() == "(none)");
    const auto again = desk.tables.undo(desk.alice);
    REQUIRE((again && *again));
    CHECK((*again)->text == kOne);
    CHECK(desk.text() == kOne);

    desk.install(kTwo);
    REQUIRE(desk.tables.undo(desk.alice));
    CHECK(desk.text() == kOne);
    REQUIRE(desk.tables.undo(desk.alice));
    CHECK(desk.text() == kTwo);
}

TEST_CASE("table changes: undo brings back a table that was removed, an empty one too", "[spool]") {
    Desk desk;
    for (const std::string_view text : {kOne, std::string_view()}) {
        desk.install(text);
        REQUIRE(desk.tables.remove(desk.alice, std::nullopt));
        CHECK(desk.files().empty());
        const auto back = desk.tables.undo(desk.alice);
        REQUIRE((back && *back));
        CHECK(desk.text() == text);
    }
}

TEST_CASE("table changes: who is given the name of another later does not get his table by undo",
          "[spool]") {
    if (!may_change_owners()) return;
    Desk desk;
    desk.install(kOne);
    REQUIRE(desk.tables.remove(desk.alice, std::nullopt));
    const TableOwner later{"alice", kBob};
    const auto undone = desk.tables.undo(later);
    REQUIRE_FALSE(undone);
    CHECK(undone.error().code == ErrorCode::denied);
    CHECK(desk.files().empty());
    REQUIRE(desk.tables.install(later, kTwo, std::nullopt));
    const auto none = desk.tables.undo(later);
    REQUIRE(none);
    CHECK_FALSE(*none);
}

TEST_CASE("table changes: to install what is there keeps the version before it", "[spool]") {
    Desk desk;
    desk.install(kOne);
    desk.install(kTwo);
    const ino_t file = status_of(desk.spool.crontabs + "/alice").st_ino;
    desk.install(kTwo);
    CHECK(status_of(desk.spool.crontabs + "/alice").st_ino == file);
    REQUIRE(desk.tables.undo(desk.alice));
    CHECK(desk.text() == kOne);
}

TEST_CASE("table changes: a table that is not there cannot be removed", "[spool]") {
    Desk desk;
    const auto removed = desk.tables.remove(desk.alice, std::nullopt);
    REQUIRE_FALSE(removed);
    CHECK(removed.error().code == ErrorCode::not_found);
    CHECK(removed.error().message == "no crontab for alice");
}

TEST_CASE("table changes: names that no scan reads, or that lie elsewhere, are refused",
          "[spool]") {
    Desk desk;
    for (const std::string& name :
         {std::string(), std::string("."), std::string(".."), std::string(".alice"),
          std::string("tmp.1"), std::string("../alice"), std::string("a\0b", 3)}) {
        const TableOwner owner{name, geteuid()};
        for (const auto& done : {desk.tables.install(owner, kOne, std::nullopt)}) {
            REQUIRE_FALSE(done);
            CHECK(done.error().code == ErrorCode::invalid);
        }
        CHECK_FALSE(desk.tables.read(owner));
        CHECK_FALSE(desk.tables.remove(owner, std::nullopt));
        CHECK_FALSE(desk.tables.undo(owner));
    }
    CHECK(desk.files().empty());
}

TEST_CASE("table changes: a link is neither read nor written through, and can be replaced",
          "[spool]") {
    Desk desk;
    const std::string secret = desk.spool.root.path() + "/secret";
    write(secret, "hidden\n");
    for (const bool is_hard : {false, true}) {
        const std::string file = desk.spool.crontabs + "/alice";
        if (is_hard) {
            REQUIRE(link(secret.c_str(), file.c_str()) == 0);
        } else {
            link_to(secret, file);
        }
        const auto read = desk.tables.read(desk.alice);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::denied);
        const auto checked = desk.tables.install(desk.alice, kOne, "");
        REQUIRE_FALSE(checked);
        CHECK(checked.error().code == ErrorCode::denied);

        desk.install(kOne);
        CHECK(desk.scanned() == Names{"one"});
        // What it led to must not become alice's by undo.
        const auto undone = desk.tables.undo(desk.alice);
        REQUIRE(undone);
        CHECK_FALSE(*undone);

        if (is_hard) {
            REQUIRE(link(secret.c_str(), file.c_str()) == 0);
        } else {
            link_to(secret, file);
        }
        REQUIRE(desk.tables.remove(desk.alice, std::nullopt));
        CHECK(desk.files().empty());
        CHECK(status_of(secret).st_nlink == 1);
    }
}

TEST_CASE("table changes: a folder in the place of a table is an error, and stays", "[spool]") {
    Desk desk;
    make_folder(desk.spool.crontabs + "/alice");
    CHECK_FALSE(desk.tables.read(desk.alice));
    CHECK_FALSE(desk.tables.install(desk.alice, kOne, std::nullopt));
    CHECK_FALSE(desk.tables.remove(desk.alice, std::nullopt));
    CHECK(desk.files() == Names{"alice"});
}

TEST_CASE("table changes: a disk that takes no more loses nothing", "[spool]") {
    Desk desk;
    desk.install(kOne);
    desk.install(kTwo);
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 4096;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto done = desk.tables.install(desk.alice, std::string(10'000, '#'), std::nullopt);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, handler);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::system);
    CHECK(desk.text() == kTwo);
    CHECK(desk.files() == Names{"alice"});
    REQUIRE(desk.tables.undo(desk.alice));
    CHECK(desk.text() == kOne);
}

TEST_CASE("table changes: a text beyond the bound of tables is refused", "[spool]") {
    Desk desk;
    const auto done = desk.tables.install(
        desk.alice, std::string(crontab::kTableBytesMax + 1, '\n'), std::nullopt);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::limit);
    CHECK(desk.install(std::string(crontab::kTableBytesMax, '\n')).size() == 32);
}

TEST_CASE("table changes: a folder of earlier versions of somebody else is not used", "[spool]") {
    if (!may_change_owners()) return;
    Desk desk;
    make_folder(desk.previous);
    change_owner(desk.previous, kBob);
    const auto done = desk.tables.install(desk.alice, kOne, std::nullopt);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::denied);
    remove(desk.previous);
    make_folder(desk.spool.root.path() + "/elsewhere");
    link_to(desk.spool.root.path() + "/elsewhere", desk.previous);
    CHECK_FALSE(desk.tables.install(desk.alice, kOne, std::nullopt));
    CHECK(desk.files().empty());
}

TEST_CASE("table changes: of many made from one version at once one is made", "[spool]") {
    Desk desk;
    for (int round = 0; round < 20; ++round) {
        const std::string before = desk.install("# " + std::to_string(round) + "\n");
        std::array<std::optional<Result<std::string>>, 4> done;
        std::array<std::thread, 4> editors;
        for (std::size_t one = 0; one < editors.size(); ++one) {
            editors[one] = std::thread([&, one] {
                // Of its own, as another process has it.
                const UserTables tables({desk.spool.crontabs, desk.previous});
                done[one] = tables.install(desk.alice, std::string(one + 1, '\n'), before);
            });
        }
        for (std::thread& editor : editors) editor.join();
        std::size_t made = 0;
        for (std::size_t one = 0; one < done.size(); ++one) {
            if (!*done[one]) {
                CHECK(done[one]->error().code == ErrorCode::busy);
                continue;
            }
            ++made;
            CHECK(desk.text() == std::string(one + 1, '\n'));
        }
        CHECK(made == 1);
    }
    CHECK(desk.files() == Names{"alice"});
}

}  // namespace
}  // namespace cron::spool::test
