#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "spool/permission.h"
#include "support.h"

namespace cron::spool::test {
namespace {

using Catch::Matchers::Contains;
using crontab::Flavour;

struct Lists {
    TemporaryFolder folder;
    PermissionFiles files{folder.path() + "/cron.allow", folder.path() + "/cron.deny"};

    bool may(std::string_view user, Flavour flavour = Flavour::debian) const {
        return may_use_crontab(files, user, false, flavour).has_value();
    }
};

TEST_CASE("permission: with neither file all may, or as cronie has it root alone", "[spool]") {
    const Lists lists;
    CHECK(lists.may("alice"));
    CHECK_FALSE(lists.may("alice", Flavour::cronie));
    CHECK(may_use_crontab(lists.files, "root", true, Flavour::cronie));
}

TEST_CASE("permission: cron.allow decides alone, cron.deny only without it", "[spool]") {
    const Lists lists;
    write(lists.files.deny, "bob\n");
    CHECK(lists.may("alice"));
    CHECK(lists.may("alice", Flavour::cronie));
    CHECK_FALSE(lists.may("bob"));
    write(lists.files.allow, "bob\n");
    CHECK(lists.may("bob"));
    CHECK_FALSE(lists.may("alice"));
    write(lists.files.allow, "");
    CHECK_FALSE(lists.may("bob"));
}

TEST_CASE("permission: a line is a name, blanks round it and a CR aside", "[spool]") {
    const Lists lists;
    for (const std::string_view text : {"alice", "bob\nalice", "alice\r\n", " alice\t\n"}) {
        write(lists.files.allow, text);
        CHECK(lists.may("alice"));
    }
    for (const std::string_view text : {"alice2\n", "# alice\n", "alice bob\n", "ALICE\n", "\n"}) {
        write(lists.files.allow, text);
        CHECK_FALSE(lists.may("alice"));
    }
}

TEST_CASE("permission: a file that is there and cannot be read denies all but root", "[spool]") {
    const Lists lists;
    SECTION("a folder") { make_folder(lists.files.deny); }
    SECTION("a FIFO, without waiting") { REQUIRE(mkfifo(lists.files.deny.c_str(), 0600) == 0); }
    SECTION("links in a ring") { link_to(lists.files.deny, lists.files.deny); }
    SECTION("a link that leads nowhere") { link_to("/nonexistent", lists.files.deny); }
    CHECK_FALSE(lists.may("alice"));
    CHECK(may_use_crontab(lists.files, "root", true, Flavour::debian));
}

TEST_CASE("permission: who may not is told why, without control bytes of names", "[spool]") {
    const Lists lists;
    write(lists.files.deny, "al\x1bice\n");
    const auto denied = may_use_crontab(lists.files, "al\x1bice", false, Flavour::debian);
    REQUIRE_FALSE(denied);
    CHECK(denied.error().code == ErrorCode::denied);
    CHECK(denied.error().message ==
          "you (al\\x1bice) are not allowed to use this program (crontab): listed in " +
              lists.files.deny);
}

}  // namespace
}  // namespace cron::spool::test
