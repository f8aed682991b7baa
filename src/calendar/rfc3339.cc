#include "calendar/rfc3339.h"

#include <algorithm>
#include <cstdlib>

#include "calendar/span.h"

namespace cron::calendar {
namespace {

bool has_four_digit_year(Local local) {
    return local >= Local{kEarliest.time_since_epoch()} &&
           local < Local{kLatest.time_since_epoch()};
}

}  // namespace

void InstantWriter::append(std::string& out, Instant instant, seconds offset) {
    if (offset % minutes{1} != seconds{0}) offset = seconds{0};
    const auto utc = std::clamp(floor_seconds(instant), kEarliest, kLatest - seconds{1});
    Local local{utc.time_since_epoch() + offset};
    if (!has_four_digit_year(local)) {
        offset = seconds{0};
        local = Local{utc.time_since_epoch()};
    }
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const auto digits = [](char* to, int value) {
        to[0] = static_cast<char>('0' + value / 10);
        to[1] = static_cast<char>('0' + value % 10);
    };
    if (day != day_) {
        day_ = day;
        const std::chrono::year_month_day date{day};
        const int year = static_cast<int>(date.year());
        digits(date_.data(), year / 100);
        digits(date_.data() + 2, year % 100);
        date_[4] = '-';
        digits(date_.data() + 5, static_cast<int>(static_cast<unsigned>(date.month())));
        date_[7] = '-';
        digits(date_.data() + 8, static_cast<int>(static_cast<unsigned>(date.day())));
        date_[10] = 'T';
    }
    const int second = static_cast<int>((local - day).count());
    const int size = static_cast<int>(std::abs(offset.count()) / 60);
    char time[14];
    digits(time, second / 3600);
    time[2] = ':';
    digits(time + 3, second / 60 % 60);
    time[5] = ':';
    digits(time + 6, second % 60);
    time[8] = offset < seconds{0} ? '-' : '+';
    digits(time + 9, size / 60);
    time[11] = ':';
    digits(time + 12, size % 60);
    out.append(date_.data(), date_.size()).append(time, sizeof time);
}

std::string print_instant(Instant instant, seconds offset) {
    std::string out;
    InstantWriter().append(out, instant, offset);
    return out;
}

std::string print_instant(Instant instant, const Zone& zone) {
    return print_instant(instant, zone.period_at(floor_seconds(instant)).offset);
}

}  // namespace cron::calendar
