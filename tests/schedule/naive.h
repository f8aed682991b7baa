// Whether a wall-clock reading matches, found the slow way: by walking the days of its month.
#pragma once

#include <chrono>
#include <cstdint>

#include "schedule/schedule.h"

namespace cron::schedule {

inline bool has_bit(std::uint64_t bits, unsigned value) { return (bits >> value & 1) != 0; }

// The Mon-Fri day of the month of `day` nearest to it.
inline std::chrono::local_days nearest_weekday(std::chrono::local_days day) {
    using std::chrono::days;
    const auto month = [](std::chrono::local_days of) {
        return std::chrono::year_month_day{of}.month();
    };
    for (int distance = 0;; ++distance) {
        for (const auto near : {day - days{distance}, day + days{distance}}) {
            const std::chrono::weekday weekday{near};
            if (weekday != std::chrono::Saturday && weekday != std::chrono::Sunday &&
                month(near) == month(day)) {
                return near;
            }
        }
    }
}

inline bool is_day_of_month(const MonthDays& month_days, std::chrono::local_days day) {
    const std::chrono::year_month_day date{day};
    const std::chrono::local_days first{date.year() / date.month() / 1};
    const std::chrono::local_days last{date.year() / date.month() / std::chrono::last};
    for (std::chrono::local_days of = first; of <= last; of += std::chrono::days{1}) {
        const auto before = static_cast<unsigned>((last - of).count());
        const auto number = static_cast<unsigned>((of - first).count()) + 1;
        if (of == day && has_bit(month_days.before_last, before)) return true;
        const bool near = has_bit(month_days.nearest_weekday, number) ||
                          has_bit(month_days.weekday_before_last, before);
        if (near && nearest_weekday(of) == day) return true;
    }
    return false;
}

inline bool is_day_of_week(const MonthDays& month_days, std::chrono::local_days day) {
    using std::chrono::days;
    const unsigned weekday = std::chrono::weekday{day}.c_encoding();
    const auto month = std::chrono::year_month_day{day}.month();
    std::size_t earlier = 0;  // the same weekday of the month before it
    while (std::chrono::year_month_day{day - days{7 * (earlier + 1)}}.month() == month) ++earlier;
    const bool is_last = std::chrono::year_month_day{day + days{7}}.month() != month;
    return has_bit(month_days.nth[earlier], weekday) ||
           (is_last && has_bit(month_days.last, weekday));
}

// The day rule as DESIGN says it, on a date.
inline bool matches_day(const Fields& fields, std::chrono::local_days day) {
    const std::chrono::year_month_day date{day};
    if (!has_bit(fields.months, static_cast<unsigned>(date.month()))) return false;
    if (!fields.years.contains(static_cast<int>(date.year()))) return false;
    const bool by_date = has_bit(fields.days_of_month, static_cast<unsigned>(date.day())) ||
                         is_day_of_month(fields.month_days, day);
    const bool by_weekday = has_bit(fields.days_of_week, std::chrono::weekday{day}.c_encoding()) ||
                            is_day_of_week(fields.month_days, day);
    if (fields.day_of_month_star || fields.day_of_week_star) return by_date && by_weekday;
    return by_date || by_weekday;
}

inline bool matches(const Fields& fields, Local reading) {
    const auto day = std::chrono::floor<std::chrono::days>(reading);
    const auto second = static_cast<unsigned>((reading - day).count());
    return has_bit(fields.seconds, second % 60) && has_bit(fields.minutes, second / 60 % 60) &&
           has_bit(fields.hours, second / 3600) && matches_day(fields, day);
}

}  // namespace cron::schedule
