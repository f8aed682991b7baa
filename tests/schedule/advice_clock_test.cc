// What is told of due times that a change of the clock skips or repeats.
#include <catch2/catch.hpp>

#include "schedule/advice.h"
#include "support.h"

namespace cron::schedule {
namespace {

using Strings = std::vector<std::string>;

constexpr std::string_view kBerlin = "CET-1CEST,M3.5.0,M10.5.0/3";
constexpr std::string_view kNewYork = "EST5EDT,M3.2.0,M11.1.0";

std::vector<Advice> clock_advice(std::string_view text, std::string_view rule,
                                 const std::string& from) {
    const bool has_second = schedule_length(text) < text.size();
    const Form form = has_second ? Form::six_fields : Form::five_fields;
    return advise_on_clock(text, form, parsed(text), zone_of_rule(rule), Instant{instant_of(from)});
}

struct ClockCase {
    std::string_view text;
    std::string_view skipped;  // after the name of the zone; empty: nothing
    std::string_view repeated;
};

TEST_CASE("advise_on_clock: due times that the clock skips or repeats, with the dates",
          "[schedule]") {
    const ClockCase cases[] = {
        {"30 2 * * *",
         "on 2026-03-29 the clock skips 02:00 to 03:00: due at 03:00 instead of 02:30",
         "on 2026-10-25 the clock reads 02:00 to 03:00 twice: due at 02:30 the first time only"},
        {"15,45 2-3 * * *",
         "on 2026-03-29 the clock skips 02:00 to 03:00: due at 03:00 instead of 02:15, once",
         "on 2026-10-25 the clock reads 02:00 to 03:00 twice: due at 02:15 the first time only"},
        {"0 2,3 * * *",
         "on 2026-03-29 the clock skips 02:00 to 03:00: due at 03:00 once, for 02:00 as well",
         "on 2026-10-25 the clock reads 02:00 to 03:00 twice: due at 02:00 the first time only"},
        {"*/30 2 * * *", "on 2026-03-29 the clock skips 02:00 to 03:00: not due on that day",
         "on 2026-10-25 the clock reads 02:00 to 03:00 twice: due 4 times"},
        {"30 15 2 * * *",
         "on 2026-03-29 the clock skips 02:00 to 03:00: due at 03:00 instead of 02:15:30",
         "on 2026-10-25 the clock reads 02:00 to 03:00 twice: due at 02:15:30 the first time only"},
        {"30 2 29 3 *",
         "on 2026-03-29 the clock skips 02:00 to 03:00: due at 03:00 instead of 02:30", ""},
        {"0 2 * * 0", "on 2026-03-29 the clock skips 02:00 to 03:00: due at 03:00 instead of 02:00",
         "on 2026-10-25 the clock reads 02:00 to 03:00 twice: due at 02:00 the first time only"},
        // Another time, another day; or it goes on in real time.
        {"30 3 * * *", "", ""},
        {"30 2 * * 1-6", "", ""},
        {"30 2 1 * *", "", ""},
        {"* * * * *", "", ""},
        {"0 * * * *", "", ""},
        {"*/5 1-3 * * *", "", ""},
        {"0 */2 * * *", "", ""},
        {"@every 1h", "", ""},
        {"@reboot", "", ""},
        {"@daily", "", ""},
    };
    for (const ClockCase& c : cases) {
        CAPTURE(c.text);
        std::vector<std::string> wanted;
        const std::string place = "in " + std::string(kBerlin) + " ";
        if (!c.skipped.empty()) wanted.push_back("skipped-time: " + place + std::string(c.skipped));
        if (!c.repeated.empty()) {
            wanted.push_back("repeated-time: " + place + std::string(c.repeated));
        }
        std::vector<std::string> found;
        for (const Advice& advice : clock_advice(c.text, kBerlin, "2026-01-01T00:00")) {
            found.push_back(std::string(advice.name) + ": " + advice.message);
            CHECK_FALSE(advice.hint.empty());
            const std::string marked(c.text.substr(advice.begin, advice.end - advice.begin));
            CHECK(c.text.starts_with(marked));
            CHECK(c.text.substr(marked.size()).find_first_not_of(" ") == 1);
        }
        CHECK(found == wanted);
    }
}

TEST_CASE("advise_on_clock: a year from the moment given, in its own zone", "[schedule]") {
    const auto names = [](std::string_view text, std::string_view rule, const std::string& from) {
        std::vector<std::string> out;
        for (const Advice& advice : clock_advice(text, rule, from)) {
            out.emplace_back(advice.message.substr(advice.message.find(" on ") + 4, 10));
        }
        return out;
    };
    CHECK(names("30 2 * * *", kNewYork, "2026-01-01T00:00") == Strings{"2026-03-08"});
    CHECK(names("30 1 * * *", kNewYork, "2026-01-01T00:00") == Strings{"2026-11-01"});
    CHECK(names("30 2 * * *", kNewYork, "2026-03-08T06:59:59") == Strings{"2026-03-08"});
    CHECK(names("30 2 * * *", kNewYork, "2026-03-08T07:00").empty());
    CHECK(names("30 2 * * *", kNewYork, "2026-03-14T07:00") == Strings{"2027-03-14"});
    CHECK(names("30 2 * * *", "UTC0", "2026-01-01T00:00").empty());
    CHECK(names("30 2 8 3 *", kNewYork, "2026-06-01T00:00").empty());
}

TEST_CASE("advise_on_clock: a nickname is told of as a whole, a gap at midnight with its date",
          "[schedule]") {
    // Forward from 00:00 to 01:00 on the first Sunday of April.
    const auto advice = clock_advice("@daily", "XXX3YYY,M4.1.0/0,M10.1.0/0", "2026-01-01T00:00");
    REQUIRE(advice.size() == 1);
    CHECK((advice[0].begin == 0 && advice[0].end == 6));
    CHECK(advice[0].message.ends_with(
        "on 2026-04-05 the clock skips 00:00 to 01:00: due at 01:00 instead of 00:00"));
}

}  // namespace
}  // namespace cron::schedule
