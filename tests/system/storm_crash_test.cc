// crond killed at any moment, and several that race for one spool: counted by what the jobs
// themselves wrote.
#include <csignal>
#include <memory>

#include <catch2/catch.hpp>

#include "storm.h"

namespace cron::system_test {
namespace {

using std::chrono::milliseconds;

void check(Storm& storm) {
    // A disk that stands still in a storm weakens the promise, and crond has said so.
    if (storm.logged("ledger-weak") > 0) {
        WARN("the disk was too slow: nothing is checked");
        return;
    }
    storm.check_accounts();
    storm.check_at_once({"forbid"}, 1);
    storm.check_at_once({"queue"}, 1);
    storm.check_at_once({"pool-1", "pool-2", "pool-3"}, 2);
}

}  // namespace

TEST_CASE(
    "storm: a daemon that is killed at any moment, again and again, starts nothing twice and loses "
    "nothing unsaid",
    "[storm][kill]") {
    if (!is_root()) return;
    Storm storm;
    storm.root.user_table("daemon", storm.jobs_of_all_kinds());
    int kills = 0;
    for (; !storm.is_over(); ++kills) {
        Process crond(crond_arguments(storm.root));
        storm.pass_to_moment(crond);
        crond.signal(SIGKILL);
        const int status = crond.wait();
        CAPTURE(crond.output());
        CHECK(status == 128 + SIGKILL);
        storm.read_log(crond);
        // Sometimes nobody is there for a while.
        if (storm.random() % 8 == 0) Storm::pass(storm.random_time(milliseconds(4000)), crond);
    }
    Process last(crond_arguments(storm.root));
    REQUIRE(last.writes(event("started")));
    storm.settle(last);
    storm.end(last);
    check(storm);
    // What was alive or about to start, and no more.
    CHECK(storm.count("lost") <= 20L * kills);
    storm.print(std::to_string(kills) + " kills, " + std::to_string(storm.logged("started") - 1) +
                " of them after the start, " + std::to_string(storm.logged("run-adopted")) +
                " runs adopted");
}

TEST_CASE(
    "storm: of daemons that race for one spool one works at a time, whoever is killed, and nothing "
    "starts twice",
    "[storm][race]") {
    if (!is_root()) return;
    Storm storm;
    storm.root.user_table("daemon", storm.jobs_of_all_kinds());
    // Two at first, then four; every other one has another pidfile.
    int started = 0;
    int refused = 0;
    int kills = 0;
    std::unique_ptr<Process> winner;
    for (const int racers : {2, 4}) {
        for (storm.begin_anew(); !storm.is_over();) {
            std::vector<std::unique_ptr<Process>> starters;
            for (int i = 0; i < racers; ++i) {
                const std::string pidfile = i % 2 == 0 ? "/run/crond.pid" : "/run/other.pid";
                starters.push_back(std::make_unique<Process>(
                    crond_arguments(storm.root, {"--pidfile", storm.root.path(pidfile)})));
            }
            started += racers;
            if (winner != nullptr) {
                Storm::pass(storm.random_time(milliseconds(20)), *winner);
                winner->signal(SIGKILL);
                winner->wait();
                storm.read_log(*winner);
                winner.reset();
                ++kills;
            }
            for (auto& starter : starters) {
                if (starter->writes(event("started"))) {
                    CHECK(winner == nullptr);
                    winner = std::move(starter);
                    continue;
                }
                CHECK(starter->wait() == 1);
                CHECK(starter->count("is locked by") == 1);
                ++refused;
            }
            if (winner != nullptr) storm.pass_to_moment(*winner);
        }
    }
    if (winner == nullptr) {
        winner = std::make_unique<Process>(crond_arguments(storm.root));
        REQUIRE(winner->writes(event("started")));
    }
    storm.settle(*winner);
    storm.end(*winner);
    check(storm);
    storm.print(std::to_string(started) + " daemons, " + std::to_string(refused) + " refused, " +
                std::to_string(kills) + " killed, " + std::to_string(storm.logged("run-adopted")) +
                " runs adopted");
}

}  // namespace cron::system_test
