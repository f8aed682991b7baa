// What a container is told by its environment: variables for its jobs, and the time zone.
#include <catch2/catch.hpp>
#include <csignal>
#include <set>
#include <sstream>

#include "container.h"

using namespace cron;
using namespace cron::system_test;

namespace {

constexpr const char* kZoneinfo = "/usr/share/zoneinfo";

// The names of what a job finds in its environment, as it prints them.
std::set<std::string> names_of_variables(const std::vector<std::string>& more,
                                         const std::vector<std::string>& environment) {
    const Machine machine;
    machine.table("CRON_NAME=show\nOWN=table\n@reboot env; echo shown\n");
    Order order = machine.order(more);
    order.environment = environment;
    Container crond(order);
    REQUIRE(crond.writes("[show] shown"));
    std::set<std::string> names;
    for (const std::string& line : lines_with(crond.output(), {"[show] ", "="})) {
        const std::size_t begin = std::string("[show] ").size();
        names.insert(line.substr(begin, line.find('=') - begin));
    }
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    return names;
}

// When a job is due next, in UTC: "03:00".
std::string next_of(Container& crond, const std::string& job) {
    crond.signal(SIGUSR1);
    REQUIRE(crond.writes(event("holds-job")));
    std::vector<std::string> found;
    REQUIRE(eventually([&] {
        found = lines_with(crond.output(), {event("holds-job"), "\"job\":\"" + job + "\""});
        return !found.empty();
    }));
    return text_of(found.back(), "next").substr(11, 5);
}

}  // namespace

TEST_CASE("container: its environment reaches jobs, or none of it, or what --env names",
          "[environment]") {
    if (!has_containers()) return;
    const std::vector<std::string> given = {"COLOUR=red", "SIZE=large", "OWN=container"};
    const auto all = names_of_variables({}, given);
    CHECK(all.count("COLOUR") == 1);
    CHECK(all.count("SIZE") == 1);
    CHECK(names_of_variables({"--env", "all"}, given) == all);
    const auto none = names_of_variables({"--env", "none"}, given);
    CHECK(none.count("COLOUR") == 0);
    CHECK(none.count("SIZE") == 0);
    CHECK(none.count("OWN") == 1);  // the table's
    auto named = none;
    named.insert("SIZE");
    CHECK(names_of_variables({"--env", "SIZE,UNKNOWN"}, given) == named);
    for (const char* own : {"PATH", "HOME", "SHELL", "CRON_RUN"}) {
        CHECK(all.count(own) == 1);
        CHECK(none.count(own) == 1);
    }
}

TEST_CASE("container: what the table sets wins over the environment of the container",
          "[environment]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("CRON_NAME=show\nCOLOUR=blue\n@reboot echo is $COLOUR $SIZE; echo $PATH\n");
    Order order = machine.order();
    order.environment = {"COLOUR=red", "SIZE=large"};
    Container crond(order);
    CHECK(crond.writes("[show] is blue large\n"));
    // The image's own programs are found.
    CHECK(crond.writes("[show] /usr/local/sbin:/usr/local/bin:"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("container: TZ is the zone of the tables, and CRON_TZ that of what is below",
          "[environment]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table(
        "CRON_NAME=noon\n0 12 * * * true\nCRON_TZ=Asia/Kolkata\nCRON_NAME=own\n"
        "0 12 * * * true\n");
    Order order = machine.order();
    order.environment = {"TZ=Asia/Tokyo"};
    order.volumes.push_back({kZoneinfo, kZoneinfo});
    Container crond(order);
    REQUIRE(crond.writes(event("started")));
    CHECK(next_of(crond, "noon") == "03:00");
    CHECK(next_of(crond, "own") == "06:30");
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("container: without TZ and without zone data all is UTC", "[environment]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("CRON_NAME=noon\n0 12 * * * true\n");
    Container crond(machine.order());
    REQUIRE(crond.writes(event("started")));
    CHECK(next_of(crond, "noon") == "12:00");
    CHECK(lines_with(crond.output(), {"\"level\":\"warning\""}).empty());
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("container: a TZ without zone data ends the start, and says what is missing",
          "[environment]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("CRON_NAME=noon\n0 12 * * * true\n");
    for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--test"}}) {
        Order order = machine.order(more);
        order.environment = {"TZ=Asia/Tokyo"};
        Container crond(order);
        CHECK(crond.wait() == 1);
        CHECK(crond.count("Asia/Tokyo") > 0);
        CHECK(crond.count("tzdata") > 0);
        CHECK(crond.count(event("started")) == 0);
    }
}

TEST_CASE("container: a CRON_TZ without zone data is an error of its line, and the rest goes on",
          "[environment]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table(
        "CRON_NAME=tick\n@every 1s true\nCRON_TZ=Asia/Tokyo\nCRON_NAME=noon\n"
        "0 12 * * * true\n");
    Container crond(machine.order());
    REQUIRE(crond.writes(event("run-ended"), 2));
    CHECK(lines_with(crond.output(), {event("table-error"), "Asia/Tokyo", "\"line\":3"}).size() ==
          1);
    CHECK(crond.count("tzdata") > 0);
    crond.signal(SIGUSR1);
    REQUIRE(crond.writes(event("holds-job")));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(crond.count("\"job\":\"noon\"") == 0);
}
