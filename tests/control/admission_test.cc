// How much of the daemon each user may take up.
#include "control/admission.h"

#include <catch2/catch.hpp>

using namespace cron::control;
using namespace std::chrono_literals;

namespace {

const Admission::Time kNow{1000s};
constexpr uid_t kRoot = 0;
constexpr uid_t kMaster = 7;
constexpr uid_t kJoe = 1000;

Bounds small() {
    Bounds bounds;
    bounds.places = 6;
    bounds.places_for_root = 2;
    bounds.places_of_one = 2;
    bounds.large_places = 3;
    bounds.large_places_for_root = 1;
    bounds.large_places_of_one = 1;
    bounds.requests_per_second = 10;
    bounds.burst = 3;
    bounds.users = 5;
    return bounds;
}

}  // namespace

TEST_CASE("admission: a user has so many places, and has them again when he leaves", "[control]") {
    Admission admission(small(), kMaster);
    CHECK_FALSE(admission.enter(kJoe, kNow));
    CHECK_FALSE(admission.enter(kJoe, kNow));
    CHECK(admission.enter(kJoe, kNow) ==
          "uid 1000 has 2 connections to crond, and may have no more");
    CHECK_FALSE(admission.enter(kJoe + 1, kNow));
    admission.leave(kJoe);
    CHECK_FALSE(admission.enter(kJoe, kNow));
}

TEST_CASE("admission: users together leave places to root and to crond's own user", "[control]") {
    for (const uid_t master : {kRoot, kMaster}) {
        Admission admission(small(), kMaster);
        for (uid_t user = kJoe; user < kJoe + 4; ++user) CHECK_FALSE(admission.enter(user, kNow));
        CHECK(admission.enter(kJoe + 4, kNow) == "crond talks to 4 clients, and to no more");
        CHECK_FALSE(admission.enter(master, kNow));
        CHECK_FALSE(admission.enter(master, kNow));
        CHECK(admission.enter(master, kNow));
    }
}

TEST_CASE("admission: long lines have places of their own, of which root has the last",
          "[control]") {
    Admission admission(small(), kMaster);
    for (const uid_t uid : {kRoot, kJoe, kJoe + 1, kJoe + 2}) admission.enter(uid, kNow);
    CHECK(admission.take_large(kJoe));
    CHECK_FALSE(admission.take_large(kJoe));
    CHECK(admission.take_large(kJoe + 1));
    CHECK_FALSE(admission.take_large(kJoe + 2));
    CHECK(admission.take_large(kRoot));
    CHECK_FALSE(admission.take_large(kRoot));
    admission.give_large(kJoe);
    admission.give_large(kRoot);
    CHECK(admission.take_large(kJoe + 2));
}

TEST_CASE("admission: beyond a burst, requests of one user wait for their turn", "[control]") {
    Admission admission(small(), kMaster);
    admission.enter(kJoe, kNow);
    admission.enter(kJoe + 1, kNow);
    for (int i = 0; i < 3; ++i) CHECK(admission.take_turn(kJoe, kNow) == kNow);
    CHECK(admission.take_turn(kJoe, kNow) == kNow + 100ms);
    CHECK(admission.take_turn(kJoe, kNow) == kNow + 200ms);
    CHECK(admission.take_turn(kJoe + 1, kNow) == kNow);
    // What was not used is not saved up beyond the burst.
    for (int i = 0; i < 3; ++i) CHECK(admission.take_turn(kJoe, kNow + 1h) == kNow + 1h);
    CHECK(admission.take_turn(kJoe, kNow + 1h) == kNow + 1h + 100ms);
}

TEST_CASE("admission: who comes back is remembered by what he asked", "[control]") {
    Admission admission(small(), kMaster);
    for (int i = 0; i < 5; ++i) {
        CHECK_FALSE(admission.enter(kJoe, kNow));
        admission.take_turn(kJoe, kNow);
        admission.leave(kJoe);
    }
    admission.enter(kJoe, kNow);
    CHECK(admission.take_turn(kJoe, kNow) == kNow + 300ms);
}

TEST_CASE("admission: root's requests do not wait", "[control]") {
    Admission admission(small(), kMaster);
    admission.enter(kRoot, kNow);
    for (int i = 0; i < 100; ++i) CHECK(admission.take_turn(kRoot, kNow) == kNow);
}

TEST_CASE("admission: no more users are remembered than a bound, and root is let in", "[control]") {
    Admission admission(small(), kMaster);
    for (uid_t user = kJoe; user < kJoe + 5; ++user) {
        CHECK_FALSE(admission.enter(user, kNow));
        admission.take_turn(user, kNow);
        admission.leave(user);
    }
    CHECK(admission.enter(kJoe + 5, kNow) == "crond was asked by 5 users in a moment");
    CHECK_FALSE(admission.enter(kJoe, kNow));
    CHECK_FALSE(admission.enter(kRoot, kNow));
    // Who has asked nothing for a while is forgotten.
    CHECK_FALSE(admission.enter(kJoe + 5, kNow + 1s));
}
