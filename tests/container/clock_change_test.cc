// The nights in which clocks change, as the real daemon lives through them, in seconds: with clocks
// that leap over what it would sleep (leaping_clock.cc). docs/time.md says what is expected.
#include <catch2/catch.hpp>
#include <csignal>
#include <ctime>
#include <string>
#include <vector>

#include "container.h"

using namespace cron;
using namespace cron::system_test;

namespace {

struct Job {
    std::string schedule;
    std::string dues;    // in UTC, as "06:30 07:00"
    std::string zone{};  // its own
};

struct Night {
    std::string zone;
    std::string date;  // in UTC; begin and end are in it
    std::string begin;
    std::string end;
    std::vector<Job> jobs;
};

long seconds_of(const std::string& date, const std::string& time) {
    std::tm parts{};
    REQUIRE(::strptime((date + " " + time).c_str(), "%Y-%m-%d %H:%M", &parts) != nullptr);
    return ::timegm(&parts);
}

std::string name_of(std::size_t number) { return "job" + std::to_string(number); }

// One job more than the night's: at its end, as the last of all.
std::string table_of(const Night& night) {
    std::string table;
    for (std::size_t i = 0; i < night.jobs.size(); ++i) {
        const Job& job = night.jobs[i];
        table += "CRON_TZ=\"" + job.zone + "\"\nCRON_NAME=" + name_of(i) + "\n" + job.schedule +
                 " echo $CRON_DUE\n";
    }
    const std::string minute = night.end.substr(3);
    const std::string hour = night.end.substr(0, 2);
    return table + "CRON_TZ=UTC\nCRON_NAME=last\n" + minute + " " + hour + " * * * echo over\n";
}

// The times for which a job was started, in this order, as "06:30 07:00".
std::string dues_of(const std::string& log, const std::string& name, const std::string& date) {
    std::string dues;
    for (const std::string& line :
         lines_with(log, {event("run-started"), "\"job\":\"" + name + "\""})) {
        const std::string due = text_of(line, "due");
        CHECK(due.substr(0, 11) == date + "T");
        CHECK(due.substr(16) == ":00Z");
        dues += (dues.empty() ? "" : " ") + due.substr(11, 5);
    }
    return dues;
}

bool has_ended(const std::string& log, const std::string& name) {
    return !lines_with(log, {event("run-ended"), "\"job\":\"" + name + "\""}).empty();
}

void live_through(const Night& night) {
    if (!has_containers()) return;
    const Machine machine;
    machine.table(table_of(night));
    Order order = machine.order();
    order.command[0] = "/clock/crond";
    order.volumes.push_back({BELFRY_CLOCK_FOLDER, "/clock"});
    order.volumes.push_back({"/usr/share/zoneinfo", "/usr/share/zoneinfo"});
    order.environment = {"TZ=" + night.zone,
                         "LEAPING_CLOCK=" + std::to_string(seconds_of(night.date, night.begin)) +
                             " " + std::to_string(seconds_of(night.date, night.end))};
    Container crond(order);
    REQUIRE(crond.writes("[last] over"));
    REQUIRE(eventually([&] { return has_ended(crond.output(), "last"); }));
    crond.signal(SIGTERM);
    REQUIRE(crond.wait() == 0);
    std::size_t runs = 1;
    for (std::size_t i = 0; i < night.jobs.size(); ++i) {
        INFO(night.zone << ": " << night.jobs[i].schedule << " " << night.jobs[i].zone);
        CHECK(dues_of(crond.output(), name_of(i), night.date) == night.jobs[i].dues);
        runs += lines_with(crond.output(), {"[" + name_of(i) + "] 2026-"}).size();
    }
    // Each ended well, with what it was told of its due time as its output.
    CHECK(lines_with(crond.output(), {event("run-ended"), "\"status\":\"0\""}).size() == runs);
    CHECK(lines_with(crond.output(), {event("run-started")}).size() == runs);
    for (const char* level : {"warning", "error"}) {
        CHECK(lines_with(crond.output(), {"\"level\":\"" + std::string(level) + "\""}).empty());
    }
}

}  // namespace

TEST_CASE("clock change: New York in spring, 02:00 is 03:00", "[clock_change]") {
    live_through({"America/New_York",
                  "2026-03-08",
                  "04:30",
                  "08:30",
                  {
                      {"30 1 * * *", "06:30"},
                      {"30 2 * * *", "07:00"},
                      {"0 1-3 * * *", "06:00 07:00"},
                      {"15,45 2-3 * * *", "07:00 07:15 07:45"},
                      {"0 * * * *", "05:00 06:00 07:00 08:00"},
                      {"0 0-23 * * *", "05:00 06:00 07:00 08:00"},
                      {"@hourly", "05:00 06:00 07:00 08:00"},
                      {"*/30 2 * * *", ""},
                      {"@every 40m", "04:40 05:20 06:00 06:40 07:20 08:00"},
                      {"30 15 * * *", "06:30", "Asia/Tokyo"},
                      {"30 2 * * *", "08:00", "America/Chicago"},
                  }});
}

TEST_CASE("clock change: New York in autumn, 02:00 is 01:00", "[clock_change]") {
    live_through({"America/New_York",
                  "2026-11-01",
                  "04:30",
                  "08:30",
                  {
                      {"30 1 * * *", "05:30"},
                      {"30 2 * * *", "07:30"},
                      {"0 1-3 * * *", "05:00 07:00 08:00"},
                      {"15,45 2-3 * * *", "07:15 07:45 08:15"},
                      {"0 * * * *", "05:00 06:00 07:00 08:00"},
                      {"0 0-23 * * *", "05:00 06:00 07:00 08:00"},
                      {"@hourly", "05:00 06:00 07:00 08:00"},
                      {"*/30 1 * * *", "05:00 05:30 06:00 06:30"},
                      {"*/30 2 * * *", "07:00 07:30"},
                      {"@every 40m", "04:40 05:20 06:00 06:40 07:20 08:00"},
                      {"30 15 * * *", "06:30", "Asia/Tokyo"},
                      {"30 1 * * *", "06:30", "America/Chicago"},
                  }});
}

TEST_CASE("clock change: Lord Howe in spring, 02:00 is 02:30", "[clock_change]") {
    live_through({"Australia/Lord_Howe",
                  "2026-10-03",
                  "13:45",
                  "17:15",
                  {
                      {"45 1 * * *", "15:15"},
                      {"15 2 * * *", "15:30"},
                      {"45 2 * * *", "15:45"},
                      {"0 1-3 * * *", "14:30 15:30 16:00"},
                      {"0 * * * *", "14:30 16:00 17:00"},
                      {"*/15 2 * * *", "15:30 15:45"},
                      {"@every 40m", "14:00 14:40 15:20 16:00 16:40"},
                      {"0 16 * * *", "16:00", "UTC"},
                  }});
}

TEST_CASE("clock change: Lord Howe in autumn, 02:00 is 01:30", "[clock_change]") {
    live_through({"Australia/Lord_Howe",
                  "2026-04-04",
                  "13:30",
                  "17:00",
                  {
                      {"45 1 * * *", "14:45"},
                      {"15 2 * * *", "15:45"},
                      {"0 1-3 * * *", "14:00 15:30 16:30"},
                      {"0 * * * *", "14:00 15:30 16:30"},
                      {"45 * * * *", "13:45 14:45 15:15 16:15"},
                      {"*/15 1 * * *", "14:00 14:15 14:30 14:45 15:00 15:15"},
                      {"@every 40m", "14:00 14:40 15:20 16:00 16:40"},
                      {"0 16 * * *", "16:00", "UTC"},
                  }});
}
