// What the tests of schedules share: schedules and instants from text, and chance from a seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "calendar/posix_rule.h"
#include "calendar/zone.h"
#include "schedule/schedule.h"

namespace cron::schedule {

// With seconds where the text has six fields.
inline Schedule parsed(std::string_view text, std::uint64_t seed = 0) {
    INFO("schedule: " << text);
    const bool is_longer = schedule_length(text, Form::five_fields) < text.size();
    const auto result = parse(text, seed, is_longer ? Form::six_fields : Form::five_fields);
    if (!result) FAIL(result.error().message);
    CHECK(result->length == text.size());
    return result->schedule;
}

inline calendar::Zone zone_of_rule(std::string_view rule) {
    const auto parsed_rule = calendar::parse_posix_rule(rule);
    REQUIRE(parsed_rule);
    return calendar::Zone::from_rule(std::string(rule), *parsed_rule);
}

// "2024-03-10T03:00:00-04:00" (seconds and offset may be left out; without offset it is UTC; parts
// of a second do not count).
inline std::chrono::sys_seconds instant_of(const std::string& text) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
    REQUIRE(std::sscanf(text.c_str(), "%d-%d-%d%*1[T ]%d:%d%n", &year, &month, &day, &hour, &minute,
                        &used) == 5);
    std::string rest = text.substr(static_cast<std::size_t>(used));
    if (!rest.empty() && rest[0] == ':') {
        second = std::stoi(rest.substr(1, 2));
        rest.erase(0, 3);
        if (!rest.empty() && rest[0] == '.') rest.erase(0, rest.find_first_of("+-Z"));
    }
    seconds offset{0};
    if (rest.size() >= 6) {
        const int sign = rest[0] == '-' ? -1 : 1;
        offset =
            sign * (hours{std::stoi(rest.substr(1, 2))} + minutes{std::stoi(rest.substr(4, 2))});
    }
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    REQUIRE(date.ok());
    return std::chrono::sys_days{date} + hours{hour} + minutes{minute} + seconds{second} - offset;
}

// The seed of a random test: BELFRY_SEED, or else a new one, which is printed.
inline std::uint64_t seed_for(const char* test) {
    const char* given = std::getenv("BELFRY_SEED");
    const std::uint64_t seed =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::printf("%s: BELFRY_SEED=%llu\n", test, static_cast<unsigned long long>(seed));
    return seed;
}

class Random {
  public:
    explicit Random(std::uint64_t seed) : bits_(seed) {}

    std::uint64_t below(std::uint64_t limit) { return bits_() % limit; }
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
    }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    template <class T>
    T one_of(std::initializer_list<T> values) {
        return values.begin()[below(values.size())];
    }

  private:
    std::mt19937_64 bits_;
};

// Which texts random_fields makes.
struct Variety {
    bool rare = false;        // few days
    bool month_days = false;  // L, W, # and ? too
    bool seconds = false;     // six fields
};

struct FieldLimits {
    int first = 0;
    int last = 0;
};

inline std::string random_values(Random& random, FieldLimits limits) {
    const int a = static_cast<int>(random.between(limits.first, limits.last));
    const int b = static_cast<int>(random.between(limits.first, limits.last));
    const std::string range = std::to_string(std::min(a, b)) + "-" + std::to_string(std::max(a, b));
    switch (random.below(6)) {
        case 0:
            return "*/" + std::to_string(random.between(1, limits.last + 3));
        case 1:
            return range;
        case 2:
            return range + "/" + std::to_string(random.between(1, 9));
        default:
            return std::to_string(a);
    }
}

inline std::string random_month_day(Random& random, bool day_of_week) {
    const auto number = [&](int first, int last) {
        return std::to_string(random.between(first, last));
    };
    if (day_of_week) {
        const std::string weekday = number(0, 7);
        return random.one_in(3) ? weekday + "L" : weekday + "#" + number(1, 5);
    }
    switch (random.below(5)) {
        case 0:
            return "L";
        case 1:
            return "L-" + number(0, 30);
        case 2:
            return "LW";
        case 3:
            return "L-" + number(0, 30) + "W";
        default:
            return number(1, 31) + "W";
    }
}

// The text of a random schedule of fields.
inline std::string random_fields(Random& random, Variety variety) {
    constexpr FieldLimits kLimits[] = {{0, 59}, {0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}};
    std::string text;
    for (int index = variety.seconds ? 0 : 1; index < 6; ++index) {
        const bool is_day = index == 3 || index == 5;
        const auto item = [&] {
            return is_day && variety.month_days && random.one_in(2)
                       ? random_month_day(random, index == 5)
                       : random_values(random, kLimits[index]);
        };
        std::string field = item();
        if (random.one_in(index < 3 || variety.rare ? 4 : 2)) field = "*";
        while (random.one_in(3)) field += "," + item();
        if (is_day && variety.month_days && random.one_in(8)) field = "?";
        text += (text.empty() ? "" : " ") + field;
    }
    return text;
}

inline std::string random_fields(Random& random, bool rare) {
    return random_fields(random, Variety{rare, false, false});
}

}  // namespace cron::schedule
