// Simulations from seeds, each from the start of a machine to its end. A failure names the rule
// that is broken, the seed, and what happened before. BELFRY_SIM_SEED=N runs that seed alone,
// BELFRY_SIM_SEEDS=N as many from 1 on; BELFRY_SIM_LOG=1 prints all that happens.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/text.h"
#include "world.h"

namespace cron::sim {
namespace {

// Sanitizers make it several times slower.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kSeeds = 12;
#else
constexpr std::uint64_t kSeeds = 50;
#endif

std::optional<std::uint64_t> from_environment(const char* name) {
    const char* text = std::getenv(name);
    return text == nullptr ? std::nullopt : parse_decimal(text);
}

TEST_CASE("an engine keeps its promises through years of faults", "[sim]") {
    const auto only = from_environment("BELFRY_SIM_SEED");
    const std::uint64_t first = only.value_or(1);
    const std::uint64_t last = only.value_or(from_environment("BELFRY_SIM_SEEDS").value_or(kSeeds));
    std::FILE* const log = from_environment("BELFRY_SIM_LOG") ? stdout : nullptr;
    Totals totals;
    std::uint64_t hash = 0;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const Report report = World(Script{seed}, log).run();
        totals.add(report.totals);
        hash = stable_hash(std::to_string(report.hash), hash);
        INFO("seed " << seed << "\n" << report.tail);
        CHECK(report.failure == "");
    }
    const double years =
        std::chrono::duration<double, std::chrono::years::period>(totals.time).count();
    fmt::print(
        "seeds {}..{}: {:.1f} years, {} events, {} runs, {} due times audited, {} crashes, {} "
        "stops, "
        "{} reloads, {} zone changes, {} clock steps, {} passes, {} lines, trace {:016x}\n",
        first, last, years, totals.events, totals.runs, totals.due_times, totals.crashes,
        totals.stops, totals.reloads, totals.zone_changes, totals.clock_steps, totals.passes,
        totals.lines, hash);
}

TEST_CASE("a simulation depends on nothing but its seed", "[sim]") {
    CHECK(World(Script{6}).run().hash == World(Script{6}).run().hash);
    CHECK(World(Script{6}).run().hash != World(Script{7}).run().hash);
}

}  // namespace
}  // namespace cron::sim
