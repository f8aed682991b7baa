#include "spool/rules.h"

#include <catch2/catch.hpp>

namespace cron::spool {
namespace {

using crontab::FileNames;

TEST_CASE("name_violation: as run-parts, a table of cron.d is named with letters, digits, _ and -",
          "[spool]") {
    for (const char* name : {"a", "php", "e2scrub_all", "Sysstat-2", "-", "0hourly", "tmp"}) {
        INFO(name);
        CHECK_FALSE(name_violation(name, FileNames::run_parts));
    }
    for (const char* name : {"backup.sh", "example.com", ".hidden", "#x#", "a b", "x,y", "\xc3\xa9",
                             "x~", "x.dpkg-old", "x.dpkg-dist", "x.rpmnew", "a\nb", "a:b"}) {
        INFO(name);
        CHECK(name_violation(name, FileNames::run_parts));
    }
}

TEST_CASE("name_violation: cronie takes dots, but not hidden files, backups and package leftovers",
          "[spool]") {
    for (const char* name : {"backup.sh", "example.com", "a b", "x.y.z"}) {
        INFO(name);
        CHECK_FALSE(name_violation(name, FileNames::any));
    }
    for (const char* name :
         {".hidden", "#x#", "x~", "x.rpmsave", "x.rpmorig", "x.rpmnew", "x.dpkg-new"}) {
        INFO(name);
        CHECK(name_violation(name, FileNames::any));
    }
}

// Source: valid_name() of Debian's cron with -l.
TEST_CASE("name_violation: by the LSB, small letters, digits and -, or joined names", "[spool]") {
    for (const char* name : {"a", "php", "0hourly", "a-b", "a-", "e2scrub_all-1", "_my.corp-x",
                             "example.com-backup", "a.b-c_d-e2", "_-a"}) {
        INFO(name);
        CHECK_FALSE(name_violation(name, FileNames::lsb));
    }
    for (const char* name : {"", "A", "Php", "e2scrub_all", "backup.sh", "-a", "a.b-", "a_b--c",
                             "a.b-c_d", "a b", "x-y.dpkg-old", "\xc3\xa9", "a\n"}) {
        INFO(name);
        CHECK(name_violation(name, FileNames::lsb));
    }
}

TEST_CASE("name_violation: the reason names the character, without passing control bytes on",
          "[spool]") {
    CHECK(name_violation("x.sh", FileNames::run_parts)->find("'.'") != std::string::npos);
    CHECK(name_violation("x\n", FileNames::run_parts)->find("'\\x0a'") != std::string::npos);
    CHECK(name_violation("x.dpkg-old", FileNames::run_parts)->find("packages") !=
          std::string::npos);
}

TEST_CASE("violation: where any table is permitted, only what is no file is refused", "[spool]") {
    struct stat status {};
    status.st_uid = 7;
    status.st_nlink = 2;
    for (const Place place : {Place::user_folder, Place::system_table, Place::system_folder}) {
        Rules rules{place, 1000, 0};
        rules.permits_any = true;
        status.st_mode = S_IFREG | 0666;
        CHECK_FALSE(violation(status, rules));
        status.st_mode = S_IFDIR | 0755;
        CHECK(violation(status, rules));
    }
}

struct stat status_of(mode_t mode, uid_t owner, nlink_t links) {
    struct stat status {};
    status.st_mode = mode;
    status.st_uid = owner;
    status.st_nlink = links;
    return status;
}

TEST_CASE("violation: each place has its rules for type, owner, mode and links", "[spool]") {
    constexpr uid_t kUser = 1000;
    constexpr uid_t kOther = 1001;
    struct Case {
        Place place;
        mode_t mode;
        uid_t owner;
        nlink_t links;
        std::string event;  // none: good
    };
    const Case cases[] = {
        {Place::user_folder, S_IFREG | 0600, kUser, 1, ""},
        {Place::user_folder, S_IFREG | 0600, 0, 1, ""},
        {Place::user_folder, S_IFREG | 0400, kUser, 1, ""},
        {Place::user_folder, S_IFREG | 0644, kUser, 1, ""},
        {Place::user_folder, S_IFREG | 0600, kOther, 1, "WRONG FILE OWNER"},
        {Place::user_folder, S_IFREG | 0620, kUser, 1, "INSECURE MODE (mode 0600 expected)"},
        {Place::user_folder, S_IFREG | 0602, kUser, 1, "INSECURE MODE (mode 0600 expected)"},
        {Place::user_folder, S_IFREG | 0600, kUser, 2, "NUMBER OF HARD LINKS > 1"},
        {Place::user_folder, S_IFREG | 0600, kUser, 0, "NUMBER OF HARD LINKS > 1"},
        {Place::user_folder, S_IFDIR | 0700, kUser, 2, "NOT REGULAR"},
        {Place::user_folder, S_IFIFO | 0600, kUser, 1, "NOT REGULAR"},
        {Place::system_folder, S_IFREG | 0644, 0, 1, ""},
        {Place::system_folder, S_IFREG | 0644, 0, 2, ""},
        {Place::system_folder, S_IFREG | 0755, 0, 1, ""},
        {Place::system_folder, S_IFREG | 0644, kUser, 1, "WRONG FILE OWNER"},
        {Place::system_folder, S_IFREG | 0664, 0, 1, "INSECURE MODE (group/other writable)"},
        {Place::system_table, S_IFREG | 0646, 0, 1, "INSECURE MODE (group/other writable)"},
        {Place::system_table, S_IFREG | 0644, kUser, 1, "WRONG FILE OWNER"},
        {Place::system_table, S_IFCHR | 0644, 0, 1, "NOT REGULAR"},
        {Place::argument, S_IFREG | 0666, kOther, 3, ""},
        {Place::argument, S_IFSOCK | 0600, kOther, 1, "NOT REGULAR"},
    };
    for (const Case& each : cases) {
        const auto broken =
            violation(status_of(each.mode, each.owner, each.links), Rules{each.place, kUser, 0});
        CAPTURE(static_cast<int>(each.place), each.mode, each.owner, each.links);
        CHECK((broken ? broken->event : "") == each.event);
    }
}

TEST_CASE("violation: crond without root trusts its own user's files beside root's", "[spool]") {
    const Rules rules{Place::system_folder, 0, 1000};
    CHECK_FALSE(violation(status_of(S_IFREG | 0644, 1000, 1), rules));
    CHECK_FALSE(violation(status_of(S_IFREG | 0644, 0, 1), rules));
    CHECK(violation(status_of(S_IFREG | 0644, 1001, 1), rules));
}

TEST_CASE(
    "is_silent_name: only hidden files and temporaries of crontabs/, and Debian's .placeholder",
    "[spool]") {
    CHECK(is_silent_name("..", Place::system_folder));
    CHECK(is_silent_name("tmp.Xa82k", Place::user_folder));
    CHECK(is_silent_name(".alice.swp", Place::user_folder));
    CHECK(is_silent_name(".placeholder", Place::system_folder));
    CHECK_FALSE(is_silent_name("tmp", Place::user_folder));
    CHECK_FALSE(is_silent_name(".hidden", Place::system_folder));
    CHECK_FALSE(is_silent_name("tmp.x", Place::system_folder));
}

}  // namespace
}  // namespace cron::spool
