// What the first process of a container inherits.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <sstream>

#include "own_tables.h"

using namespace cron;
using namespace cron::system_test;

namespace {

std::ptrdiff_t zombies_of(pid_t pid) {
    const std::vector<pid_t> children = children_of(pid);
    return std::count_if(children.begin(), children.end(),
                         [](pid_t child) { return state_of(child) == 'Z'; });
}

TEST_CASE(
    "orphans: a thousand at once are all collected, without /proc and behind a job that lingers",
    "[system]") {
    if (!is_root()) return;
    constexpr int kOrphans = 1000;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    const std::string gate = root.path("/gate");
    REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
    root.write("/table",
               // Ended by its timeout, and not collected while its child, which is deaf, may need
               // to be killed: an hour.
               "CRON_TIMEOUT=1s\nCRON_KILL_AFTER=1h\n"
               "@reboot (trap '' TERM; : >" +
                   folder +
                   "/deaf; exec sleep 1000) & wait\n"
                   "CRON_TIMEOUT=\"\"\nCRON_KILL_AFTER=\"\"\n"
                   "@every 1s exit 7\n"
                   "@reboot while umount -l /proc; do :; done; ls /proc | wc -l >" +
                   folder + "/proc; i=0; while [ $i -lt " + std::to_string(kOrphans) +
                   " ]; do (read x <" + gate + " &); i=$((i+1)); done; : >" + folder +
                   "/made; exit 5\n");
    FirstProcess crond(own_arguments(root));
    REQUIRE(eventually([&] { return root.read("/out/proc") == "0\n"; }));
    REQUIRE(crond.writes("\"reason\":\"it was ended after its timeout of 1s\""));
    REQUIRE(crond.writes("\"status\":\"5\""));
    const auto is_orphan = [](pid_t child) { return state_of(child) == 'S'; };
    const auto alive = [&] {
        const auto children = children_of(crond.pid());
        return std::count_if(children.begin(), children.end(), is_orphan);
    };
    CHECK(eventually([&] { return alive() >= kOrphans; }));
    // The one that lingers, if it was deaf in time.
    const auto only_it_lingers = [&] {
        return zombies_of(crond.pid()) == (std::filesystem::exists(folder + "/deaf") ? 1 : 0);
    };
    CHECK(eventually(only_it_lingers));
    CHECK(eventually([&] {
        const UniqueFd writer(::open(gate.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        return alive() < 10;
    }));
    CHECK(eventually(only_it_lingers));
    // None of ours was collected by the way.
    const int ended = crond.count("\"status\":\"7\"");
    CHECK(crond.writes("\"status\":\"7\"", ended + 2));
    CHECK(crond.count("unknown") == 0);
}

TEST_CASE("orphans: a storm of them takes no job's status", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    std::string table;
    for (int i = 0; i < 8; ++i) {
        table += "@every 1s for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.0$i &) ; done; exit " +
                 std::to_string(10 + i) + "\n";
    }
    root.write("/table", table);
    FirstProcess crond(own_arguments(root));
    for (int i = 0; i < 8; ++i) {
        CHECK(crond.writes("\"status\":\"" + std::to_string(10 + i) + "\"", 4));
    }
    CHECK(crond.count("unknown") == 0);
    CHECK(crond.count("\"status\":\"0\"") == 0);
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

}  // namespace
