#include "process/user.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>

namespace cron::process {
namespace {

TEST_CASE("find_user: root has its numbers, groups, home and shell", "[user]") {
    const auto root = find_user("root");
    REQUIRE(root);
    CHECK(root->name == "root");
    CHECK(root->uid == 0);
    CHECK(root->gid == 0);
    CHECK(std::count(root->groups.begin(), root->groups.end(), 0U) == 1);
    CHECK(root->home == "/root");
    CHECK_FALSE(root->shell.empty());
}

TEST_CASE("find_user: a name that nobody has is not_found, not a failed lookup", "[user]") {
    const auto nobody_there = find_user("no-such-user-here");
    REQUIRE_FALSE(nobody_there);
    CHECK(nobody_there.error().code == ErrorCode::not_found);
    CHECK(nobody_there.error().message == "there is no user 'no-such-user-here'");
    CHECK(find_user("").error().code == ErrorCode::not_found);
}

TEST_CASE("find_user_name: what a number is called, or not_found", "[user]") {
    CHECK(find_user_name(0) == "root");
    const auto nobody_there = find_user_name(54321);
    REQUIRE_FALSE(nobody_there);
    CHECK(nobody_there.error().code == ErrorCode::not_found);
}

TEST_CASE("find_user: nobody is taken for missing for want of descriptors", "[user]") {
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit none = before;
    none.rlim_cur = 3;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto daemon = find_user("daemon");
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE_FALSE(daemon);
    CHECK(daemon.error().system_errno == EMFILE);
    CHECK(daemon.error().code != ErrorCode::not_found);
    CHECK(daemon.error().code != ErrorCode::limit);
}

TEST_CASE("current_user: is whoever runs this, with the groups it has", "[user]") {
    const auto me = current_user("/somewhere");
    REQUIRE(me);
    CHECK(me->uid == geteuid());
    CHECK(me->gid == getegid());
    CHECK_FALSE(me->name.empty());
    CHECK(me->groups.size() == static_cast<std::size_t>(getgroups(0, nullptr)));
}

TEST_CASE("user cache: knows a user for a minute, or until it is dropped", "[user]") {
    UserCache cache;
    Identity alice;
    alice.name = "alice";
    alice.uid = 1000;
    const Monotonic start{seconds{100}};
    CHECK(cache.get("alice", start) == nullptr);

    cache.put("alice", alice, start);
    REQUIRE(cache.get("alice", start) != nullptr);
    CHECK(cache.get("alice", start)->uid == 1000);
    CHECK(cache.get("alice", start + seconds{59}) != nullptr);
    CHECK(cache.get("alice", start + seconds{60}) == nullptr);

    alice.uid = 1001;
    cache.put("alice", alice, start + seconds{70});
    CHECK(cache.get("alice", start + seconds{70})->uid == 1001);
    cache.drop();
    CHECK(cache.get("alice", start + seconds{70}) == nullptr);
}

}  // namespace
}  // namespace cron::process
