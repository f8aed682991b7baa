// Zones as the world has them, and zones as nobody would make them.
#pragma once

#include <vector>

#include "calendar/zone.h"
#include "random.h"

namespace cron::sim {

// Some zones for a simulation that starts at `begin` and goes on for `length`. Of the system's
// zones, UTC stands in for one that is not there.
std::vector<calendar::Zone> draw_zones(Random& random, Instant begin, microseconds length);

}  // namespace cron::sim
