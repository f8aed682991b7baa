// crond that becomes another version at any moment, and is killed now and then.
#include <csignal>
#include <memory>

#include <catch2/catch.hpp>

#include "storm.h"
#include "versions.h"

namespace cron::system_test {

using std::chrono::milliseconds;

TEST_CASE(
    "storm: a daemon that is upgraded at any moment, and sometimes killed then, starts nothing "
    "twice and loses only what a kill does",
    "[storm][upgrade]") {
    if (!is_root()) return;
    Storm storm;
    const Versions versions(storm.root);
    storm.root.user_table("daemon", storm.jobs_of_all_kinds());
    auto crond = std::make_unique<Process>(versions.arguments());
    REQUIRE(crond->writes(event("started")));
    int upgrades = 0;
    int kills = 0;
    for (; !storm.is_over(); ++upgrades) {
        storm.random() % 2 == 0 ? versions.install_next() : versions.install_present();
        storm.pass_to_moment(*crond);
        const int before = crond->count(event("upgraded"));
        crond->signal(SIGUSR2);
        if (storm.random() % 3 == 0) crond->signal(SIGHUP);
        if (storm.random() % 8 != 0) {
            REQUIRE(eventually([&] {
                return crond->count(event("upgraded")) > before ||
                       crond->count(event("ledger-weak")) > 0;
            }));
            continue;
        }
        Storm::pass(storm.random_time(milliseconds(60)), *crond);
        crond->signal(SIGKILL);
        CHECK(crond->wait() == 128 + SIGKILL);
        storm.read_log(*crond);
        crond = std::make_unique<Process>(versions.arguments());
        REQUIRE(crond->writes(event("started")));
        ++kills;
    }
    storm.settle(*crond);
    CHECK(eventually([&] { return children_of(crond->pid()).empty(); }));
    storm.end(*crond);
    if (storm.logged("ledger-weak") > 0) {
        WARN("the disk was too slow: nothing is checked");
        return;
    }
    storm.check_accounts();
    storm.check_at_once({"forbid"}, 1);
    storm.check_at_once({"queue"}, 1);
    storm.check_at_once({"pool-1", "pool-2", "pool-3"}, 2);
    CHECK(storm.count("lost") <= 20L * kills);
    storm.print(std::to_string(upgrades) + " upgrades, " + std::to_string(kills) + " kills, " +
                std::to_string(storm.logged("upgrade-refused")) + " refused");
}

}  // namespace cron::system_test
