#include "random_zones.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "calendar/posix_rule.h"
#include "zones/load.h"

namespace cron::sim {
namespace {

using calendar::Transition;
using calendar::Zone;
using std::chrono::sys_seconds;

constexpr std::size_t kZones = 8;
constexpr int kTransitionsMax = 1'500;
constexpr seconds kOffsetMax = hours{26} - seconds{1};  // RFC 8536

// With all kinds of clock changes, then and now: by half an hour, by two, over midnight, negative
// daylight time, a day skipped or repeated, by the moon, off the full minute.
constexpr std::array kRealNames = {
    "Africa/Cairo",     "Africa/Casablanca", "Africa/Monrovia",     "America/Asuncion",
    "America/New_York", "America/Nuuk",      "America/Santiago",    "America/Sao_Paulo",
    "America/St_Johns", "Antarctica/Troll",  "Asia/Amman",          "Asia/Gaza",
    "Asia/Kathmandu",   "Asia/Manila",       "Asia/Pyongyang",      "Asia/Tehran",
    "Australia/Sydney", "Europe/Amsterdam",  "Australia/Lord_Howe", "Europe/Berlin",
    "Europe/Dublin",    "Europe/London",     "Europe/Moscow",       "Pacific/Apia",
    "Pacific/Chatham",  "Pacific/Kwajalein", "America/Juneau",      "Asia/Kolkata",
};

const std::vector<Zone>& real_zones() {
    static const std::vector<Zone> zones = [] {
        std::vector<Zone> found;
        for (const char* name : kRealNames) {
            found.push_back(zones::find_zone(name, {}).value_or(Zone{}));
        }
        return found;
    }();
    return zones;
}

Zone of_rule(const std::string& text) {
    const auto rule = calendar::parse_posix_rule(text);
    CRON_CHECK(rule.has_value());
    return Zone::from_rule(text, *rule);
}

// "-3:20:07", at most `hours_max` hours and a bit.
std::string draw_duration(Random& random, std::uint64_t hours_max) {
    const char* sign = random.one_in(2) ? "-" : "";
    const auto whole = random.below(hours_max + 1);
    if (random.one_in(2)) return fmt::format("{}{}", sign, whole);
    return fmt::format("{}{}:{:02}:{:02}", sign, whole, random.below(60),
                       random.one_in(2) ? 0 : random.below(60));
}

std::string draw_rule_day(Random& random) {
    const std::string time = random.one_in(2) ? "" : '/' + draw_duration(random, 167);
    switch (random.below(3)) {
        case 0:
            return fmt::format("J{}{}", 1 + random.below(365), time);
        case 1:
            return fmt::format("{}{}", random.below(366), time);
        default:
            return fmt::format("M{}.{}.{}{}", 1 + random.below(12), 1 + random.below(5),
                               random.below(7), time);
    }
}

Zone draw_rule_zone(Random& random) {
    static const std::vector<std::string> kKnown = {
        "EST5EDT,M3.2.0,M11.1.0",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "XXX3EDT4,0/0,J365/23",  // daylight time all year
    };
    if (random.one_in(3)) return of_rule(random.pick(kKnown));
    return of_rule(fmt::format("AAA{}BBB{},{},{}", draw_duration(random, 24),
                               draw_duration(random, 24), draw_rule_day(random),
                               draw_rule_day(random)));
}

seconds draw_offset(Random& random) {
    const std::int64_t range = 2 * kOffsetMax.count() + 1;
    const seconds any{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(range)))};
    const seconds offset = any - kOffsetMax;
    if (random.one_in(2)) return std::chrono::floor<minutes>(offset) + minutes{1};
    return offset;
}

// Changes of any size at any time, some of them within a minute of each other.
Zone draw_wild_zone(Random& random, Instant begin, microseconds length) {
    static const std::vector<seconds> kGaps = {seconds{1}, seconds{90},   hours{1},      hours{5},
                                               hours{24},  hours{24 * 9}, hours{24 * 90}};
    const bool is_flipping = random.one_in(3);  // an hour to and fro: mostly repeated, or skipped
    const seconds gap_max = random.pick(kGaps);
    std::vector<Transition> transitions;
    sys_seconds at = floor_seconds(begin) - hours{24 * 3};
    const sys_seconds end = floor_seconds(begin + length) + hours{24 * 3};
    if (random.one_in(9)) at = std::chrono::sys_days{std::chrono::year{-9} / 1 / 1};
    for (int i = 0; i < kTransitionsMax && at < end; ++i) {
        const auto flipped = i % 2 == 0 ? hours{1} : hours{0};
        transitions.push_back({at, is_flipping ? seconds{flipped} : draw_offset(random)});
        at += seconds{1} + std::chrono::floor<seconds>(random.between(seconds{0}, gap_max));
    }
    std::optional<calendar::PosixRule> rule;
    if (random.one_in(3)) rule = *calendar::parse_posix_rule("CET-1CEST,M3.5.0,M10.5.0/3");
    return Zone::from_transitions("wild", draw_offset(random), transitions, rule);
}

// As Apia did in 2011, from one side of the date line to the other; or the way back.
Zone draw_date_line_zone(Random& random, Instant begin, microseconds length) {
    const sys_seconds at = floor_seconds(begin + random.between(microseconds{0}, length));
    const hours before = random.one_in(2) ? hours{-10} : hours{14};
    return Zone::from_transitions("date line", before, {{at, hours{4} - before}}, std::nullopt);
}

}  // namespace

std::vector<Zone> draw_zones(Random& random, Instant begin, microseconds length) {
    std::vector<Zone> zones = {Zone{}, random.pick(real_zones()), random.pick(real_zones())};
    while (zones.size() < kZones) {
        switch (random.below(5)) {
            case 0:
                zones.push_back(draw_wild_zone(random, begin, length));
                break;
            case 1:
                zones.push_back(draw_date_line_zone(random, begin, length));
                break;
            case 2:
                zones.push_back(draw_rule_zone(random));
                break;
            default:
                zones.push_back(random.pick(real_zones()));
        }
    }
    return zones;
}

}  // namespace cron::sim
