// From a seed that breaks a rule to a small script that breaks the same one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "script.h"
#include "world.h"

namespace cron::sim {

// Plays a script to its end, or to the first rule that is broken; always the same for the same.
using Player = std::function<Report(const Script&)>;

struct Shrunk {
    Script script;
    Report report;           // of that script
    std::uint64_t runs = 0;  // that it took
};

// Leaves out time, faults, asks, jobs and settings, as many at once as will do, for as long as the
// rule of the first report is the one that is broken, and within the bounds below. None: `script`
// breaks none.
std::optional<Shrunk> shrink(const Script& script, const Player& play);

inline constexpr std::uint64_t kShrinkRunsMax = 500;
// In all runs but the first: about a minute.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint64_t kShrinkEventsMax = 600'000;
#else
inline constexpr std::uint64_t kShrinkEventsMax = 6'000'000;
#endif

// What it breaks, how to play it again, and for a reader: tables, faults, the last lines before.
std::string print(const Shrunk& shrunk);

}  // namespace cron::sim
