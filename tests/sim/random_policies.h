// Random rules of when and whether a job runs.
#pragma once

#include "crontab/policy.h"
#include "engine/gates.h"
#include "random.h"

namespace cron::sim {

// Half of them ask for nothing.
crontab::Policy draw_policy(Random& random);
// Mostly without limits.
engine::Capacity draw_capacity(Random& random);
// How much later than due a job starts; mostly not at all.
seconds draw_delay(Random& random);

}  // namespace cron::sim
