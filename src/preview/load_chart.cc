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

}  // namespace

LoadChart::LoadChart(Local begin, Local end) : begin_(begin), end_(std::max(begin, end)) {}

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

// Of the hours from begin_ to end_, counting those that are cut.
std::uint64_t LoadChart::times_of_hour(std::size_t hour_of_week) const {
    constexpr std::uint64_t kHours = kWeekDays * kDayHours;
    const auto first = std::chrono::floor<hours>(begin_);
    const auto count = static_cast<std::uint64_t>(
        std::chrono::duration_cast<hours>(std::chrono::ceil<hours>(end_) - first).count());
    const std::uint64_t offset =
        (hour_of_week + kHours - place_in_week<hours>(first)) % kHours;  // of its first coming
    return count / kHours + (offset < count % kHours ? 1 : 0);
}

LoadChart::Cell LoadChart::cell(std::size_t day, std::size_t hour) const {
    Cell cell;
    const std::size_t hour_of_week = day * kDayHours + hour;
    for (std::size_t minute = 0; minute < kHourMinutes; ++minute)
        cell.starts += minutes_[hour_of_week * kHourMinutes + minute].starts;
    cell.times = times_of_hour(hour_of_week);
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
                         {counter.starts, times_of_hour(hour_of_week)},
                         counter.most,
                         counter.most_at});
    }
    return found;
}

}  // namespace cron::preview
