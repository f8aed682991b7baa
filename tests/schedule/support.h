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

inline Schedule parsed(std::string_view text, std::uint64_t seed = 0) {
    INFO("schedule: " << text);
    const auto result = parse(text, seed);
    if (!result) FAIL(result.error().message);
    CHECK(result->length == text.size());
    return result->schedule;
}

inline calendar::Zone zone_of_rule(std::string_view rule) {
    const auto parsed_rule = calendar::parse_posix_rule(rule);
    REQUIRE(parsed_rule);
    return calendar::Zone::from_rule(std::string(rule), *parsed_rule);
}

// "2024-03-10T03:00:00-04:00" (seconds and offset may be left out; without offset it is UTC).
inline std::chrono::sys_seconds instant_of(const std::string& text) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
    REQUIRE(std::sscanf(text.c_str(), "%d-%d-%d%*1[T ]%d:%d%n", &year, &month, &day, &hour, &minute,
                        &used) == 5);
    std::string rest = text.substr(static_cast<std::size_t>(used));
    if (!rest.empty() && rest[0] == ':') {
        second = std::stoi(rest.substr(1, 2));
        rest.erase(0, 3);
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

// The text of a random schedule of five fields; `rare` ones name few days.
inline std::string random_fields(Random& random, bool rare) {
    struct Limits {
        int first = 0;
        int last = 0;
    };
    constexpr Limits kLimits[] = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}};
    std::string text;
    for (int index = 0; index < 5; ++index) {
        const int first = kLimits[index].first;
        const int last = kLimits[index].last;
        const auto value = [&] { return static_cast<int>(random.between(first, last)); };
        const auto item = [&]() -> std::string {
            const int a = value(), b = value();
            const std::string range =
                std::to_string(std::min(a, b)) + "-" + std::to_string(std::max(a, b));
            switch (random.below(6)) {
                case 0:
                    return "*/" + std::to_string(random.between(1, last + 3));
                case 1:
                    return range;
                case 2:
                    return range + "/" + std::to_string(random.between(1, 9));
                default:
                    return std::to_string(a);
            }
        };
        std::string field = index >= 2 && random.one_in(rare ? 4 : 2) ? "*" : item();
        if (index < 2 && random.one_in(4)) field = "*";
        while (random.one_in(3)) field += "," + item();
        text += (index == 0 ? "" : " ") + field;
    }
    return text;
}

}  // namespace cron::schedule
