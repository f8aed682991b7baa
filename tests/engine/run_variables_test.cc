// What a run is called, and what its job is told of it.
#include "engine/run_variables.h"

#include <catch2/catch.hpp>

#include "base/text.h"
#include "desk.h"

namespace cron::engine {
namespace {

Spawn spawn_of(std::shared_ptr<const crontab::Entry> entry, Instant due = kMonday) {
    Spawn spawn;
    spawn.key = RunKey{entry->id, due, 0};
    spawn.entry = std::move(entry);
    return spawn;
}

std::string value_of(const Spawn& spawn, std::string_view name) {
    const crontab::Environment variables = run_variables(spawn.key, spawn.attempt, *spawn.entry);
    const std::string* const value = crontab::find(variables, name);
    return value == nullptr ? "none" : *value;
}

TEST_CASE("run id: a hash of the job, the due time in UTC, and the pass behind the first one",
          "[engine]") {
    RunKey key{JobId::named("alice", "/tables/alice", "backup"), kMonday, 0};
    // It stays in every version: people and scripts keep it.
    CHECK(run_id(key) == "d6ec0721ad0cf137-20260302T100000Z");
    key.due += seconds{59};
    key.pass = 12;
    CHECK(run_id(key) == "d6ec0721ad0cf137-20260302T100059Z-p12");
    // No due time: a run that was asked for in the same second.
    key.due += microseconds{42};
    CHECK(run_id(key) == "d6ec0721ad0cf137-20260302T100059.000042Z-p12");
}

TEST_CASE("run id: each of job, due time and pass makes another one", "[engine]") {
    const RunKey key{JobId::named("alice", "/tables/alice", "backup"), kMonday, 1};
    RunKey job = key, due = key, pass = key;
    job.job = JobId::named("bob", "/tables/alice", "backup");
    due.due += seconds{1};
    pass.pass = 2;
    CHECK(std::set<std::string>{run_id(key), run_id(job), run_id(due), run_id(pass)}.size() == 4);
    CHECK(run_id(key) == run_id(RunKey{key}));
}

TEST_CASE("run variables: a job is told its name, run, due time and attempt", "[engine]") {
    Spawn spawn = spawn_of(entry_named("backup", "0 10 * * *"));
    spawn.attempt = 3;
    CHECK(run_variables(spawn.key, spawn.attempt, *spawn.entry) ==
          crontab::Environment{{"CRON_JOB", "backup"},
                               {"CRON_RUN", run_id(spawn.key)},
                               {"CRON_DUE", "2026-03-02T10:00:00+00:00"},
                               {"CRON_ATTEMPT", "3"}});
    for (const auto& variable : run_variables(spawn.key, spawn.attempt, *spawn.entry)) {
        CHECK(crontab::is_fixed_variable(variable.name));
    }
}

TEST_CASE("run variables: a job without a name is called by its command", "[engine]") {
    CHECK(value_of(spawn_of(entry("0 10 * * *", "backup --all")), "CRON_JOB") == "backup --all");
}

TEST_CASE("run variables: a command too long for a variable is cut between two characters",
          "[engine]") {
    // With its name before it, the longest line would be more than the kernel takes.
    const std::string letters(kTitleBytesMax - 1, 'x');
    CHECK(value_of(spawn_of(entry("@reboot", letters + "xyz")), "CRON_JOB") == letters + "x");
    CHECK(value_of(spawn_of(entry("@reboot", letters + "\u00e4yz")), "CRON_JOB") == letters);
    const std::string no_text(2 * kTitleBytesMax, '\x80');
    CHECK(value_of(spawn_of(entry("@reboot", no_text)), "CRON_JOB").size() >= kTitleBytesMax - 4);
}

TEST_CASE("run variables: the due time has the offset of the entry's zone", "[engine]") {
    const std::pair<seconds, std::string> cases[] = {
        {hours{2}, "2026-03-02T12:00:00+02:00"},
        {-(hours{3} + minutes{30}), "2026-03-02T06:30:00-03:30"},
        {-hours{11}, "2026-03-01T23:00:00-11:00"},
        {-minutes{30}, "2026-03-02T09:30:00-00:30"},
        // RFC 3339 cannot say it.
        {hours{1} + seconds{7}, "2026-03-02T10:00:00+00:00"},
    };
    for (const auto& [offset, expected] : cases) {
        const auto zone = calendar::Zone::fixed("Test", offset);
        CHECK(value_of(spawn_of(entry_in(zone, "0 10 * * *")), "CRON_DUE") == expected);
    }
}

}  // namespace
}  // namespace cron::engine
