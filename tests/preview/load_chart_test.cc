#include "preview/load_chart.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::preview {
namespace {

// 2026-03-02 is a Monday.
constexpr Local kMonday = local(2026, 3, 2);

Instant utc(Local reading) { return Instant{reading.time_since_epoch()}; }

LoadChart utc_chart(Local begin, Local end) {
    return LoadChart(calendar::Zone(), utc(begin), utc(end));
}

LoadChart chart_of(std::initializer_list<Local> starts, Local end = kMonday + hours{24 * 7}) {
    LoadChart chart = utc_chart(kMonday, end);
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
    LoadChart chart = utc_chart(sunday, sunday + hours{1});
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
            const LoadChart chart =
                utc_chart(kMonday + hours{shift}, kMonday + hours{shift + length});
            std::uint64_t sum = 0;
            for (std::size_t day = 0; day < kWeekDays; ++day) {
                for (std::size_t hour = 0; hour < kDayHours; ++hour)
                    sum += chart.cell(day, hour).times;
            }
            CHECK(sum == static_cast<std::uint64_t>(length));
        }
    }
}

TEST_CASE("chart: a repeated hour came twice, a skipped one did not come", "[preview]") {
    const calendar::Zone zone = new_york();
    const auto days = [&](Local from, int count) {
        return LoadChart(zone, at(zone, from), at(zone, from + hours{24 * count}));
    };
    // 2026-11-01 and 2026-03-08 are Sundays.
    LoadChart autumn = days(local(2026, 11, 1), 1);
    CHECK(autumn.cell(6, 0).times == 1);
    CHECK(autumn.cell(6, 1).times == 2);
    CHECK(autumn.cell(6, 2).times == 1);
    CHECK(autumn.cell(6, 23).times == 1);
    CHECK(autumn.cell(0, 0).times == 0);
    const Instant first = at(zone, local(2026, 11, 1, 1, 30));
    for (const Instant pass : {first, first + hours{1}})
        autumn.add(pass, local(2026, 11, 1, 1, 30));
    CHECK(autumn.cell(6, 1).average() == 1);
    const auto busiest = autumn.busiest(1);
    REQUIRE(busiest.size() == 1);
    CHECK(busiest[0].cell.times == 2);
    CHECK(busiest[0].cell.average() == 1);
    CHECK(busiest[0].most == 1);

    const LoadChart spring = days(local(2026, 3, 8), 1);
    CHECK(spring.cell(6, 1).times == 1);
    CHECK(spring.cell(6, 2).times == 0);
    CHECK(spring.cell(6, 3).times == 1);
    CHECK(days(local(2026, 3, 1), 14).cell(6, 2).times == 1);
}

TEST_CASE("chart: an hour that the clock is set ahead in came once, back in twice", "[preview]") {
    // Half an hour: at 02:00 to 02:30, and at 02:00 to 01:30.
    const calendar::Zone zone = rule_zone("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
    const auto sunday = [&](Local from) {
        return LoadChart(zone, at(zone, from), at(zone, from + hours{24}));
    };
    const LoadChart spring = sunday(local(2026, 10, 4));
    CHECK(spring.cell(6, 1).times == 1);
    CHECK(spring.cell(6, 2).times == 1);
    const LoadChart autumn = sunday(local(2026, 4, 5));
    CHECK(autumn.cell(6, 1).times == 2);
    CHECK(autumn.cell(6, 2).times == 1);
    // From 02:10 to 02:40, within the hour.
    const calendar::Zone within = rule_zone("<+1030>-10:30<+11>-11,M10.1.0/2:10,M4.1.0/2:50");
    CHECK(LoadChart(within, at(within, local(2026, 10, 4)), at(within, local(2026, 10, 5)))
              .cell(6, 2)
              .times == 1);
    CHECK(LoadChart(within, at(within, local(2026, 4, 5)), at(within, local(2026, 4, 6)))
              .cell(6, 2)
              .times == 2);
}

TEST_CASE("chart: the times are those of a count minute by minute", "[preview]") {
    const calendar::Zone zone = new_york();
    const Instant begin = at(zone, local(2026, 2, 27, 5, 17)) + seconds{3};
    for (const hours length : {hours{0}, hours{1}, hours{200}, hours{24 * 280}}) {
        const LoadChart chart(zone, begin, begin + length);
        std::vector<std::uint64_t> expected(kWeekDays * kDayHours);
        Local before{};
        for (auto at = floor_seconds(begin); at < begin + length; at += minutes{1}) {
            const Local reading{at.time_since_epoch() + zone.period_at(at).offset};
            const auto hour = std::chrono::floor<hours>(reading - kMonday).count();
            if (hour != std::chrono::floor<hours>(before - kMonday).count() || reading < before)
                ++expected[static_cast<std::size_t>(hour + 168 * 10) % 168];
            before = reading;
        }
        for (std::size_t i = 0; i < expected.size(); ++i)
            CHECK(chart.cell(i / kDayHours, i % kDayHours).times == expected[i]);
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
    LoadChart chart = utc_chart(kMonday, kMonday + hours{24});
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
