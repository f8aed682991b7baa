#include "process/environment.h"

#include <catch2/catch.hpp>

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

TEST_CASE("environment: a table cannot set LOGNAME and USER, a base can", "[environment]") {
    const crontab::Environment table = {{"LOGNAME", "bob"}, {"USER", "bob"}};
    CHECK(build_environment(table, alice()).variables ==
          Variables{"SHELL=/bin/sh", "HOME=/home/alice", "PATH=/usr/bin:/bin", "LOGNAME=alice",
                    "USER=alice"});
    const Variables base = {"USER=carol", "HOME=/home/carol"};
    CHECK(build_environment(table, alice(), base).variables ==
          Variables{"USER=carol", "HOME=/home/carol", "SHELL=/bin/sh", "PATH=/usr/bin:/bin",
                    "LOGNAME=alice"});
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

TEST_CASE("environment: what the job is told of its run comes last, and nothing else sets it",
          "[environment]") {
    const crontab::Environment table = {{"CRON_JOB", "table"}, {"CRON_ATTEMPT", "9"}};
    const Variables base = {"CRON_RUN=base", "CRON_DUE=base", "A=base"};
    const Variables before = {"A=base",           "SHELL=/bin/sh",
                              "HOME=/home/alice", "PATH=/usr/bin:/bin",
                              "LOGNAME=alice",    "USER=alice"};
    CHECK(build_environment(table, alice(), base).variables == before);
    Variables told = before;
    told.push_back("CRON_JOB=backup");
    told.push_back("CRON_ATTEMPT=1");
    CHECK(build_environment(table, alice(), base, {{"CRON_JOB", "backup"}, {"CRON_ATTEMPT", "1"}})
              .variables == told);
}

TEST_CASE("environment: a hook is told the outcome of its own run, whatever else says one",
          "[environment]") {
    const Variables base = {"CRON_STATUS=9"};
    const JobEnvironment environment =
        build_environment({{"CRON_OUTCOME", "fake"}}, alice(), base,
                          {{"CRON_OUTCOME", "success"}, {"CRON_STATUS", "0"}});
    CHECK(environment.variables == Variables{"SHELL=/bin/sh", "HOME=/home/alice",
                                             "PATH=/usr/bin:/bin", "LOGNAME=alice", "USER=alice",
                                             "CRON_OUTCOME=success", "CRON_STATUS=0"});
}

TEST_CASE("environment: the shell gets the command as one argument", "[environment]") {
    CHECK(shell_arguments("/bin/sh", "echo 'a  b' | wc") ==
          Variables{"/bin/sh", "-c", "echo 'a  b' | wc"});
}

}  // namespace
}  // namespace cron::process
