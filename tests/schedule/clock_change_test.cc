#include "schedule/clock_change.h"

#include "support.h"

namespace cron::schedule {
namespace {

using Effect = ClockChange::Effect;

const calendar::Zone& new_york() {
    static const calendar::Zone zone = zone_of_rule("EST5EDT,M3.2.0,M11.1.0");
    return zone;
}

Local local_of(const char* text) { return Local{instant_of(text).time_since_epoch()}; }

}  // namespace

TEST_CASE("passage_of: a due time whose match was skipped is moved", "[schedule]") {
    const auto passage = [](const char* text, const char* due) {
        const Schedule schedule = parsed(text);
        const Instant at = instant_of(due);
        CHECK(next_after(schedule, new_york(), at - seconds{1}) == at);  // it is a due time
        return passage_of(schedule, new_york(), at);
    };
    CHECK(passage("30 2 * * *", "2024-03-10 03:00-04:00") == Passage::moved);
    CHECK(passage("0,30 2,3 * * *", "2024-03-10 03:00-04:00") == Passage::plain);
    CHECK(passage("30 2 * * *", "2024-03-11 02:30-04:00") == Passage::plain);
    CHECK(passage("30 1 * * *", "2024-11-03 01:30-04:00") == Passage::first_pass);
    CHECK(passage("30 * * * *", "2024-11-03 01:30-04:00") == Passage::first_pass);
    CHECK(passage("30 * * * *", "2024-11-03 01:30-05:00") == Passage::second_pass);
    CHECK(passage("30 * * * *", "2024-11-03 02:30-05:00") == Passage::plain);
    CHECK(passage("@every 30m", "2024-11-03 01:30-05:00") == Passage::plain);
}

TEST_CASE("clock_changes: says what each change does to a schedule", "[schedule]") {
    const auto effects = [](const char* text) {
        const auto changes = clock_changes(parsed(text), new_york(), instant_of("2024-01-01 00:00"),
                                           instant_of("2025-01-01 00:00"), 10);
        REQUIRE(changes.size() == 2);
        return std::pair(changes[0].effect, changes[1].effect);
    };
    CHECK(effects("30 2 * * *") == std::pair(Effect::moved, Effect::none));
    CHECK(effects("*/30 2 * * *") == std::pair(Effect::not_due, Effect::none));
    CHECK(effects("30 1 * * *") == std::pair(Effect::none, Effect::due_once));
    CHECK(effects("30 * * * *") == std::pair(Effect::not_due, Effect::due_twice));
    CHECK(effects("30 4 * * *") == std::pair(Effect::none, Effect::none));
    CHECK(effects("@every 1h") == std::pair(Effect::none, Effect::none));
}

TEST_CASE("clock_changes: gives the span that is skipped or repeated, and what matches in it",
          "[schedule]") {
    const auto changes =
        clock_changes(parsed("10,40 1,2 * * *"), new_york(), instant_of("2024-01-01 00:00"),
                      instant_of("2034-01-01 00:00"), 2);
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].at == instant_of("2024-03-10 07:00"));
    CHECK(changes[0].is_skip());
    CHECK(changes[0].before == local_of("2024-03-10 02:00"));
    CHECK(changes[0].after == local_of("2024-03-10 03:00"));
    CHECK(changes[0].matches == 2);
    CHECK(changes[0].first_match == local_of("2024-03-10 02:10"));
    CHECK_FALSE(changes[1].is_skip());
    CHECK(changes[1].before == local_of("2024-11-03 02:00"));
    CHECK(changes[1].after == local_of("2024-11-03 01:00"));
    CHECK(changes[1].matches == 2);
    CHECK(changes[1].first_match == local_of("2024-11-03 01:10"));
}

TEST_CASE("clock_changes: a zone without changes has none, and those at `from` do not count",
          "[schedule]") {
    const Schedule schedule = parsed("30 2 * * *");
    CHECK(clock_changes(schedule, calendar::Zone(), Instant{}, Instant::max(), 10).empty());
    const Instant change = instant_of("2024-03-10 07:00");
    CHECK(clock_changes(schedule, new_york(), change, change + hours{24}, 10).empty());
    CHECK(clock_changes(schedule, new_york(), change - seconds{1}, change, 10).size() == 1);
}

}  // namespace cron::schedule
