// Months and days are bit masks, so a search looks at one word for a month, one for a day and one
// for an hour.

#include "schedule/match.h"

#include <bit>

namespace cron::schedule {
namespace {

using std::chrono::days;
using std::chrono::local_days;

// The Gregorian calendar repeats itself, weekdays included.
constexpr int kCycleYears = 400;

// The bits above and below bit n.
constexpr std::uint32_t above(std::uint32_t bits, unsigned n) { return bits & ~((2U << n) - 1); }
constexpr std::uint32_t below(std::uint32_t bits, unsigned n) { return bits & ((1U << n) - 1); }

constexpr unsigned lowest(std::uint64_t bits) {
    return static_cast<unsigned>(std::countr_zero(bits));
}
constexpr unsigned highest(std::uint64_t bits) {
    return static_cast<unsigned>(std::bit_width(bits)) - 1;
}

// A month and its matching days, bit n for day n.
struct Month {
    int year = 0;
    unsigned month = 0;
    local_days day_zero{};  // the day before the first
    std::uint32_t days = 0;

    local_days day(unsigned n) const { return day_zero + std::chrono::days{n}; }
};

// Bit n says whether day n has one of the weekdays, where day 0 has the weekday `start`.
std::uint32_t days_of_weekdays(std::uint8_t weekdays, unsigned start) {
    constexpr std::uint64_t kEverySeventh = 1ULL | 1ULL << 7 | 1ULL << 14 | 1ULL << 21 | 1ULL << 28;
    const std::uint64_t twice = weekdays | static_cast<std::uint64_t>(weekdays) << 7;
    return static_cast<std::uint32_t>((twice >> start & 0x7F) * kEverySeventh);
}

// The days from Monday to Friday nearest to the days `wanted` of a month, within it.
std::uint32_t nearest_weekdays(std::uint32_t wanted, unsigned start, unsigned last) {
    std::uint32_t found = 0;
    for (; wanted != 0; wanted &= wanted - 1) {
        const unsigned day = lowest(wanted);
        const unsigned weekday = (start + day) % 7;
        unsigned nearest = day;
        if (weekday == 6) nearest = day > 1 ? day - 1 : day + 2;
        if (weekday == 0) nearest = day < last ? day + 1 : day - 2;
        found |= 1U << nearest;
    }
    return found;
}

// Day 1 to `last`, bit n for n days before the last.
std::uint32_t counted_back(std::uint32_t before_last, unsigned last) {
    std::uint32_t found = 0;
    for (; before_last != 0; before_last &= before_last - 1) {
        const unsigned before = lowest(before_last);
        if (before < last) found |= 1U << (last - before);
    }
    return found;
}

// The days of the month that its day of month names, and those that its day of week does, where
// day 0 has the weekday `start`.
std::uint32_t days_of_month(const MonthDays& month_days, unsigned start, unsigned last) {
    const std::uint32_t in_month = (2U << last) - 2;
    const std::uint32_t near = (month_days.nearest_weekday & in_month) |
                               counted_back(month_days.weekday_before_last, last);
    return counted_back(month_days.before_last, last) | nearest_weekdays(near, start, last);
}

std::uint32_t days_of_week(const MonthDays& month_days, unsigned start, unsigned last) {
    constexpr std::uint32_t kWeek = 0x7F;
    std::uint32_t found = days_of_weekdays(month_days.last, start) & (kWeek << (last - 6));
    for (unsigned n = 0; n < month_days.nth.size(); ++n) {
        found |= days_of_weekdays(month_days.nth[n], start) & (kWeek << (7 * n + 1));
    }
    return found;
}

Month month_at(const Fields& fields, int year, unsigned month) {
    const std::chrono::year_month_day first{std::chrono::year{year}, std::chrono::month{month},
                                            std::chrono::day{1}};
    Month found{year, month, local_days{first} - days{1}, 0};
    if ((fields.months >> month & 1) == 0 || !fields.years.contains(year)) return found;
    const unsigned weekday = std::chrono::weekday{found.day_zero}.c_encoding();
    const unsigned last{std::chrono::year_month_day_last{
        first.year(),
        std::chrono::month_day_last{
            first.month()}}.day()};
    std::uint32_t by_month = fields.days_of_month;
    std::uint32_t by_weekday = days_of_weekdays(fields.days_of_week, weekday);
    if (fields.month_days.any_of_month()) {
        by_month |= days_of_month(fields.month_days, weekday, last);
    }
    if (fields.month_days.any_of_week()) {
        by_weekday |= days_of_week(fields.month_days, weekday, last);
    }
    const bool both = fields.day_of_month_star || fields.day_of_week_star;
    found.days = (both ? by_month & by_weekday : by_month | by_weekday) & ((2U << last) - 2);
    return found;
}

// A reading in whole minutes, and the month it is in.
struct Position {
    Month month;
    unsigned day = 0;     // of the month
    unsigned minute = 0;  // of the day

    bool on_matching_day() const { return (month.days >> day & 1) != 0; }
};

using LocalMinute = std::chrono::local_time<minutes>;

Position position_of(const Fields& fields, LocalMinute minute) {
    const local_days day = std::chrono::floor<days>(minute);
    const std::chrono::year_month_day date{day};
    return {month_at(fields, static_cast<int>(date.year()), static_cast<unsigned>(date.month())),
            static_cast<unsigned>(date.day()), static_cast<unsigned>((minute - day).count())};
}

// The minutes of a day are hour * 60 + minute.
std::optional<unsigned> first_minute(const Fields& fields, unsigned from) {
    const unsigned hour = from / 60;
    if ((fields.hours >> hour & 1) != 0) {
        const std::uint64_t rest = fields.minutes >> (from % 60);
        if (rest != 0) return from + lowest(rest);
    }
    const std::uint32_t later = above(fields.hours, hour);
    if (later == 0) return std::nullopt;
    return lowest(later) * 60 + lowest(fields.minutes);
}

std::optional<unsigned> last_minute(const Fields& fields, unsigned upto) {
    const unsigned hour = upto / 60;
    if ((fields.hours >> hour & 1) != 0) {
        const std::uint64_t rest = fields.minutes & ((2ULL << (upto % 60)) - 1);
        if (rest != 0) return hour * 60 + highest(rest);
    }
    const std::uint32_t earlier = below(fields.hours, hour);
    if (earlier == 0) return std::nullopt;
    return highest(earlier) * 60 + highest(fields.minutes);
}

// How many minutes of a day before `minute` match.
std::uint64_t minutes_before(const Fields& fields, unsigned minute) {
    const unsigned hour = minute / 60;
    auto count = static_cast<std::uint64_t>(std::popcount(below(fields.hours, hour)) *
                                            std::popcount(fields.minutes));
    if ((fields.hours >> hour & 1) != 0) {
        count += static_cast<std::uint64_t>(
            std::popcount(fields.minutes & ((1ULL << (minute % 60)) - 1)));
    }
    return count;
}

// How many days in [begin, end) match, where the first is in `begin.month`.
std::uint64_t days_between(const Fields& fields, const Position& begin, const Position& end) {
    const auto up_to_month = [](const Month& month) {
        return month.year * 12 + static_cast<int>(month.month);
    };
    std::uint64_t count = 0;
    Month month = begin.month;
    while (up_to_month(month) < up_to_month(end.month)) {
        count += static_cast<std::uint64_t>(std::popcount(month.days));
        month = month.month == 12 ? month_at(fields, month.year + 1, 1)
                                  : month_at(fields, month.year, month.month + 1);
    }
    count += static_cast<std::uint64_t>(std::popcount(below(month.days, end.day)));
    return count - static_cast<std::uint64_t>(std::popcount(below(begin.month.days, begin.day)));
}

// The first matching minute at or after `from`, the last at or before `upto`.
std::optional<LocalMinute> first_minute_match(const Fields& fields, LocalMinute from) {
    const Position start = position_of(fields, from);
    if (start.on_matching_day()) {
        if (const auto minute = first_minute(fields, start.minute)) {
            return start.month.day(start.day) + minutes{*minute};
        }
    }
    Month month = start.month;
    month.days = above(month.days, start.day);
    for (int years = 0; month.days == 0;) {
        const std::uint32_t later = above(fields.months, month.month);
        if (later != 0) {
            month = month_at(fields, month.year, lowest(later));
            continue;
        }
        const std::optional<int> year = fields.years.after(month.year);
        if (!year || ++years > kCycleYears) return std::nullopt;
        month = month_at(fields, *year, lowest(fields.months));
    }
    return month.day(lowest(month.days)) +
           minutes{lowest(fields.hours) * 60 + lowest(fields.minutes)};
}

std::optional<LocalMinute> last_minute_match(const Fields& fields, LocalMinute upto) {
    const Position start = position_of(fields, upto);
    if (start.on_matching_day()) {
        if (const auto minute = last_minute(fields, start.minute)) {
            return start.month.day(start.day) + minutes{*minute};
        }
    }
    Month month = start.month;
    month.days = below(month.days, start.day);
    for (int years = 0; month.days == 0;) {
        const std::uint32_t earlier = below(fields.months, month.month);
        if (earlier != 0) {
            month = month_at(fields, month.year, highest(earlier));
            continue;
        }
        const std::optional<int> year = fields.years.before(month.year);
        if (!year || ++years > kCycleYears) return std::nullopt;
        month = month_at(fields, *year, highest(fields.months));
    }
    return month.day(highest(month.days)) +
           minutes{highest(fields.hours) * 60 + highest(fields.minutes)};
}

// How many seconds of the minute of `position` before the second `end` match.
std::uint64_t seconds_before(const Fields& fields, const Position& position, seconds end) {
    const bool matches = position.on_matching_day() &&
                         (fields.hours >> (position.minute / 60) & 1) != 0 &&
                         (fields.minutes >> (position.minute % 60) & 1) != 0;
    const std::uint64_t earlier = fields.seconds & ((1ULL << end.count()) - 1);
    return matches ? static_cast<std::uint64_t>(std::popcount(earlier)) : 0;
}

}  // namespace

std::optional<Local> first_match(const Fields& fields, Local from) {
    const LocalMinute minute = std::chrono::floor<minutes>(from);
    const std::uint64_t rest = fields.seconds >> (from - minute).count();
    if (rest == 0) {
        const auto match = first_minute_match(fields, minute + minutes{1});
        if (!match) return std::nullopt;
        return *match + seconds{lowest(fields.seconds)};
    }
    const auto match = first_minute_match(fields, minute);
    if (!match) return std::nullopt;
    return *match == minute ? from + seconds{lowest(rest)}
                            : *match + seconds{lowest(fields.seconds)};
}

std::optional<Local> last_match(const Fields& fields, Local upto) {
    const LocalMinute minute = std::chrono::floor<minutes>(upto);
    const std::uint64_t rest = fields.seconds & ((2ULL << (upto - minute).count()) - 1);
    if (rest == 0) {
        const auto match = last_minute_match(fields, minute - minutes{1});
        if (!match) return std::nullopt;
        return *match + seconds{highest(fields.seconds)};
    }
    const auto match = last_minute_match(fields, minute);
    if (!match) return std::nullopt;
    return *match + seconds{highest(*match == minute ? rest : fields.seconds)};
}

std::uint64_t count_matches(const Fields& fields, Local begin, Local end) {
    if (begin >= end) return 0;
    const LocalMinute first = std::chrono::floor<minutes>(begin);
    const LocalMinute last = std::chrono::floor<minutes>(end);
    const Position from = position_of(fields, first);
    const Position to = position_of(fields, last);
    const auto in_day =
        static_cast<std::uint64_t>(std::popcount(fields.hours) * std::popcount(fields.minutes));
    std::uint64_t count = days_between(fields, from, to) * in_day;
    if (to.on_matching_day()) count += minutes_before(fields, to.minute);
    if (from.on_matching_day()) count -= minutes_before(fields, from.minute);
    count *= static_cast<std::uint64_t>(std::popcount(fields.seconds));
    return count + seconds_before(fields, to, end - last) -
           seconds_before(fields, from, begin - first);
}

}  // namespace cron::schedule
