// Dates and seeds for the tests of this folder.
#pragma once

#include <cstdint>
#include <random>

#include <catch2/catch.hpp>

#include "calendar/instant.h"

namespace cron::calendar {

inline std::chrono::sys_seconds utc(int year, unsigned month, unsigned day, int hour = 0,
                                    int minute = 0, int second = 0) {
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                           std::chrono::day{day}};
    return std::chrono::sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

inline Local local(int year, unsigned month, unsigned day, int hour = 0, int minute = 0,
                   int second = 0) {
    return Local{utc(year, month, day, hour, minute, second).time_since_epoch()};
}

// The seed of a random test: --rng-seed N gives it, else it is new each time.
inline std::uint32_t new_seed() {
    const std::uint32_t given = Catch::rngSeed();
    return given != 0 ? given : std::random_device{}();
}

}  // namespace cron::calendar
