// The ledger under a daemon that is killed: counted by what the jobs themselves wrote, and by what
// is on record.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "ledger/database.h"
#include "machine.h"

namespace cron::system_test {
namespace {

namespace fs = std::filesystem;

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

// Each row of the ledger: the due times that it covers, in seconds, and its fate.
struct Row {
    long first = 0;
    long last = 0;
    std::string fate;
    std::string outcome;
};

std::vector<Row> rows_of(const TempRoot& root) {
    auto database = ledger::Database::open({root.path("/var/spool/cron/ledger.db"), "", true});
    REQUIRE(database);
    auto statement = database->prepare(
        "SELECT first / 1000000, due / 1000000, fate, coalesce(outcome, '') FROM run ORDER BY due");
    REQUIRE(statement);
    std::vector<Row> rows;
    for (auto row = statement->step(); row && *row; row = statement->step()) {
        rows.push_back(
            {statement->number(0), statement->number(1), statement->bytes(2), statement->bytes(3)});
    }
    return rows;
}

// Of those that were granted: how many have no end on record.
std::ptrdiff_t open_runs(const TempRoot& root) {
    const std::vector<Row> rows = rows_of(root);
    return std::count_if(rows.begin(), rows.end(),
                         [](const Row& row) { return row.fate == "start" && row.outcome.empty(); });
}

}  // namespace

TEST_CASE("ledger: a daemon killed at any moment starts no due time twice, and each has one fate",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "@every 1s date +\\%s >>" + folder + "/starts\n");
    std::random_device device;
    const unsigned seed = device();
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (int life = 0; life < 8; ++life) {
        Process crond(crond_arguments(root));
        REQUIRE(crond.writes(event("started")));
        REQUIRE(crond.writes(event("run-started"), 1 + static_cast<int>(random() % 2)));
        // Anywhere in the second after it.
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 1000));
        crond.signal(SIGKILL);
        CHECK(crond.wait() == 128 + SIGKILL);
    }
    {
        Process crond(crond_arguments(root));
        REQUIRE(crond.writes(event("run-ended")));
        fs::remove(root.path("/var/spool/cron/crontabs/daemon"));
        REQUIRE(crond.writes(event("table-removed")));
        REQUIRE(eventually([&] {
            crond.output();
            return open_runs(root) == 0;
        }));
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
    }
    std::map<long, int> covered;
    std::set<long> granted;
    for (const Row& row : rows_of(root)) {
        for (long due = row.first; due <= row.last; ++due) ++covered[due];
        if (row.fate == "start") granted.insert(row.last);
    }
    CHECK(open_runs(root) == 0);
    REQUIRE(!covered.empty());
    for (long due = covered.begin()->first; due <= covered.rbegin()->first; ++due) {
        CAPTURE(due);
        CHECK(covered[due] == 1);
    }
    // A run that is late starts in a later second than its own, so seconds alone do not tell: but
    // there are never more starts than were granted.
    CHECK(root.lines("/out/starts").size() <= granted.size());
    CHECK(root.lines("/out/starts").size() >= 8);
}

TEST_CASE(
    "ledger: a run that outlives its daemon is adopted: it holds its overlap, its output is "
    "mailed, and its end is on record",
    "[system]") {
    if (!is_root()) return;
    for (const int signal : {SIGTERM, SIGKILL}) {
        const TempRoot root;
        const std::string folder = root.open_folder("/out");
        const std::string mailer = root.mailer();
        // The job ends when it is told to.
        root.user_table("daemon", "CRON_OVERLAP=forbid\n@every 1s echo begin; : >>" + folder +
                                      "/started; until [ -e " + folder +
                                      "/end ]; do sleep 0.1; done; echo end\n");
        {
            Process crond(crond_arguments(root, {"--mailer", mailer}));
            REQUIRE(crond.writes(event("run-started")));
            REQUIRE(eventually([&] { return root.names("/out").size() == 1; }));
            crond.signal(signal);
            crond.wait();
        }
        Process next(crond_arguments(root, {"--mailer", mailer}));
        REQUIRE(next.writes(event("run-adopted")));
        REQUIRE(next.writes(event("run-skipped"), 2));
        CHECK(next.count(event("run-started")) == 0);
        root.write("/out/end", "");
        REQUIRE(next.writes("\"status\":\"unknown\""));
        CHECK(eventually([&] {
            std::string text;
            for (const std::string& name : root.names("/mail")) text += root.read("/mail/" + name);
            return text.find("\nbegin\nend\n") != std::string::npos;
        }));
        CHECK(next.count(event("run-lost")) == 0);
    }
}

TEST_CASE("ledger: others cannot read it", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon", "@every 1s true\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-ended")));
    for (const char* name : {"ledger.db", "ledger.db-wal", "ledger.db-shm"}) {
        struct stat status {};
        REQUIRE(::stat(root.path("/var/spool/cron/" + std::string(name)).c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
    }
}

}  // namespace cron::system_test
