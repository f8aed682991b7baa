#include "ctl/chart.h"

#include <catch2/catch.hpp>

#include "base/text.h"
#include "support.h"

namespace cron::ctl {
namespace {

// A week from Monday 2026-03-02 on, with so many starts on Monday at 00:00 and one on Sunday 23:00.
preview::LoadChart chart_with(int at_midnight) {
    const Local monday = std::chrono::local_days{std::chrono::year{2026} / 3 / 2};
    const auto utc = [](Local reading) { return Instant{reading.time_since_epoch()}; };
    preview::LoadChart chart(calendar::Zone(), utc(monday), utc(monday + hours{24 * 7}));
    const auto add = [&](Local reading) { chart.add(utc(reading), reading); };
    for (int i = 0; i < at_midnight; ++i) add(monday);
    add(monday + hours{24 * 7 - 1});
    return chart;
}

}  // namespace

TEST_CASE("chart: a row a day, a column an hour, the most in the darkest cell", "[ctl]") {
    const auto lines = lines_of(draw(chart_with(100), calendar::Zone(), {}));
    const auto row = std::find_if(lines.begin(), lines.end(),
                                  [](const std::string& line) { return line.starts_with("Mon"); });
    REQUIRE(row != lines.end());
    CHECK(row[-1].starts_with("     00 01 02"));
    CHECK(row[-1].ends_with(" 23"));
    CHECK(row[0] == "Mon  @@");
    CHECK(row[1] == "Tue");
    CHECK(row[6] == "Sun" + std::string(2 + 23 * 3, ' ') + "..");
    CHECK(row[6].size() == row[-1].size());
}

TEST_CASE("chart: it fits 80 columns, and is ASCII where the terminal is", "[ctl]") {
    const std::string ascii = draw(chart_with(5'000'000), calendar::Zone(), {});
    for (const std::string& line : lines_of(ascii)) CHECK(line.size() <= 80);
    for (const char c : ascii) CHECK(static_cast<unsigned char>(c) < 0x80);
    const std::string blocks = draw(chart_with(3), calendar::Zone(), {true, false});
    CHECK(is_utf8(blocks));
    CHECK(contains(blocks, "Mon  ██\n"));
    CHECK_FALSE(contains(blocks, "\x1b"));
    CHECK(contains(draw(chart_with(3), calendar::Zone(), {true, true}), "\x1b[31m██\x1b[0m"));
}

TEST_CASE("chart: the busiest minutes are named, with the number at once", "[ctl]") {
    const std::string drawn = draw(chart_with(100), calendar::Zone(), {});
    CHECK(
        contains(drawn, "Mon 00:00       100 on average, 100 at most (2026-03-02T00:00:00+00:00)"));
    CHECK(contains(drawn, "Sun 23:00         1 on average, 1 at most"));
    CHECK(contains(drawn, "101 starts"));
}

TEST_CASE("chart: nothing to draw", "[ctl]") {
    CHECK(draw(preview::LoadChart({}, {}, {}), calendar::Zone(), {}) == "no starts\n");
}

}  // namespace cron::ctl
