// Tables and zones that exist only here.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "calendar/posix_rule.h"
#include "calendar/zone.h"
#include "crontab/table.h"

namespace cron::preview {

inline calendar::Zone rule_zone(const std::string& rule) {
    return calendar::Zone::from_rule(rule, calendar::parse_posix_rule(rule).value());
}
inline calendar::Zone new_york() { return rule_zone("EST5EDT,M3.2.0,M11.1.0"); }
inline calendar::Zone berlin() { return rule_zone("CET-1CEST,M3.5.0,M10.5.0/3"); }

inline crontab::Entries entries_of(const std::string& table, const calendar::Zone& zone = {}) {
    crontab::Options options;
    options.owner = "alice";
    options.name = "/tables/alice";
    options.zone = zone;
    options.find_zone = [](std::string_view name) -> Result<calendar::Zone> {
        return rule_zone(std::string(name));
    };
    return crontab::parse(table, options).entries;
}

// Two entries of one schedule, whose zones have one name and different clocks.
inline crontab::Entries entries_of_namesakes() {
    crontab::Entries entries;
    for (const hours offset : {hours{1}, hours{2}}) {
        const auto zone = calendar::Zone::fixed("X", offset);
        entries.push_back(entries_of("0 12 * * * a\n", zone).front());
    }
    return entries;
}

// 2026-03-08 is the day of New York's gap at 02:00, 2026-11-01 that of its repeated hour at 01:00.
constexpr Local local(int year, int month, int day, int hour = 0, int minute = 0) {
    return std::chrono::local_days{std::chrono::year{year} / month / day} + hours{hour} +
           minutes{minute};
}

// The first instant at which the zone's clock reads so.
inline Instant at(const calendar::Zone& zone, Local reading) { return zone.fit(reading).first; }

// "03-08 03:00 -4", as the zone's clock reads.
inline std::string shown(Instant instant, const calendar::Zone& zone) {
    const auto second = floor_seconds(instant);
    const seconds offset = zone.period_at(second).offset;
    const Local reading{second.time_since_epoch() + offset};
    const auto day = std::chrono::floor<std::chrono::days>(reading);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{reading - day};
    char text[40];
    std::snprintf(text, sizeof text, "%02u-%02u %02d:%02d %+d", static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()),
                  static_cast<int>(offset.count() / 3600));
    return text;
}

}  // namespace cron::preview
