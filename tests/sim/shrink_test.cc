#include "shrink.h"

#include <algorithm>

#include <catch2/catch.hpp>

namespace cron::sim {
namespace {

// Of 100 faults, one a minute with an ask, and 50 jobs with two settings each; the rule is broken
// at a fault, where that and all else that `needs` names is left.
struct Needs {
    std::set<std::uint64_t> faults;
    std::set<LineNumber> jobs;
    std::map<LineNumber, std::set<std::string>> settings;
    std::set<std::uint64_t> asks = {};
};

Report play(const Script& script, const Needs& needs) {
    constexpr std::uint64_t kFaults = 100;
    constexpr std::uint64_t kJobs = 50;
    const std::set<std::string> names = {"CRON_POOL", "CRON_RETRY"};
    Report report;
    report.length = minutes{kFaults + 1};
    report.faults_planned = kFaults;
    const seconds length = script.length.value_or(report.length);
    for (std::uint64_t job = 1; job <= kJobs; ++job) {
        if (script.has_job({0, job})) report.jobs[{0, job}] = names;
    }
    for (std::uint64_t fault = 1; fault <= kFaults; ++fault) {
        const auto at = minutes{static_cast<int>(fault)};
        if (script.has_fault(fault) && at < length) report.faults.push_back(fault);
        if (script.has_ask(fault) && at < length) report.asks.push_back(fault);
    }
    const auto is_left = [&](const LineNumber& job) {
        const auto defaults = script.defaults.find(job);
        const auto set = needs.settings.find(job);
        if (defaults == script.defaults.end() || set == needs.settings.end()) return true;
        return std::none_of(set->second.begin(), set->second.end(),
                            [&](const auto& name) { return defaults->second.contains(name); });
    };
    const bool has_all =
        std::includes(report.faults.begin(), report.faults.end(), needs.faults.begin(),
                      needs.faults.end()) &&
        std::includes(report.asks.begin(), report.asks.end(), needs.asks.begin(),
                      needs.asks.end()) &&
        std::all_of(needs.jobs.begin(), needs.jobs.end(),
                    [&](const LineNumber& job) { return script.has_job(job) && is_left(job); });
    report.rule = has_all ? "rule" : report.faults.size() > 3 ? "another rule" : "";
    if (!has_all || needs.faults.empty()) return report;
    const std::uint64_t last = *needs.faults.rbegin();
    report.faults_end = minutes{static_cast<int>(last)};
    std::erase_if(report.faults, [last](std::uint64_t fault) { return fault > last; });
    return report;
}

TEST_CASE("shrink: what the rule needs is left, and nothing else", "[sim]") {
    const Needs needs{{17, 60}, {{0, 3}, {0, 44}}, {{{0, 44}, {"CRON_RETRY"}}}, {9, 20}};
    const auto shrunk =
        shrink(Script{1}, [&](const Script& script) { return play(script, needs); });
    REQUIRE(shrunk);
    CHECK(print(shrunk->script) ==
          "seed=1 length=3601s faults=17,60 asks=9,20 jobs=3,44 defaults=3:CRON_POOL+CRON_RETRY,"
          "44:CRON_POOL");
    CHECK(shrunk->report.rule == "rule");
    CHECK(shrunk->runs < 160);
}

TEST_CASE("shrink: a rule that needs nothing leaves nothing", "[sim]") {
    const auto shrunk =
        shrink(Script{1}, [](const Script& script) { return play(script, Needs{}); });
    REQUIRE(shrunk);
    CHECK(print(shrunk->script) == "seed=1 length=0s faults= asks= jobs=");
}

TEST_CASE("shrink: a script that breaks no rule has no smaller one", "[sim]") {
    CHECK_FALSE(shrink(Script{1}, [](const Script&) { return Report{}; }));
}

TEST_CASE("shrink: runs and events are bounded", "[sim]") {
    // Every second job is needed: nothing goes in groups.
    Needs needs;
    for (std::uint64_t job = 1; job <= 50; job += 2) needs.jobs.insert({0, job});
    std::uint64_t events = 0;
    const auto shrunk = shrink(Script{1}, [&](const Script& script) {
        Report report = play(script, needs);
        report.totals.events = kShrinkEventsMax / 10;
        events += report.totals.events;
        return report;
    });
    REQUIRE(shrunk);
    CHECK(shrunk->runs == 10);
    CHECK(events == kShrinkEventsMax / 10 * 11);
    CHECK(shrunk->report.rule == "rule");

    const auto all_needed = shrink(Script{1}, [](const Script& script) {
        Report report;
        report.faults_planned = 2 * kShrinkRunsMax;
        if (!script.faults || script.faults->size() == report.faults_planned) report.rule = "rule";
        return report;
    });
    REQUIRE(all_needed);
    CHECK(all_needed->runs == kShrinkRunsMax);
}

// A rule that holds for this test only: no effect may be so.
template <class Effect>
Player with_rule(bool (*is_broken)(const Effect&)) {
    return [is_broken](const Script& script) {
        const auto watch = [is_broken](const engine::Effect& effect, Trace& trace) {
            const auto* found = std::get_if<Effect>(&effect);
            if (found != nullptr && is_broken(*found)) trace.fail("test", "it is so");
        };
        return World(script, nullptr, watch).run();
    };
}

struct Size {
    std::size_t jobs = 0;
    std::size_t faults = 0;
    std::size_t settings = 0;

    friend bool operator==(const Size&, const Size&) = default;
};

Size size_of(const Shrunk& shrunk) {
    Size size{shrunk.report.jobs.size(), shrunk.report.faults.size(), 0};
    for (const auto& [job, names] : shrunk.report.jobs) size.settings += names.size();
    for (const auto& [job, names] : shrunk.script.defaults) size.settings -= names.size();
    return size;
}

TEST_CASE("shrink: a run is tried again for one setting of one job", "[sim]") {
    const auto shrunk =
        shrink(Script{6}, with_rule<engine::Retry>([](const engine::Retry&) { return true; }));
    REQUIRE(shrunk);
    UNSCOPED_INFO(print(*shrunk));
    CHECK(shrunk->report.rule == "test");
    CHECK(size_of(*shrunk) == Size{1, 0, 1});
}

TEST_CASE("shrink: a start is put off for one job and one fault", "[sim]") {
    const auto shrunk = shrink(
        Script{6}, with_rule<engine::Postpone>([](const engine::Postpone&) { return true; }));
    REQUIRE(shrunk);
    UNSCOPED_INFO(print(*shrunk));
    CHECK(size_of(*shrunk) == Size{1, 1, 0});
}

TEST_CASE("shrink: a run is asked for by one ask for one job", "[sim]") {
    const auto shrunk = shrink(Script{6}, with_rule<engine::Spawn>([](const engine::Spawn& spawn) {
                                   return spawn.cause == engine::Cause::manual;
                               }));
    REQUIRE(shrunk);
    UNSCOPED_INFO(print(*shrunk));
    CHECK(size_of(*shrunk) == Size{1, 0, 0});
    CHECK(shrunk->report.asks.size() == 1);
}

TEST_CASE("shrink: a due time is missed for one job and two faults at most", "[sim]") {
    const Player play = with_rule<engine::Decide>([](const engine::Decide& decide) {
        return std::any_of(decide.verdicts.begin(), decide.verdicts.end(), [](const auto& verdict) {
            return verdict.fate == engine::Fate::missed;
        });
    });
    const auto shrunk = shrink(Script{7}, play);
    REQUIRE(shrunk);
    UNSCOPED_INFO(print(*shrunk));
    CHECK(size_of(*shrunk).jobs == 1);
    CHECK(size_of(*shrunk).faults <= 2);
    CHECK(size_of(*shrunk).settings == 0);
    const auto again = parse_script(print(shrunk->script));
    REQUIRE(again);
    CHECK(play(*again).hash == shrunk->report.hash);
}

}  // namespace
}  // namespace cron::sim
