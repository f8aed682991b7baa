// Random schedules in the whole of the language, and those that have a rule of their own.
#pragma once

#include <string>

#include "calendar/zone.h"
#include "random.h"
#include "schedule/schedule.h"

namespace cron::sim {

// Which schedules a simulation has: the denser, the shorter it must be.
enum class Density {
    sparse,     // hourly and rarer: for years
    by_minute,  // for days
    by_second,  // for hours
};

struct Written {
    std::string text;
    schedule::Schedule schedule;
};

// One that is not due more often than its density allows in the time from `begin` on. `seed`
// decides what is left to chance in it, as a job's identity does.
Written draw_schedule(Random& random, Density density, const calendar::Zone& zone, Instant begin,
                      std::uint64_t seed);

}  // namespace cron::sim
