#include "preview/load_chart.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::preview {
namespace {

// 2026-03-02 is a Monday.
constexpr Local kMonday = local(2026, 3, 2);

Instant utc(Local reading) { return Instant{reading.time_since_epoch()}; }

LoadChart chart_of(std::initializer_list<Local> starts, Local end = kMonday + hours{24 * 7}) {
    LoadChart chart(kMonday, end);
    for (const Local start : starts) chart.add(utc(start), start);
    return chart;
}

}  // namespace

TEST_CASE("chart: a start counts in the hour of the week that the clock reads", "[preview]") {
    const LoadChart chart =
        chart_of({kMonday, kMonday + minutes{59}, kMonday + hours{24 * 6 + 23}});
    CHECK(chart.cell(0, 0).starts == 2);
    CHECK(chart.cell(6, 23).starts == 1);
    CHECK(chart.cell(0, 1).starts == 0);
    CHECK(chart.starts() == 3);
}

TEST_CASE("chart: before 1970 the days of the week go on backwards", "[preview]") {
    // A Sunday.
    const Local sunday = local(1969, 12, 28, 23, 59);
    LoadChart chart(sunday, sunday + hours{1});
    chart.add(utc(sunday), sunday);
    CHECK(chart.cell(6, 23).starts == 1);
}

TEST_CASE("chart: the average is over the hours of that kind in the span", "[preview]") {
    const LoadChart weeks = chart_of({kMonday, kMonday}, kMonday + hours{24 * 7 * 4});
    CHECK(weeks.cell(0, 0).times == 4);
    CHECK(weeks.cell(0, 0).average() == Approx(0.5));
    CHECK(weeks.cell(6, 23).times == 4);

    const LoadChart days = chart_of({}, kMonday + hours{24 * 9});
    CHECK(days.cell(0, 0).times == 2);
    CHECK(days.cell(1, 23).times == 2);
    CHECK(days.cell(2, 0).times == 1);

    // A cut hour counts.
    const LoadChart cut = chart_of({}, kMonday + minutes{90});
    CHECK(cut.cell(0, 1).times == 1);
    CHECK(cut.cell(0, 2).times == 0);
    CHECK(cut.cell(0, 2).average() == 0);
}

TEST_CASE("chart: the hours of a span are all counted, once each", "[preview]") {
    for (const int length : {1, 23, 24, 100, 168, 169, 500}) {
        for (const int shift : {0, 5, 167}) {
            const LoadChart chart(kMonday + hours{shift}, kMonday + hours{shift + length});
            std::uint64_t sum = 0;
            for (std::size_t day = 0; day < kWeekDays; ++day) {
                for (std::size_t hour = 0; hour < kDayHours; ++hour)
                    sum += chart.cell(day, hour).times;
            }
            CHECK(sum == static_cast<std::uint64_t>(length));
        }
    }
}

TEST_CASE("chart: the busiest minutes are times of day, each on its busiest day", "[preview]") {
    const LoadChart chart =
        chart_of({kMonday, kMonday + seconds{1}, kMonday + hours{12}, kMonday + hours{24},
                  kMonday + hours{36}, kMonday + hours{36} + seconds{59}, kMonday + hours{36}});
    const auto busiest = chart.busiest(5);
    REQUIRE(busiest.size() == 2);
    CHECK(busiest[0].day == 1);
    CHECK(busiest[0].hour == 12);
    CHECK(busiest[0].minute == 0);
    CHECK(busiest[0].cell.starts == 3);
    CHECK(busiest[0].most == 3);
    CHECK(busiest[0].most_at == utc(kMonday + hours{36}));
    CHECK(busiest[1].day == 0);
    CHECK(busiest[1].hour == 0);
    CHECK(busiest[1].most == 2);
    CHECK(chart.busiest(1).size() == 1);
    CHECK(chart_of({}).busiest(5).empty());
}

TEST_CASE("chart: the second pass of a repeated minute is another minute", "[preview]") {
    LoadChart chart(kMonday, kMonday + hours{24});
    const Local reading = kMonday + hours{1};
    for (const hours pass : {hours{1}, hours{2}}) {
        chart.add(utc(kMonday) + pass, reading);
        chart.add(utc(kMonday) + pass + seconds{30}, reading + seconds{30});
    }
    const auto busiest = chart.busiest(1);
    REQUIRE(busiest.size() == 1);
    CHECK(busiest[0].cell.starts == 4);
    CHECK(busiest[0].most == 2);
}

}  // namespace cron::preview
