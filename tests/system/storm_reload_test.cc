// crond told to read everything again while everything changes, and crond that stands still.
#include <csignal>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "storm.h"

namespace cron::system_test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

std::ptrdiff_t descriptors_of(pid_t pid) {
    const fs::directory_iterator folder("/proc/" + std::to_string(pid) + "/fd");
    return std::distance(begin(folder), end(folder));
}

// What it holds in memory, in kB.
long memory_of(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    std::string word;
    long size = 0;
    while (status >> word) {
        if (word == "VmRSS:") status >> size;
    }
    REQUIRE(size > 0);
    return size;
}

// The jobs that stay, among comments that come and go.
void write_jobs(Storm& storm) {
    std::string text;
    for (auto lines = storm.random() % 5; lines > 0; --lines) text += "# another line\n";
    storm.root.user_table("daemon", text + storm.jobs_of_all_kinds() + text);
}

void write_others(Storm& storm) {
    std::string text = "CRON_TZ=UTC\nMAILTO=\"\"\n";
    for (auto jobs = storm.random() % 5; jobs > 0; --jobs) {
        const std::string every = "@every " + std::to_string(1 + storm.random() % 3) + "s daemon";
        const std::string overlap = storm.random() % 2 == 0 ? "allow" : "queue";
        text += noted_job(storm.notes, "churn-" + std::to_string(jobs), "sleep 0.1", every,
                          {{"CRON_OVERLAP", overlap}});
    }
    storm.root.system_table(text);
}

void write_settings(Storm& storm) {
    const std::string pool = std::to_string(1 + storm.random() % 2);
    const std::string flavour = storm.random() % 2 == 0 ? "debian" : "cronie";
    const std::string end = storm.random() % 4 == 0 ? "" : "}";  // without it there is an error
    storm.root.write("/etc/crond.json", R"({"flavour": ")" + flavour +
                                            R"(", "pools": {"daemon/two": )" + pool +
                                            R"(}, "retention": {"rows_per_job": 1000000})" + end);
}

}  // namespace

TEST_CASE(
    "storm: while everything is read again and again, and changes, the jobs that stay lose nothing "
    "and start nothing twice",
    "[storm][reload]") {
    if (!is_root()) return;
    Storm storm;
    Process crond(crond_arguments(storm.root));
    REQUIRE(crond.writes(event("started")));
    const auto descriptors = descriptors_of(crond.pid());
    write_jobs(storm);
    REQUIRE(crond.writes(event("run-ended")));
    int signals = 0;
    long memory = 0;
    for (; !storm.is_over() || signals <= 100; ++signals) {
        switch (storm.random() % 8) {
            case 0:
                write_jobs(storm);
                break;
            case 1:
                write_others(storm);
                break;
            case 2:
                write_settings(storm);
                break;
            default:
                break;
        }
        crond.signal(SIGHUP);
        Storm::pass(storm.random_time(milliseconds(40)), crond);
        if (signals == 100) memory = memory_of(crond.pid());
    }
    const long memory_at_last = memory_of(crond.pid());
    CHECK(signals > 100);
    const std::string withdrawn = event("run-withdrawn");
    CHECK(crond.count(withdrawn + ",\"user\":\"daemon\",\"job\":\"churn") ==
          crond.count(withdrawn));
#ifndef __SANITIZE_ADDRESS__  // which keeps for a while what was freed
    CHECK(memory_at_last < memory + 32L * 1024);
#endif
    storm.settle(crond);
    // The ledger opens two files when it writes first.
    CHECK(eventually([&] { return descriptors_of(crond.pid()) <= descriptors + 2; }));
    storm.end(crond);
    storm.check_accounts();
    storm.check_at_once({"forbid"}, 1);
    storm.check_at_once({"queue"}, 1);
    storm.check_at_once({"pool-1", "pool-2", "pool-3"}, 2);
    CHECK(storm.count("lost") == 0);
    storm.print(std::to_string(signals) + " SIGHUPs, " + std::to_string(storm.logged("reload")) +
                " seen, memory " + std::to_string(memory) + " kB after 100 and " +
                std::to_string(memory_at_last) + " kB at last");
}

TEST_CASE("storm: a daemon that stands still for a while makes up for it by the rules of lateness",
          "[storm][stall]") {
    if (!is_root()) return;
    Storm storm;
    storm.root.user_table("daemon", storm.jobs_of_all_kinds());
    Process crond(crond_arguments(storm.root));
    int stalls = 0;
    for (; !storm.is_over(); ++stalls) {
        storm.pass_to_moment(crond);
        crond.signal(SIGSTOP);
        Storm::pass(storm.random_time(milliseconds(3000)), crond);
        crond.signal(SIGCONT);
    }
    storm.settle(crond);
    storm.end(crond);
    storm.check_accounts();
    storm.check_at_once({"forbid"}, 1);
    storm.check_at_once({"queue"}, 1);
    storm.check_at_once({"pool-1", "pool-2", "pool-3"}, 2);
    CHECK(storm.count("lost") == 0);
    CHECK(storm.count("missed") == 0);
    storm.print(std::to_string(stalls) + " stalls");
}

}  // namespace cron::system_test
