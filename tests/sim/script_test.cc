#include <algorithm>
#include <array>

#include <catch2/catch.hpp>

#include "job_settings.h"
#include "script.h"
#include "world.h"

namespace cron::sim {
namespace {

TEST_CASE("script: what is printed is parsed to the same", "[sim]") {
    Script script;
    const auto check = [&script](const std::string& text) {
        CHECK(print(script) == text);
        const auto parsed = parse_script(text);
        REQUIRE(parsed);
        CHECK(*parsed == script);
    };
    script.seed = 18'446'744'073'709'551'615U;
    check("seed=18446744073709551615");
    script = Script{17};
    script.faults.emplace();
    script.asks.emplace();
    script.jobs.emplace();
    check("seed=17 faults= asks= jobs=");
    script.length = seconds{86'400};
    script.faults = {3, 12};
    script.asks = {2};
    script.jobs = {{0, 2}, {0, 10}, {12, 1}};
    check("seed=17 length=86400s faults=3,12 asks=2 jobs=2,10,12.1");
    script.defaults = {{{0, 2}, {"CRON_RETRY", "CRON_TZ"}}, {{12, 1}, {"CRON_POOL"}}};
    check(
        "seed=17 length=86400s faults=3,12 asks=2 jobs=2,10,12.1 "
        "defaults=2:CRON_RETRY+CRON_TZ,12.1:CRON_POOL");
}

TEST_CASE("script: what is none is refused", "[sim]") {
    const std::array kWrong = {
        "",
        "seed",
        "seed=",
        "seed=x",
        "seed=-1",
        "length=5s",
        "seed=1 seed=2",
        "seed=1  faults=2",
        "seed=1 fault=2",
        "seed=1 faults=2,",
        "seed=1 faults=2.1",
        "seed=1 asks=2.1",
        "seed=1 jobs=2.",
        "seed=1 jobs=2.1.1",
        "seed=1 length=5",
        "seed=1 length=999999999999s",
        "seed=1 defaults=2",
        "seed=1 defaults=2:",
        "seed=1 defaults=2:CRON_NONE",
    };
    for (const char* text : kWrong) {
        INFO(text);
        CHECK_FALSE(parse_script(text));
    }
}

TEST_CASE("job_settings: each that is set can be set to its default", "[sim]") {
    JobSettings job;
    CHECK(settings_of(job).empty());
    job.zone = calendar::Zone::fixed("east", hours{1});
    job.delay = seconds{5};
    job.policy.enabled = false;
    job.policy.overlap = crontab::Overlap::queue;
    job.policy.timeout = seconds{90};
    job.policy.kill_after = seconds{0};
    job.policy.retry = {3, seconds{30}, seconds{120}};
    job.policy.catch_up = hours{2};
    job.policy.window = crontab::Window{hours{22}, hours{6} + minutes{30}};
    job.policy.pool = "a";
    const std::map<std::string, std::string> all = {
        {"CRON_TZ", "east"},         {"CRON_JITTER", "5s"},     {"CRON_ENABLED", "no"},
        {"CRON_OVERLAP", "queue"},   {"CRON_TIMEOUT", "1m30s"}, {"CRON_KILL_AFTER", "0s"},
        {"CRON_RETRY", "3/30s..2m"}, {"CRON_CATCH_UP", "2h"},   {"CRON_WINDOW", "22:00-06:30"},
        {"CRON_POOL", "a"},
    };
    CHECK(settings_of(job) == all);
    for (const auto& [name, value] : all) {
        JobSettings without = job;
        REQUIRE(set_default(without, name));
        auto rest = all;
        rest.erase(name);
        CHECK(settings_of(without) == rest);
    }
    CHECK_FALSE(set_default(job, "CRON_NONE"));
}

// How long each run took that ended by itself.
std::map<std::pair<JobId, Instant>, microseconds> durations(const Script& script) {
    std::map<std::pair<JobId, Instant>, microseconds> found;
    World world(script, nullptr, [&](const engine::Effect& effect, Trace&) {
        const auto* finish = std::get_if<engine::Finish>(&effect);
        if (finish == nullptr || finish->outcome.kind != engine::Outcome::Kind::exited) return;
        if (finish->outcome.ended_by == engine::EndedBy::itself)
            found[{finish->key.job, finish->key.due}] = finish->outcome.duration;
    });
    CHECK(world.run().failure == "");
    return found;
}

TEST_CASE("script: a job that is left out changes nothing of the runs of another", "[sim]") {
    Script script{7};
    script.faults.emplace();
    script.length = hours{48};
    const auto among_all = durations(script);
    script.jobs = {LineNumber{0, 2}, LineNumber{0, 5}};
    const auto alone = durations(script);
    // For the others it may have had to wait, or be merged.
    std::size_t both = 0;
    std::size_t equal = 0;
    for (const auto& [run, duration] : alone) {
        const auto same = among_all.find(run);
        if (same == among_all.end()) continue;
        ++both;
        if (same->second == duration) ++equal;
    }
    CHECK(alone.size() < among_all.size());
    CHECK(both > 20);
    CHECK(equal == both);
}

TEST_CASE("script: a fault that is left out changes nothing of another", "[sim]") {
    const auto kinds = [](const Script& script) {
        std::set<std::string> found;
        for (const std::string& note : World(script).run().notes) {
            const std::size_t begin = note.find("fault ");
            if (begin != std::string::npos) found.insert(note.substr(begin));
        }
        return found;
    };
    Script script{7};
    const auto all = kinds(script);
    CHECK(all.size() > 20);
    script.faults = {3, 8, 9};
    const auto some = kinds(script);
    CHECK(some.size() == 3);
    CHECK(std::includes(all.begin(), all.end(), some.begin(), some.end()));
}

}  // namespace
}  // namespace cron::sim
