// A schedule in words.
#pragma once

#include <string>

#include "schedule/schedule.h"

namespace cron::schedule {

// What the schedule says, exactly and in English, as it goes on from "runs": "at 02:30 on the last
// Friday of March", "every 5 minutes from 09:00 to 17:55 on Monday to Friday". Without a full stop.
std::string describe(const Schedule& schedule);

}  // namespace cron::schedule
