#include "ctl/marks.h"

#include <catch2/catch.hpp>

namespace cron::ctl {
namespace {

using schedule::ClockChange;
using schedule::Passage;

constexpr Local kDay = std::chrono::local_days{std::chrono::year{2026} / 3 / 8};

}  // namespace

TEST_CASE("mark: it says what the clock did, and nothing where it did nothing", "[ctl]") {
    CHECK(mark_of({}, kDay, false).empty());
    CHECK(mark_of({Passage::moved, 1, kDay + minutes{150}}, kDay + hours{3}, false) ==
          "moved: the clock skips 02:30");
    CHECK(mark_of({Passage::moved, 4, kDay + hours{2}}, kDay + hours{3}, false) ==
          "moved: the clock skips 4 times from 02:00 on, which are one run");
    CHECK(mark_of({Passage::plain, 1, kDay + hours{2}}, kDay + hours{3}, false) ==
          "also for 02:00, which the clock skips");
    CHECK(mark_of({Passage::first_pass, 0, {}}, kDay, true) == "first pass of a repeated time");
    CHECK(mark_of({Passage::first_pass, 0, {}}, kDay, false) ==
          "first pass of a repeated time, and not due on the second");
    CHECK(mark_of({Passage::second_pass, 0, {}}, kDay, true) == "second pass of a repeated time");
}

TEST_CASE("mark: what was skipped on another day has its date", "[ctl]") {
    // Apia had no 2011-12-30.
    const Local day = std::chrono::local_days{std::chrono::year{2011} / 12 / 30};
    CHECK(mark_of({Passage::moved, 1, day + minutes{390}}, day + hours{24}, false) ==
          "moved: the clock skips 2011-12-30 06:30");
}

TEST_CASE("effect: each is said with the readings that it is about", "[ctl]") {
    using Effect = ClockChange::Effect;
    const auto effect = [](Effect kind, std::uint64_t matches, bool skip) {
        ClockChange change;
        change.before = kDay + (skip ? hours{2} : hours{3});
        change.after = kDay + (skip ? hours{3} : hours{2});
        change.effect = kind;
        change.matches = matches;
        change.first_match = kDay + minutes{150};
        return effect_of(change);
    };
    CHECK(effect(Effect::none, 0, true) == "no effect");
    CHECK(effect(Effect::moved, 1, true) == "due at 03:00 for 02:30, which does not come");
    CHECK(effect(Effect::moved, 2, true) ==
          "due once at 03:00 for 2 times from 02:30 on, which do not come");
    CHECK(effect(Effect::not_due, 1, true) == "not due at 02:30, which does not come");
    CHECK(effect(Effect::due_twice, 1, false) == "due at 02:30, both times that it comes");
    CHECK(effect(Effect::due_twice, 2, false) ==
          "due at 2 times from 02:30 on, both times that they come");
    CHECK(effect(Effect::due_once, 1, false) == "due at 02:30 the first time only");
}

}  // namespace cron::ctl
