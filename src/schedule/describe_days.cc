#include "schedule/describe_days.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "schedule/field.h"
#include "schedule/words.h"

namespace cron::schedule {
namespace {

constexpr std::array<std::string_view, 5> kCounts = {"first", "second", "third", "fourth", "fifth"};
// From so many days on, at equal distances, they are told by the distance.
constexpr std::size_t kSeriesMin = 4;

// "March and June to August"; empty: all.
std::string months_of(const Fields& fields) {
    if (fields.months == all_bits(kMonth)) return {};
    Phrases phrases;
    for (const Run& run : runs_of(numbers_of(fields.months))) {
        phrases.emplace_back(month_name(run.first));
        if (run.last > run.first) phrases.back() += fmt::format(" to {}", month_name(run.last));
    }
    return joined(phrases);
}

// "in March", "from June to August"
std::string in_months(const Fields& fields, const std::string& months) {
    const auto runs = runs_of(numbers_of(fields.months));
    return (runs.size() == 1 && runs[0].last > runs[0].first ? "from " : "in ") + months;
}

std::string of_month(const std::string& months) {
    return months.empty() ? " of the month" : " of " + months;
}

// ---- day of month ----

std::string before_last(unsigned days) {
    return days == 0 ? "the last day"
                     : fmt::format("the {} day before the last day", ordinal(days));
}

void append_dates(Phrases& phrases, const Numbers& dates) {
    const auto series = series_of(dates);
    if (series && series->count >= kSeriesMin && series->step > 1) {
        phrases.push_back(fmt::format("every {} day from the {} to the {}", ordinal(series->step),
                                      ordinal(series->first), ordinal(series->last)));
        return;
    }
    for (const Run& run : runs_of(dates)) {
        phrases.push_back("the " + ordinal(run.first));
        if (run.last > run.first) phrases.back() += " to the " + ordinal(run.last);
    }
}

// "the 1st, the 15th and the last day", of a month that the caller names.
std::string dates_of(const Fields& fields) {
    const MonthDays& days = fields.month_days;
    Phrases phrases;
    append_dates(phrases, numbers_of(fields.days_of_month));
    for (const unsigned date : numbers_of(days.nearest_weekday)) {
        phrases.push_back("the weekday nearest to the " + ordinal(date));
    }
    // The largest distance comes first in a month.
    const Numbers before = numbers_of(days.before_last);
    for (auto n = before.rbegin(); n != before.rend(); ++n) phrases.push_back(before_last(*n));
    const Numbers near = numbers_of(days.weekday_before_last);
    for (auto n = near.rbegin(); n != near.rend(); ++n) {
        phrases.push_back(*n == 0 ? "the last weekday"
                                  : "the weekday nearest to " + before_last(*n));
    }
    return joined(phrases);
}

// ---- day of week ----

// From Monday to Sunday, as bits 1 to 7.
Numbers from_monday(unsigned weekdays) {
    return numbers_of((weekdays & 0x7E) | (weekdays & 1U) << 7);
}

Phrases weekdays_of(unsigned weekdays) {
    Phrases phrases;
    for (const Run& run : runs_of(from_monday(weekdays))) {
        if (run.first == run.last) {
            phrases.push_back(fmt::format("{}s", weekday_name(run.first)));
        } else {
            phrases.push_back(
                fmt::format("{} to {}", weekday_name(run.first), weekday_name(run.last)));
        }
    }
    return phrases;
}

Phrases counted_weekdays_of(const MonthDays& days) {
    Phrases phrases;
    const auto append = [&](std::string_view count, unsigned weekdays) {
        for (const unsigned weekday : from_monday(weekdays)) {
            phrases.push_back(fmt::format("the {} {}", count, weekday_name(weekday)));
        }
    };
    for (std::size_t n = 0; n < days.nth.size(); ++n) append(kCounts.at(n), days.nth[n]);
    append("last", days.last);
    return phrases;
}

std::string on_weekdays(const Fields& fields, const std::string& months) {
    Phrases phrases = weekdays_of(fields.days_of_week);
    const Phrases counted = counted_weekdays_of(fields.month_days);
    if (phrases.empty()) return "on " + joined(counted) + of_month(months);
    if (!counted.empty()) phrases.push_back(joined(counted) + " of the month");
    const bool is_span = phrases.size() == 1 && phrases[0].back() != 's';
    const std::string text = (is_span ? "from " : "on ") + joined(phrases);
    if (months.empty()) return text;
    return text + (counted.empty() ? " " : ", ") + in_months(fields, months);
}

}  // namespace

bool is_every_day(const Fields& fields) {
    const bool any_date = fields.days_of_month == all_bits(kDayOfMonth);
    const bool any_weekday = fields.days_of_week == all_bits(kDayOfWeek);
    const bool both = fields.day_of_month_star || fields.day_of_week_star;
    return both ? any_date && any_weekday : any_date || any_weekday;
}

std::string describe_days(const Fields& fields) {
    const std::string months = months_of(fields);
    if (is_every_day(fields)) return months.empty() ? std::string() : in_months(fields, months);
    const std::string dates = "on " + dates_of(fields) + of_month(months);
    if (!fields.day_of_month_star && !fields.day_of_week_star) {
        return dates + ", and " + on_weekdays(fields, months);
    }
    if (fields.days_of_week == all_bits(kDayOfWeek)) return dates;
    if (fields.days_of_month == all_bits(kDayOfMonth)) return on_weekdays(fields, months);
    return on_weekdays(fields, {}) + ", but only " + dates;
}

}  // namespace cron::schedule
