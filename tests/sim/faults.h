// What goes wrong, drawn from the seed: kinds of faults, sizes of clock steps, times to wait.
#pragma once

#include <cstdint>
#include <string_view>

#include "random.h"
#include "random_schedules.h"

namespace cron::sim {

// The shape of one simulation.
struct Profile {
    Density density = Density::sparse;
    microseconds length{};  // with faults
    microseconds calm{};    // then without
    unsigned jobs = 0;
    microseconds fault_gap{};             // between two faults, on average
    std::uint64_t effects_to_crash = 15;  // on average, from the fault on
};
Profile draw_profile(Random& random, std::uint64_t seed);

enum class Fault {
    clock_step,
    clock_steps,  // small ones in a row
    far_step,     // to the ends of time
    clock_rate,   // the clock runs fast or slow, stands still, or runs back for a while
    frozen,       // the monotonic clock stands still for a while
    zone,         // the daemon's zone changes
    suspend,
    stall,           // the daemon does not run for a while
    stall_and_step,  // and the clock is set before it runs again
    crash,
    power_cut,
    reload,
    leave,
    drain,
    drain_twice,
    second_daemon,  // is let in by locks that do not hold
    disk,           // calls fail, it is full, or it cannot be written
    trouble,        // starts fail, answers come late, other machines take runs
};
Fault draw_fault(Random& random);
std::string_view print(Fault fault);

// Of every class of size, in both directions.
microseconds draw_step(Random& random);
// Centuries off, and beyond the years in which anything is due.
Instant draw_far(Random& random);
// As VirtualClock::set_rate has it, and for how long.
struct Drift {
    std::int64_t rate = 0;
    microseconds lasts{};
};
Drift draw_drift(Random& random, const Profile& profile);
microseconds draw_stall(Random& random);
// From seconds to days.
microseconds draw_down_time(Random& random);
microseconds draw_run_time(Random& random);

// For how long and how much things go wrong besides.
struct Trouble {
    microseconds until{};              // by the clock's elapsed()
    std::uint64_t failing_starts = 0;  // one in so many; 0: none
    bool fails_for_good = false;
    std::uint64_t refusals = 0;   // one in so many; 0: none
    microseconds answer_delay{};  // at most
};
Trouble draw_trouble(Random& random, microseconds elapsed);

}  // namespace cron::sim
