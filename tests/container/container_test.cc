// What the container of these tests is, and crond in it with little or nothing to do.
#include <poll.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "container.h"

using namespace cron;
using namespace cron::system_test;
namespace fs = std::filesystem;

namespace {

// Of all threads of a process of this machine: how often one of them left its processor.
long switches_of(pid_t pid) {
    long sum = 0;
    for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
        std::ifstream status(task.path() / "status");
        for (std::string line; std::getline(status, line);) {
            const std::size_t at = line.find("ctxt_switches:");
            if (at != std::string::npos) sum += std::stol(line.substr(at + 14));
        }
    }
    return sum;
}

// How often it wakes up within so long, from when it sleeps at all.
long wake_ups_within(const Process& process, int milliseconds) {
    REQUIRE(eventually([&] {
        const long before = switches_of(process.pid());
        ::poll(nullptr, 0, 200);
        return switches_of(process.pid()) == before;
    }));
    const long before = switches_of(process.pid());
    ::poll(nullptr, 0, milliseconds);
    return switches_of(process.pid()) - before;
}

}  // namespace

TEST_CASE(
    "container: crond is PID 1, with a uid that nobody knows, no capability, and a root that "
    "nobody can write to",
    "[bare]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table(
        "CRON_NAME=look\n@reboot id; echo in $PWD; "
        "for f in /x /bin/x /usr/local/sbin/x /config/x /dev/x; do"
        " (: >$f) 2>/dev/null && echo wrote $f; done; "
        "for f in /etc /tmp /var /run /sys /home; do [ -e $f ] && echo has $f; done; "
        "echo looked\n");
    Container crond(machine.order());
    REQUIRE(crond.writes("[look] looked"));
    CHECK(crond.count("[look] uid=12345 gid=12345\n") == 1);
    CHECK(crond.count("[look] in /\n") == 1);
    CHECK(crond.count("[look] wrote") == 0);
    CHECK(crond.count("[look] has") == 0);
    const std::string status = crond.proc("status");
    for (const char* line :
         {"Name:\tcrond\n", "NSpid:\t1\n", "Uid:\t12345\t12345\t12345\t12345\n",
          "CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n",
          "CapBnd:\t0000000000000000\n", "CapAmb:\t0000000000000000\n", "NoNewPrivs:\t1\n"}) {
        CHECK_THAT(status, Catch::Contains(line));
    }
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("container: a table without a job is fine, and costs no wake-up", "[bare]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("# nothing yet\n");
    Container crond(machine.order());
    REQUIRE(crond.writes(event("started")));
    CHECK(wake_ups_within(crond, 3000) == 0);
    CHECK(lines_with(crond.output(), {"\"level\":\"error\""}).empty());
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("container: --alive is answered by the loop of its crond", "[bare]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("CRON_NAME=probe\n@every 1s /usr/local/sbin/crond --alive; echo status $?\n");
    Container crond(machine.order());
    CHECK(crond.writes("[probe] status 0\n"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("container: a schedule that never fires is warned of once, and costs no wake-up",
          "[bare]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("0 0 30 2 * echo never\n");
    Container crond(machine.order({"--log-level", "debug"}));
    REQUIRE(crond.writes(event("started")));
    CHECK(crond.writes("never-due"));
    CHECK(wake_ups_within(crond, 3000) == 0);
    crond.signal(SIGHUP);
    REQUIRE(crond.writes(event("table-loaded"), 2));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(crond.count("never-due") == 1);
}

TEST_CASE("container: --test says what is wrong with a table, by its exit status too", "[bare]") {
    if (!has_containers()) return;
    const Machine machine;
    const Order order = machine.order({"--test"});
    machine.table("* * * * * echo good\n");
    Container good(order);
    CHECK(good.wait() == 0);
    machine.table("* * * * * echo good\n61 * * * * echo bad\n");
    Container bad(order);
    CHECK(bad.wait() == 1);
    CHECK(bad.count("/config/crontab:2:") == 1);
    CHECK(bad.count("61") > 0);
}
