// The days of a schedule in words.
#pragma once

#include <string>

#include "schedule/schedule.h"

namespace cron::schedule {

// "on the last Friday of March", "from Monday to Friday", "in June"; empty where every day is
// meant.
std::string describe_days(const Fields& fields);

// Whether the days of its months are not restricted.
bool is_every_day(const Fields& fields);

}  // namespace cron::schedule
