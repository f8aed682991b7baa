#include "preview/load_chart.h"

#include <algorithm>

namespace cron::preview {
namespace {

constexpr minutes kWeek{7 * 24 * 60};
// 1970-01-05 was a Monday.
constexpr Local kMonday{hours{4 * 24}};

// The place in the week of a reading, in whole units.
template <class Unit>
std::size_t place_in_week(Local at) {
    const auto since = std::chrono::floor<Unit>(at - kMonday);
    const auto week = std::chrono::duration_cast<Unit>(kWeek).count();
    return static_cast<std::size_t>((since.count() % week + week) % week);
}

// The readings of one clock between two changes of it.
struct Stretch {
    Local begin{};
    Local end{};
};

std::vector<Stretch> stretches_of(const calendar::Zone& zone, Instant begin, Instant end) {
    std::vector<Stretch> found;
    const auto last = std::chrono::ceil<seconds>(end);
    for (auto at = floor_seconds(begin); at < last;) {
        const calendar::Period period = zone.period_at(at);
        const auto until = std::min(period.end, last);
        found.push_back({Local{at.time_since_epoch() + period.offset},
                         Local{until.time_since_epoch() + period.offset}});
        at = until;
    }
    return found;
}

// How often each unit of the week comes. One that a clock set ahead leaves and enters again came
// once; with a clock set back it came twice.
template <class Unit>
std::vector<std::uint64_t> times_in(const std::vector<Stretch>& stretches) {
    const auto units = static_cast<std::size_t>(std::chrono::duration_cast<Unit>(kWeek).count());
    std::vector<std::uint64_t> times(units);
    std::uint64_t weeks = 0;
    Local before = Local::min();  // the end of the stretch before
    for (const Stretch& stretch : stretches) {
        auto first = std::chrono::floor<Unit>(stretch.begin);
        const auto end = std::chrono::ceil<Unit>(stretch.end);
        if (before <= stretch.begin && first < before) first += Unit{1};
        before = stretch.end;
        if (first >= end) continue;
        const auto count = static_cast<std::uint64_t>((end - first).count());
        weeks += count / units;
        const std::size_t place = place_in_week<Unit>(first);
        for (std::size_t i = 0; i < count % units; ++i) ++times[(place + i) % units];
    }
    for (std::uint64_t& time : times) time += weeks;
    return times;
}

}  // namespace

LoadChart::LoadChart(const calendar::Zone& zone, Instant begin, Instant end) {
    const std::vector<Stretch> stretches = stretches_of(zone, begin, end);
    times_of_hours_ = times_in<hours>(stretches);
    times_of_minutes_ = times_in<minutes>(stretches);
}

void LoadChart::add(Instant at, Local reading) {
    ++starts_;
    Counter& counter = minutes_[place_in_week<minutes>(reading)];
    ++counter.starts;
    // The second pass of a repeated minute is another one.
    if (at >= counter.last + minutes{1}) {
        counter.last = at;
        counter.in_last = 0;
    }
    if (++counter.in_last > counter.most) {
        counter.most = counter.in_last;
        counter.most_at = counter.last;
    }
}

LoadChart::Cell LoadChart::cell(std::size_t day, std::size_t hour) const {
    Cell cell;
    const std::size_t hour_of_week = day * kDayHours + hour;
    for (std::size_t minute = 0; minute < kHourMinutes; ++minute)
        cell.starts += minutes_[hour_of_week * kHourMinutes + minute].starts;
    cell.times = times_of_hours_[hour_of_week];
    return cell;
}

// The place in the week of the busiest of the minutes at one time of day.
std::size_t LoadChart::busiest_day_of(std::size_t minute_of_day) const {
    std::size_t best = minute_of_day;
    for (std::size_t place = best; place < kMinutes; place += kDayHours * kHourMinutes) {
        if (minutes_[place].starts > minutes_[best].starts) best = place;
    }
    return best;
}

std::vector<LoadChart::Minute> LoadChart::busiest(std::size_t count_max) const {
    std::vector<std::size_t> places;
    for (std::size_t minute = 0; minute < kDayHours * kHourMinutes; ++minute) {
        const std::size_t place = busiest_day_of(minute);
        if (minutes_[place].starts > 0) places.push_back(place);
    }
    std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
        return minutes_[a].starts > minutes_[b].starts;
    });
    places.resize(std::min(places.size(), count_max));
    std::vector<Minute> found;
    for (const std::size_t place : places) {
        const Counter& counter = minutes_[place];
        const std::size_t hour_of_week = place / kHourMinutes;
        found.push_back({hour_of_week / kDayHours,
                         hour_of_week % kDayHours,
                         place % kHourMinutes,
                         {counter.starts, times_of_minutes_[place]},
                         counter.most,
                         counter.most_at});
    }
    return found;
}

}  // namespace cron::preview
