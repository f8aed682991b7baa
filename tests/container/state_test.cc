// What outlives a container: the record on a volume; and what a container of one run leaves, its
// exit status.
#include <catch2/catch.hpp>
#include <csignal>
#include <map>
#include <set>

#include "base/job_id.h"
#include "container.h"
#include "ledger/database.h"

using namespace cron;
using namespace cron::system_test;

namespace {

Order order_with_state(const Machine& machine, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--state", "/state"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Order order = machine.order(arguments);
    order.volumes.push_back({machine.path("/state"), "/state", true});
    return order;
}

// One whose clock leaps from 12:BEGIN to the end; both as minutes of one morning.
Order order_at(const Machine& machine, long begin_minute, long end_minute) {
    constexpr long kNoon = 1'773'230'400;  // 2026-03-11 12:00 UTC
    Order order = order_with_state(machine);
    order.command[0] = "/clock/crond";
    order.volumes.push_back({BELFRY_CLOCK_FOLDER, "/clock"});
    order.environment = {"LEAPING_CLOCK=" + std::to_string(kNoon + begin_minute * 60) + " " +
                         std::to_string(kNoon + end_minute * 60)};
    return order;
}

struct Row {
    std::string job;
    std::string due;  // in UTC, "12:05:00"
    std::string fate;
    std::string cause;
    std::string outcome;
    long count = 0;
};

// Of all that is on record, the oldest first.
std::vector<Row> rows_of(const Machine& machine, const std::string& job) {
    auto database = ledger::Database::open({machine.path("/state/ledger.db"), "", true});
    REQUIRE(database);
    auto statement = database->prepare(
        "SELECT job.name, strftime('%H:%M:%S', due / 1000000, 'unixepoch'), fate, cause, "
        "coalesce(outcome, ''), count FROM run JOIN job ON job.id = run.job ORDER BY due, run.id");
    REQUIRE(statement);
    std::vector<Row> rows;
    for (auto row = statement->step(); row && *row; row = statement->step()) {
        if (JobId::of_bytes(statement->bytes(0)).title() != job) continue;
        rows.push_back({job, statement->bytes(1), statement->bytes(2), statement->bytes(3),
                        statement->bytes(4), statement->number(5)});
    }
    return rows;
}

std::vector<std::string> dues_of(Container& crond, const std::string& name,
                                 const std::string& job) {
    std::vector<std::string> dues;
    for (const std::string& line :
         lines_with(crond.output(), {event(name), "\"job\":\"" + job + "\""})) {
        dues.push_back(text_of(line, "due"));
    }
    return dues;
}

void stop(Container& crond) {
    crond.signal(SIGTERM);
    REQUIRE(crond.wait() == 0);
}

}  // namespace

TEST_CASE("container: with its state on a volume no second runs twice, however it ends",
          "[state]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("CRON_NAME=tick\n@every 1s true\n");
    std::vector<std::string> dues;
    for (const int end : {SIGTERM, SIGKILL, SIGKILL, SIGTERM}) {
        Container crond(order_with_state(machine));
        REQUIRE(crond.writes(event("run-ended"), 2));
        crond.signal(end);
        CHECK(crond.wait() == (end == SIGTERM ? 0 : 128 + SIGKILL));
        const auto more = dues_of(crond, "run-started", "tick");
        dues.insert(dues.end(), more.begin(), more.end());
    }
    CHECK(dues.size() >= 8);
    CHECK(std::set<std::string>(dues.begin(), dues.end()).size() == dues.size());
    // And each of them is on record with what became of it.
    std::map<std::string, std::string> outcomes;
    for (const Row& row : rows_of(machine, "tick")) outcomes[row.due] = row.outcome;
    for (const std::string& due : dues) {
        INFO(due);
        const std::string outcome = outcomes[due.substr(11, 8)];
        CHECK((outcome == "exited" || outcome == "lost"));
    }
}

TEST_CASE("container: a run of the container before is lost, whatever has its pid now", "[state]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("CRON_NAME=long\nCRON_OVERLAP=forbid\n@every 1s sleep 1000\n");
    std::string first;
    {
        Container crond(order_with_state(machine));
        REQUIRE(crond.writes(event("run-started")));
        first = dues_of(crond, "run-started", "long").front();
        crond.signal(SIGKILL);
        CHECK(crond.wait() == 128 + SIGKILL);
    }
    Container crond(order_with_state(machine));
    REQUIRE(crond.writes(event("run-started")));
    CHECK(dues_of(crond, "run-lost", "long") == std::vector<std::string>{first});
    CHECK(crond.count(event("run-adopted")) == 0);
    CHECK(dues_of(crond, "run-started", "long").front() > first);
    stop(crond);
    REQUIRE(rows_of(machine, "long").size() >= 2);
    CHECK(rows_of(machine, "long").front().outcome == "lost");
}

TEST_CASE(
    "container: what it missed while it was gone runs once where CRON_CATCH_UP says so, and "
    "never twice",
    "[state]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table(
        "CRON_NAME=nightly\nCRON_CATCH_UP=3h\n*/20 * * * * true\n"
        "CRON_CATCH_UP=\"\"\nCRON_NAME=other\n*/20 * * * * true\n"
        "CRON_NAME=alive\n*/2 * * * * true\n");
    // It runs from 12:01 to 12:25, is away for over an hour, and is started twice again.
    {
        Container crond(order_at(machine, 1, 25));
        REQUIRE(eventually([&] { return dues_of(crond, "run-ended", "alive").size() == 12; }));
        stop(crond);
        CHECK(dues_of(crond, "run-ended", "nightly") ==
              std::vector<std::string>{"2026-03-11T12:20:00Z"});
    }
    {
        Container crond(order_at(machine, 91, 95));
        REQUIRE(eventually([&] { return dues_of(crond, "run-ended", "alive").size() == 2; }));
        stop(crond);
        CHECK(dues_of(crond, "run-ended", "nightly") ==
              std::vector<std::string>{"2026-03-11T13:20:00Z"});
        CHECK(dues_of(crond, "run-started", "other").empty());
    }
    {
        Container crond(order_at(machine, 96, 99));
        REQUIRE(eventually([&] { return dues_of(crond, "run-ended", "alive").size() >= 1; }));
        stop(crond);
        CHECK(dues_of(crond, "run-started", "nightly").empty());
        CHECK(dues_of(crond, "run-started", "other").empty());
    }
    std::map<std::string, std::string> fates;
    for (const Row& row : rows_of(machine, "nightly")) {
        fates[row.due] += row.fate + " " + row.cause + " " + std::to_string(row.count);
    }
    CHECK(fates == std::map<std::string, std::string>{{"12:20:00", "start schedule 1"},
                                                      {"13:00:00", "missed schedule 2"},
                                                      {"13:20:00", "start catch-up 1"}});
    fates.clear();
    for (const Row& row : rows_of(machine, "other")) {
        fates[row.due] += row.fate + " " + std::to_string(row.count);
    }
    CHECK(fates ==
          std::map<std::string, std::string>{{"12:20:00", "start 1"}, {"13:20:00", "missed 3"}});
}

TEST_CASE("container: nothing is written but to the state", "[state]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("CRON_NAME=tick\n@every 1s echo ticked; echo badly >&2\n");
    for (const bool has_state : {true, false}) {
        Container crond(has_state ? order_with_state(machine) : machine.order());
        REQUIRE(crond.writes(event("run-ended"), 2));
        stop(crond);
        CHECK(crond.count("ead-only file system") == 0);
        CHECK(lines_with(crond.output(), {"\"level\":\"error\""}).empty());
        CHECK(crond.count("[tick] ticked\n") >= 2);
        CHECK(crond.count("[tick] badly\n") >= 2);
        // That its record ends with it is said where it is so.
        CHECK(crond.count(event("record-in-memory")) == (has_state ? 0 : 1));
    }
    CHECK(!machine.names("/state").empty());
    CHECK(machine.names("/config") == std::vector<std::string>{"crontab"});
}

TEST_CASE("container: a state that cannot be written ends the start, and says so", "[state]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("@every 1s true\n");
    Order order = order_with_state(machine);
    order.volumes.back().is_writable = false;
    Container crond(order);
    CHECK(crond.wait() == 1);
    CHECK(crond.count("/state") > 0);
    CHECK(crond.count(event("started")) == 0);
}

TEST_CASE("container: --once runs one job with its settings, and exits with its status", "[once]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table(
        "GREETING=hello\nCRON_NAME=good\n0 0 1 1 * echo $GREETING\n"
        "CRON_NAME=three\n0 0 1 1 * exit 3\n"
        "CRON_NAME=killed\n0 0 1 1 * kill -9 $$\n"
        "CRON_NAME=slow\nCRON_TIMEOUT=1s\n0 0 1 1 * sleep 1000\n"
        "CRON_TIMEOUT=\"\"\nCRON_NAME=again\nCRON_RETRY=2/1s\n"
        "0 0 1 1 * echo attempt $CRON_ATTEMPT; [ $CRON_ATTEMPT = 3 ]\n"
        "CRON_NAME=other\n@every 1s echo other\n");
    const std::map<std::string, int> statuses = {
        {"good", 0}, {"three", 3}, {"killed", 128 + SIGKILL}, {"slow", 124}, {"again", 0}};
    for (const auto& [job, status] : statuses) {
        INFO(job);
        Container crond(machine.order({"--once", job}));
        CHECK(crond.wait() == status);
        CHECK(crond.count("other") == 0);
        if (job == "good") CHECK(crond.output() == "hello\n");
        if (job == "again") CHECK(crond.count("attempt 3\n") == 1);
    }
}

TEST_CASE("container: --once of a job that is not there says so", "[once]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("CRON_NAME=good\n0 0 1 1 * true\n");
    Container crond(machine.order({"--once", "unknown"}));
    CHECK(crond.wait() == 125);
    CHECK(crond.count("unknown") > 0);
}

TEST_CASE("container: a stop of --once ends its job", "[once]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table(
        "CRON_NAME=long\n0 0 1 1 * trap 'echo tidy; exit 9' TERM; echo begun; while :; do sleep "
        "0.1; done\n");
    Container crond(machine.order({"--once", "long"}));
    REQUIRE(crond.writes("begun\n"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 128 + SIGTERM);
    CHECK(crond.count("tidy\n") == 1);
}
