// The three times: Instant decides when, Local is what tables speak, Monotonic measures durations.
#pragma once

#include <chrono>

namespace cron {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// A point of real time, POSIX style (no leap seconds). Due times are whole seconds.
using Instant = std::chrono::sys_time<microseconds>;

// A wall-clock reading, without a zone.
using Local = std::chrono::local_seconds;

// CLOCK_MONOTONIC: it neither jumps nor counts the time a machine sleeps.
using Monotonic = std::chrono::time_point<std::chrono::steady_clock, microseconds>;

// One reading of both clocks; one turn of the loop sees one.
struct Now {
    Instant instant{};
    Monotonic monotonic{};
};

inline std::chrono::sys_seconds floor_seconds(Instant instant) {
    return std::chrono::floor<seconds>(instant);
}

}  // namespace cron
