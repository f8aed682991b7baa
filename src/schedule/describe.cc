#include "schedule/describe.h"

#include <array>

#include <fmt/format.h>

#include "schedule/describe_days.h"
#include "schedule/words.h"

namespace cron::schedule {
namespace {

constexpr std::size_t kTimesListed = 6;  // so many times of a day are told one by one
constexpr std::size_t kSpansListed = 3;  // and so many spans
constexpr std::size_t kSeriesMin = 4;    // shorter series are lists

// The times of a day that a schedule names.
struct Times {
    Numbers seconds, minutes, hours;

    bool every_minute() const { return minutes.size() == 60; }
    bool every_hour() const { return hours.size() == 24; }
    bool first_second_only() const { return seconds == Numbers{0}; }
};

// "every minute", "every 5 minutes"
std::string every(unsigned step, std::string_view unit) {
    return step == 1 ? fmt::format("every {}", unit) : fmt::format("every {} {}s", step, unit);
}

std::string from_to(std::string_view from, std::string_view to) {
    return fmt::format(" from {} to {}", from, to);
}

// "minute 7", "minutes 0 and 45"
std::string named(std::string_view unit, const Numbers& numbers) {
    return fmt::format("{}{} {}", unit, numbers.size() == 1 ? "" : "s", list(numbers));
}

// "every 7 minutes from minute 0 to minute 56", "at minutes 0 and 45"
std::string within(std::string_view unit, const Numbers& numbers) {
    const auto series = series_of(numbers);
    if (!series || series->count < kSeriesMin) return "at " + named(unit, numbers);
    return every(series->step, unit) + from_to(fmt::format("{} {}", unit, series->first),
                                               fmt::format("{} {}", unit, series->last));
}

std::string hours_of(const Times& times) {
    if (times.every_hour()) return "every hour";
    const auto series = series_of(times.hours);
    if (!series || series->count < kSeriesMin) {
        return "the " + named("hour", times.hours);
    }
    const std::string which =
        series->step == 1 ? "every hour" : fmt::format("every {} hour", ordinal(series->step));
    return which + from_to(std::to_string(series->first), std::to_string(series->last));
}

// "at 09:00, 09:30, 17:00 and 17:30"
std::string clock_times(const Times& times) {
    Phrases phrases;
    for (const unsigned hour : times.hours) {
        for (const unsigned minute : times.minutes) {
            phrases.push_back(clock(hour, minute));
            if (times.seconds.size() == 1 && !times.first_second_only()) {
                phrases.back() += fmt::format(":{:02}", times.seconds.front());
            }
        }
    }
    return "at " + joined(phrases);
}

// A step that goes on over the hours: "every 5 minutes from 09:00 to 17:55". Empty where it does
// not.
std::string steps_over_hours(const Times& times) {
    const auto series = series_of(times.minutes);
    if (!series || !series->goes_round(60)) return {};
    const std::string step = every(series->step, "minute");
    if (times.every_hour()) return series->first == 0 ? step : std::string();
    Phrases spans;
    for (std::size_t i = 0; i < times.hours.size();) {
        std::size_t end = i + 1;
        while (end < times.hours.size() && times.hours[end] == times.hours[end - 1] + 1) ++end;
        spans.push_back(clock(times.hours[i], series->first) + " to " +
                        clock(times.hours[end - 1], series->last));
        i = end;
    }
    if (spans.size() > kSpansListed) return {};
    return step + " from " + joined(spans);
}

// One minute of several hours: "every 2 hours", "every hour from 09:30 to 17:30". Empty where that
// cannot be said.
std::string steps_of_hours(const Times& times) {
    if (times.minutes.size() != 1) return {};
    const unsigned minute = times.minutes.front();
    const auto series = series_of(times.hours);
    if (!series) return {};
    if (minute == 0 && series->goes_round(24) && series->first == 0) {
        return every(series->step, "hour");
    }
    if (times.every_hour() || series->count <= kTimesListed) return {};
    return every(series->step, "hour") +
           from_to(clock(series->first, minute), clock(series->last, minute));
}

// "every 7 minutes from 09:00 to 09:56"
std::string steps_in_hour(const Times& times) {
    const auto series = series_of(times.minutes);
    if (times.hours.size() != 1 || !series) return {};
    const unsigned hour = times.hours.front();
    return every(series->step, "minute") +
           from_to(clock(hour, series->first), clock(hour, series->last));
}

std::string minutes_and_hours(const Times& times) {
    if (std::string text = steps_of_hours(times); !text.empty()) return text;
    if (times.minutes.size() * times.hours.size() <= kTimesListed) return clock_times(times);
    if (std::string text = steps_over_hours(times); !text.empty()) return text;
    if (std::string text = steps_in_hour(times); !text.empty()) return text;
    const std::string minutes =
        times.every_minute() ? "every minute" : within("minute", times.minutes);
    return minutes + " of " + hours_of(times);
}

std::string seconds_of(const Times& times) {
    const auto series = series_of(times.seconds);
    if (series && series->goes_round(60) && series->first == 0) {
        return every(series->step, "second");
    }
    return within("second", times.seconds);
}

std::string describe_times(const Times& times) {
    if (times.first_second_only()) return minutes_and_hours(times);
    if (times.every_minute() && times.every_hour()) {
        const auto series = series_of(times.seconds);
        const bool is_even = series && series->goes_round(60) && series->first == 0;
        return seconds_of(times) + (is_even ? "" : " of every minute");
    }
    const std::string seconds = seconds_of(times);
    if (times.minutes.size() * times.hours.size() <= kTimesListed) {
        return times.seconds.size() == 1 ? clock_times(times)
                                         : seconds + " of the minute, " + clock_times(times);
    }
    // "every hour" would be any of its minutes here.
    if (times.minutes.size() == 1) {
        return fmt::format("{} of {} of {}", seconds, named("minute", times.minutes),
                           hours_of(times));
    }
    return seconds + " of the minute, " + minutes_and_hours(times);
}

// "2027 to 2029 and 2032", "every 2nd year from 2028 to 2036"
std::string years_of(const Numbers& years) {
    const auto series = series_of(years);
    if (!series || series->count < kSeriesMin || series->step == 1) return list(years);
    return fmt::format("every {} year from {} to {}", ordinal(series->step), series->first,
                       series->last);
}

std::string describe_fields(const Fields& fields) {
    const Times times{numbers_of(fields.seconds), numbers_of(fields.minutes),
                      numbers_of(fields.hours)};
    std::string text = describe_times(times);
    const std::string days = describe_days(fields);
    // What names times of the day says of which days.
    const auto hours = series_of(times.hours);
    const bool goes_round = hours && hours->goes_round(24);
    if (is_every_day(fields) && !goes_round) text += " every day";
    if (!days.empty()) text += " " + days;
    if (fields.years.is_limited()) text += ", in " + years_of(fields.years.numbers());
    return text;
}

// "2 hours and 30 minutes"
std::string describe_duration(seconds duration) {
    struct Unit {
        std::string_view name;
        seconds length;
    };
    constexpr std::array<Unit, 4> kUnits = {
        {{"day", hours{24}}, {"hour", hours{1}}, {"minute", minutes{1}}, {"second", seconds{1}}}};
    Phrases phrases;
    for (const Unit& unit : kUnits) {
        const auto count = duration / unit.length;
        duration -= count * unit.length;
        if (count > 0)
            phrases.push_back(fmt::format("{} {}{}", count, unit.name, count > 1 ? "s" : ""));
    }
    return joined(phrases);
}

}  // namespace

std::string describe(const Schedule& schedule) {
    switch (schedule.kind()) {
        case Schedule::Kind::fields:
            return describe_fields(schedule.fields());
        case Schedule::Kind::every:
            return fmt::format("every {}, counted from 1970-01-01 00:00 UTC",
                               describe_duration(schedule.interval()));
        case Schedule::Kind::reboot:
            return "once at each boot";
    }
    return {};
}

}  // namespace cron::schedule
