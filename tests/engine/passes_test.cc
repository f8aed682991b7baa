// Passes of the clock, and what they take back from a job that was away when they began.
#include "engine/passes.h"

#include <catch2/catch.hpp>

using namespace cron;
using namespace cron::engine;

namespace {

Instant at(long hour) { return Instant{hours{hour}}; }

}  // namespace

TEST_CASE("passes: wildcard schedules are always in the last, fixed ones in the last for them",
          "[clock]") {
    Passes passes;
    CHECK(passes.of(true) == 0);
    CHECK(passes.of(false) == 0);
    passes.open(1, true, at(50));
    passes.open(2, false, at(60));
    CHECK(passes.last() == 2);
    CHECK(passes.of(true) == 2);
    CHECK(passes.of(false) == 1);
}

TEST_CASE("passes: what is reached counts up to the earliest begin since", "[clock]") {
    Passes passes;
    passes.open(1, false, at(50));
    passes.open(2, true, at(30));
    passes.open(3, false, at(40));
    CHECK(passes.taken_back(true, 0, at(60)) == at(30));
    CHECK(passes.taken_back(true, 2, at(60)) == at(40));
    CHECK(passes.taken_back(true, 2, at(35)) == at(35));
    CHECK(passes.taken_back(true, 3, at(60)) == at(60));
}

TEST_CASE("passes: those of wildcard schedules only take nothing from fixed ones", "[clock]") {
    Passes passes;
    passes.open(1, true, at(50));
    passes.open(2, false, at(20));
    CHECK(passes.taken_back(false, 0, at(60)) == at(50));
    CHECK(passes.taken_back(false, 1, at(60)) == at(60));
}

TEST_CASE("passes: a clock that is set to and fro for ever takes no more room", "[clock]") {
    Passes same;
    for (Pass pass = 1; pass <= 5'000; ++pass) same.open(pass, pass % 2 == 0, at(10));
    CHECK(same.taken_back(true, 0, at(60)) == at(10));
    CHECK(same.taken_back(true, 5'000, at(60)) == at(60));
    Passes on;
    for (Pass pass = 1; pass <= 5'000; ++pass) on.open(pass, true, at(pass));
    CHECK(on.taken_back(true, 4'999, at(9'000)) == at(5'000));
    // Of what was away for longer the begins are no longer known.
    CHECK(on.taken_back(true, 0, at(9'000)) == at(5'001 - static_cast<long>(kPassesKept)));
}
