#include "process/environment.h"

#include <catch2/catch.hpp>

#include "engine/run_id.h"

namespace cron::process {
namespace {

Identity alice() {
    Identity identity;
    identity.name = "alice";
    identity.uid = 1000;
    identity.gid = 1000;
    identity.home = "/home/alice";
    identity.shell = "/usr/bin/zsh";
    return identity;
}

using Variables = std::vector<std::string>;

TEST_CASE("environment: a table that sets nothing gives the classic five", "[environment]") {
    const JobEnvironment environment = build_environment({}, alice());
    CHECK(environment.variables == Variables{"SHELL=/bin/sh", "HOME=/home/alice",
                                             "PATH=/usr/bin:/bin", "LOGNAME=alice", "USER=alice"});
    CHECK(environment.shell == "/bin/sh");  // not the shell of the passwd entry
    CHECK(environment.home == "/home/alice");
}

TEST_CASE("environment: the table wins over the defaults, in its order", "[environment]") {
    const crontab::Environment table = {{"PATH", "/opt/bin"},
                                        {"MAILTO", ""},
                                        {"HOME", "/srv"},
                                        {"SHELL", "/bin/bash"},
                                        {"CRON_TZ", "UTC"}};
    const JobEnvironment environment = build_environment(table, alice());
    CHECK(environment.variables == Variables{"PATH=/opt/bin", "MAILTO=", "HOME=/srv",
                                             "SHELL=/bin/bash", "CRON_TZ=UTC", "LOGNAME=alice",
                                             "USER=alice"});
    CHECK(environment.shell == "/bin/bash");
    CHECK(environment.home == "/srv");
}

TEST_CASE("environment: LOGNAME and USER cannot be set", "[environment]") {
    const Variables base = {"USER=carol", "LOGNAME=carol"};
    const JobEnvironment environment =
        build_environment({{"LOGNAME", "bob"}, {"USER", "bob"}}, alice(), base);
    CHECK(environment.variables == Variables{"SHELL=/bin/sh", "HOME=/home/alice",
                                             "PATH=/usr/bin:/bin", "LOGNAME=alice", "USER=alice"});
}

TEST_CASE("environment: a base goes between the table and the defaults, without its SHELL",
          "[environment]") {
    const Variables base = {"A=base",          "B=base",    "PATH=/container/bin",
                            "SHELL=/bin/fish", "no equals", "=x"};
    const JobEnvironment environment = build_environment({{"A", "table"}}, alice(), base);
    CHECK(environment.variables == Variables{"A=table", "B=base", "PATH=/container/bin",
                                             "SHELL=/bin/sh", "HOME=/home/alice", "LOGNAME=alice",
                                             "USER=alice"});
}

TEST_CASE("environment: the shell gets the command as one argument", "[environment]") {
    CHECK(shell_arguments("/bin/sh", "echo 'a  b' | wc") ==
          Variables{"/bin/sh", "-c", "echo 'a  b' | wc"});
}

TEST_CASE("environment: a run is told what it is; a table cannot say otherwise", "[environment]") {
    auto entry = std::make_shared<crontab::Entry>();
    entry->id = JobId::named("alice", "/t", "backup");
    entry->zone = calendar::Zone::fixed("X", hours{2});
    engine::Spawn spawn;
    spawn.entry = entry;
    spawn.attempt = 3;
    spawn.key = {entry->id, std::chrono::sys_days{std::chrono::year{2026} / 3 / 8} + hours{1}, 2};
    const auto run = engine::run_variables(spawn);
    CHECK(*crontab::find(run, "CRON_JOB") == "backup");
    CHECK(*crontab::find(run, "CRON_DUE") == "2026-03-08T03:00:00+02:00");
    CHECK(*crontab::find(run, "CRON_ATTEMPT") == "3");
    CHECK(crontab::find(run, "CRON_RUN")->ends_with("-20260308T010000Z-p2"));
    const auto environment = build_environment({{"CRON_JOB", "other"}}, alice(), {}, run);
    CHECK(environment.variables.front() == "CRON_JOB=backup");
    for (const std::string& variable : environment.variables) CHECK(variable != "CRON_JOB=other");
}

TEST_CASE("environment: of a job without a name it is told the start of its command",
          "[environment]") {
    auto entry = std::make_shared<crontab::Entry>();
    entry->id = JobId::of_line("alice", "/t", "@daily", std::string(130'000, 'x'), 0);
    engine::Spawn spawn;
    spawn.entry = entry;
    spawn.key.job = entry->id;
    CHECK(crontab::find(engine::run_variables(spawn), "CRON_JOB")->size() ==
          engine::kJobNameBytesMax);
}

}  // namespace
}  // namespace cron::process
