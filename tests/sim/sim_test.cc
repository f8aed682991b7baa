// Simulations from seeds, each from the start of a machine to its end. A failure names the rule
// that is broken and the seed; for the first, a small script that breaks the same rule, and what
// happens in it. BELFRY_SIM_SEED=N runs that seed alone, BELFRY_SIM_SEEDS=N as many from 1 on,
// BELFRY_SIM_SCRIPT='seed=N ...' what such a script says; BELFRY_SIM_LOG=1 prints all that happens.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/text.h"
#include "shrink.h"
#include "world.h"

namespace cron::sim {
namespace {

// Sanitizers make it several times slower.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kSeeds = 12;
#else
constexpr std::uint64_t kSeeds = 50;
#endif

std::optional<std::uint64_t> number_from_environment(const char* name) {
    const char* text = std::getenv(name);
    if (text == nullptr) return std::nullopt;
    const auto number = parse_decimal(text);
    if (!number) FAIL(name << " is no number");
    return number;
}

std::vector<Script> scripts_from_environment() {
    if (const char* text = std::getenv("BELFRY_SIM_SCRIPT")) {
        const auto script = parse_script(text);
        if (!script) FAIL(script.error().message);
        return {*script};
    }
    if (const auto seed = number_from_environment("BELFRY_SIM_SEED")) return {Script{*seed}};
    std::vector<Script> scripts(number_from_environment("BELFRY_SIM_SEEDS").value_or(kSeeds));
    for (std::size_t i = 0; i < scripts.size(); ++i) scripts[i].seed = i + 1;
    return scripts;
}

TEST_CASE("an engine keeps its promises through years of faults", "[sim][seeds]") {
    std::FILE* const log = number_from_environment("BELFRY_SIM_LOG") ? stdout : nullptr;
    Totals totals;
    std::uint64_t hash = 0;
    bool was_broken = false;
    const std::vector<Script> scripts = scripts_from_environment();
    for (const Script& script : scripts) {
        INFO(print(script));
        const Report report = World(script, log).run();
        totals.add(report.totals);
        hash = stable_hash(std::to_string(report.hash), hash);
        CHECK(report.failure == "");
        if (report.rule.empty() || std::exchange(was_broken, true)) continue;
        const auto play = [](const Script& smaller) { return World(smaller).run(); };
        if (const auto shrunk = shrink(script, play)) fmt::print("{}", print(*shrunk));
    }
    const double years =
        std::chrono::duration<double, std::chrono::years::period>(totals.time).count();
    fmt::print(
        "{} seeds: {:.1f} years, {} events, {} runs, {} of them asked for, {} due times audited, "
        "{} crashes, {} stops, {} reloads, {} zone changes, {} clock steps, {} passes, {} lines, "
        "trace {:016x}\n",
        scripts.size(), years, totals.events, totals.runs, totals.asked, totals.due_times,
        totals.crashes, totals.stops, totals.reloads, totals.zone_changes, totals.clock_steps,
        totals.passes, totals.lines, hash);
}

TEST_CASE("a simulation depends on nothing but its seed", "[sim]") {
    CHECK(World(Script{6}).run().hash == World(Script{6}).run().hash);
    CHECK(World(Script{6}).run().hash != World(Script{7}).run().hash);
}

}  // namespace
}  // namespace cron::sim
