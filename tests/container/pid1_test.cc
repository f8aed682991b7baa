// What the first process of a container owes to all others: to collect what is left of them, to
// mind its signals, and to end them all when it is told to.
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <set>

#include "container.h"

using namespace cron;
using namespace cron::system_test;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

int zombies_in(const Container& container) {
    int count = 0;
    for (const Seen& seen : container.processes()) count += seen.state == 'Z' ? 1 : 0;
    return count;
}

// How a job that ended is on record: of each of its runs.
std::multiset<std::string> statuses_of(Container& crond, const std::string& job) {
    std::multiset<std::string> found;
    for (const std::string& line :
         lines_with(crond.output(), {event("run-ended"), "\"job\":\"" + job + "\""})) {
        found.insert(text_of(line, "status"));
    }
    return found;
}

// One that starts at once and does `body`, when its name is `name`.
std::string job(const std::string& name, const std::string& body) {
    return "CRON_NAME=" + name + "\n@reboot " + body + "\n";
}

}  // namespace

TEST_CASE(
    "container: of thousands of orphans that die at once no zombie stays, and no job's status "
    "is lost",
    "[pid1]") {
    if (!has_containers()) return;
    constexpr int kOrphans = 2000;
    const Machine machine;
    // Each is forked twice, so it is nobody's child but crond's. They die with the shell that made
    // them, by one signal.
    machine.table(
        job("parent", "i=0; while [ $i -lt " + std::to_string(kOrphans) +
                          " ]; do (sleep 1000 & ); i=$((i+1)); done; echo all; kill -9 0") +
        "CRON_SECONDS=yes\n"
        "CRON_NAME=seven\n* * * * * * (true & ); exit 7\n"
        "CRON_NAME=killed\n* * * * * * (false & ); kill -15 $$\n");
    Container crond(machine.order());
    REQUIRE(crond.writes("[parent] all"));
    REQUIRE(crond.writes("\"status\":\"signal 9\""));
    const std::size_t ended = statuses_of(crond, "seven").size();
    REQUIRE(eventually([&] { return zombies_in(crond) == 0; }));
    // Those that come after them are not mistaken for them either.
    REQUIRE(eventually([&] { return statuses_of(crond, "seven").size() >= ended + 2; }));
    CHECK(eventually([&] { return crond.processes().size() == 1; }));
    // Before the stop, which ends what runs then.
    const auto sevens = statuses_of(crond, "seven");
    const auto killed = statuses_of(crond, "killed");
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(statuses_of(crond, "parent") == std::multiset<std::string>{"signal 9"});
    CHECK(sevens.count("7") == sevens.size());
    CHECK(killed.count("signal 15") == killed.size());
    CHECK(sevens.size() >= 3);
    CHECK(lines_with(crond.output(), {event("run-started")}).size() ==
          lines_with(crond.output(), {event("run-ended")}).size());
}

TEST_CASE("container: TERM, INT and QUIT stop it with status 0", "[pid1]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("@every 1s true\n");
    for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
        Container crond(machine.order());
        REQUIRE(crond.writes(event("started")));
        crond.signal(number);
        CHECK(crond.wait() == 0);
        CHECK(crond.count(event("stopped")) == 1);
    }
}

TEST_CASE("container: no other signal stops it", "[pid1]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("@every 1s true\n");
    Container crond(machine.order());
    REQUIRE(crond.writes(event("started")));
    // Those that end or stop a process by force, and those that say that it is broken.
    const std::set<int> left_out = {SIGTERM, SIGINT, SIGQUIT, SIGKILL, SIGSTOP, SIGSEGV,
                                    SIGBUS,  SIGFPE, SIGILL,  SIGABRT, SIGTRAP};
    for (int number = 1; number <= SIGRTMAX; ++number) {
        const bool is_libc = number > SIGSYS && number < SIGRTMIN;
        if (!is_libc && left_out.count(number) == 0) crond.signal(number);
    }
    REQUIRE(crond.writes(event("holds"), 2));  // at its start, and to USR1
    const int before = crond.count(event("run-ended"));
    CHECK(crond.writes(event("run-ended"), before + 2));
    CHECK(crond.count(event("started")) == 1);
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("container: a stop under load ends every job, at the latest with the grace, and says how",
          "[pid1]") {
    if (!has_containers()) return;
    constexpr int kOfEach = 25;
    const Machine machine;
    std::string table;
    for (int i = 0; i < kOfEach; ++i) {
        const std::string number = std::to_string(i);
        table += job("plain" + number, "echo ready; sleep 1000");
        table += job("ignores" + number, "trap '' TERM; echo ready; sleep 1000");
        table += job("forks" + number,
                     "(trap '' TERM; sleep 1000) & sleep 1000 & (sleep 1000 & ); echo ready; wait");
        table += job("traps" + number,
                     "trap 'echo tidy; exit 3' TERM; echo ready; while :; do sleep 0.1; done");
    }
    machine.table(table);
    Container crond(machine.order({"--grace", "900s"}));
    REQUIRE(crond.writes("] ready\n", 4 * kOfEach));
    const auto begin = Clock::now();
    crond.signal(SIGTERM);
    const auto ended = [&](const std::string& kind) {
        return lines_with(crond.output(), {event("run-ended"), "\"job\":\"" + kind}).size();
    };
    REQUIRE(eventually([&] { return ended("plain") == kOfEach && ended("traps") == kOfEach; }));
    crond.signal(SIGINT);  // the grace is over
    CHECK(crond.wait() == 0);
    const double took = seconds_since(begin);
    std::cout << "100 jobs were ended after " << took << " s\n";
    CHECK(took < 900);
    CHECK(crond.count("] tidy\n") == kOfEach);
    for (int i = 0; i < kOfEach; ++i) {
        const std::string number = std::to_string(i);
        CHECK(statuses_of(crond, "plain" + number).count("signal 15") == 1);
        CHECK(statuses_of(crond, "ignores" + number).count("signal 9") == 1);
        CHECK(statuses_of(crond, "forks" + number).count("signal 15") == 1);
        CHECK(statuses_of(crond, "traps" + number).count("3") == 1);
    }
    CHECK(crond.count(event("run-ended")) == 4 * kOfEach);
    CHECK(crond.count(event("stopped")) == 1);
}

TEST_CASE("container: a second TERM does not wait for jobs that ignore the first", "[pid1]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table(job("ignores", "trap '' TERM; echo ready; while :; do sleep 1; done"));
    Container crond(machine.order({"--grace", "1000s"}));
    REQUIRE(crond.writes("] ready\n"));
    crond.signal(SIGTERM);
    REQUIRE(crond.writes(event("stopping")));  // two that wait at once are one
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(lines_with(crond.output(), {event("stopping"), R"("grace_s":1000)"}).size() == 1);
    CHECK(lines_with(crond.output(), {event("stopping"), R"("grace_s":0)"}).size() == 1);
}
