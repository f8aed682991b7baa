// The writer of schedules: the shortest usual spelling that parses to an equal one.

#include <bit>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "schedule/duration.h"
#include "schedule/field.h"
#include "schedule/schedule.h"
#include "schedule/words.h"

namespace cron::schedule {
namespace {

// The values of `*/step` in the field.
std::uint64_t star_bits(std::size_t index, std::uint64_t step) {
    return stepped_bits(index, kFields[index].first, kFields[index].last, step);
}

using Items = std::vector<std::string>;

std::string print_items(const Items& items) { return fmt::format("{}", fmt::join(items, ",")); }

// "5-50/15" where the values are at least three in equal steps, else a,b or a-b for every run of
// neighbours.
std::string print_list(const Numbers& numbers) {
    const auto series = series_of(numbers);
    if (series && series->count >= 3 && series->step > 1) {
        return fmt::format("{}-{}/{}", series->first, series->last, series->step);
    }
    Items items;
    for (const Run& run : runs_of(numbers)) {
        items.push_back(run.first == run.last ? std::to_string(run.first)
                                              : fmt::format("{}-{}", run.first, run.last));
    }
    return print_items(items);
}

// A `*` comes first where, and only where, it did in the text; no rule asks for that of the month
// and of the second.
std::string print_values(std::size_t index, const FieldValues& values) {
    const bool free = index == kMonth || index == kSecond;
    if (!values.star && !free) return print_list(numbers_of(values.bits));
    if (values.bits == all_bits(index)) return "*";
    std::uint64_t step = 2;
    // The largest step leaves only the first value, which is there whenever the star is.
    const std::uint64_t last_step = kFields[index].last - kFields[index].first + 1;
    while (step < last_step && (star_bits(index, step) & ~values.bits) != 0) ++step;
    const std::uint64_t rest = values.bits & ~star_bits(index, step);
    if (free && (rest != 0 || step == last_step)) return print_list(numbers_of(values.bits));
    std::string text = fmt::format("*/{}", step);
    if (rest != 0) text += "," + print_list(numbers_of(rest));
    return text;
}

// L, L-3; with the suffix W: LW, L-3W.
void append_before_last(Items& items, std::uint32_t bits, std::string_view suffix) {
    for (int n = 0; n < 32; ++n) {
        if ((bits >> n & 1) == 0) continue;
        items.push_back(n == 0 ? fmt::format("L{}", suffix) : fmt::format("L-{}{}", n, suffix));
    }
}

// "5L", or with the suffix "#3".
void append_weekdays(Items& items, std::uint8_t weekdays, std::string_view suffix) {
    for (int weekday = 0; weekday < 7; ++weekday) {
        if ((weekdays >> weekday & 1) != 0) items.push_back(fmt::format("{}{}", weekday, suffix));
    }
}

Items month_day_items(std::size_t index, const MonthDays& days) {
    Items items;
    if (index == kDayOfMonth) {
        for (int day = 1; day < 32; ++day) {
            if ((days.nearest_weekday >> day & 1) != 0) items.push_back(fmt::format("{}W", day));
        }
        append_before_last(items, days.before_last, "");
        append_before_last(items, days.weekday_before_last, "W");
    }
    if (index == kDayOfWeek) {
        for (std::size_t n = 0; n < days.nth.size(); ++n) {
            append_weekdays(items, days.nth[n], fmt::format("#{}", n + 1));
        }
        append_weekdays(items, days.last, "L");
    }
    return items;
}

std::string print_field(const Fields& fields, std::size_t index) {
    const FieldValues values = values_of(fields, index);
    Items items = month_day_items(index, fields.month_days);
    if (values.bits != 0) items.insert(items.begin(), print_values(index, values));
    return print_items(items);
}

}  // namespace

std::string print(const Schedule& schedule) {
    switch (schedule.kind()) {
        case Schedule::Kind::every:
            return "@every " + print_duration(schedule.interval());
        case Schedule::Kind::reboot:
            return "@reboot";
        case Schedule::Kind::fields:
            break;
    }
    const Fields& fields = schedule.fields();
    std::string text;
    for (std::size_t index = fields.seconds == 1 ? kMinute : kSecond; index < kMaskCount; ++index) {
        if (!text.empty()) text += ' ';
        text += print_field(fields, index);
    }
    if (fields.years.is_limited()) text += " " + print_list(fields.years.numbers());
    return text;
}

}  // namespace cron::schedule
