// Each object that cronctl prints has the members that docs/cronctl-json.md names, and no other.
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "support.h"

namespace cron::ctl {
namespace {

using nlohmann::json;
using Names = std::set<std::string>;

// The names in the first column of the table below each heading.
const std::map<std::string, Names>& documented() {
    static const std::map<std::string, Names> all = [] {
        std::map<std::string, Names> found;
        std::ifstream file(std::string(BELFRY_DOCS_DIR) + "/cronctl-json.md");
        std::string heading;
        for (std::string line; std::getline(file, line);) {
            if (line.starts_with("#")) heading = line.substr(line.find(' ') + 1);
            if (line.starts_with("| `"))
                found[heading].insert(line.substr(3, line.find('`', 3) - 3));
        }
        for (const std::string& name : found["schedule"]) found["explanation"].insert(name);
        return found;
    }();
    return all;
}

Names names_of(const json& object) {
    Names names;
    for (const auto& [name, value] : object.items()) names.insert(name);
    return names;
}

void check_members(const json& object, const std::string& heading, const Names& more = {},
                   const Names& fewer = {}) {
    REQUIRE(documented().contains(heading));
    Names expected = documented().at(heading);
    expected.insert(more.begin(), more.end());
    for (const std::string& name : fewer) expected.erase(name);
    INFO(heading << ": " << object.dump());
    CHECK(names_of(object) == expected);
}

json parse(const Ended& ended) {
    INFO(ended.out);
    const json parsed = json::parse(ended.out, nullptr, false);
    REQUIRE_FALSE(parsed.is_discarded());
    return parsed;
}

}  // namespace

TEST_CASE("json: next with a schedule", "[ctl]") {
    const Ended ended =
        run({"next", "--json", "--from", "2026-03-07", "--until", "2026-03-09", "30 2 * * *"});
    CHECK(ended.status == 0);
    const json object = parse(ended);
    check_members(object, "next");
    CHECK(object["version"] == 1);
    CHECK(object["from"] == "2026-03-07T00:00:00-05:00");
    CHECK(object["until"] == "2026-03-09T00:00:00-04:00");
    check_members(object["schedule"], "schedule");
    REQUIRE(object["due"].size() == 2);
    check_members(object["due"][0], "due time", {}, {"job"});
    CHECK(object["due"][0]["passage"] == "plain");
    CHECK(object["due"][0]["skipped"].is_null());
    CHECK(object["due"][1]["due"] == "2026-03-08T03:00:00-04:00");
    CHECK(object["due"][1]["epoch"] == 1'772'953'200);
    CHECK(object["due"][1]["passage"] == "moved");
    check_members(object["due"][1]["skipped"], "skipped");
    CHECK(object["due"][1]["skipped"]["first"] == "2026-03-08T02:30:00");
    // One a line.
    CHECK(lines_of(ended.out).size() == 4);
}

TEST_CASE("json: next with tables, be there nothing due", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "0 6 * * * a\n61 * * * * b\n");
    const Ended ended = run({"next", "--json", "-n", "1", table, folder.path() + "/none"});
    CHECK(ended.status == 2);
    const json object = parse(ended);
    check_members(object, "next");
    CHECK(object["schedule"].is_null());
    CHECK(object["until"].is_null());
    check_members(object["tables"][0], "table");
    CHECK(object["tables"][0]["errors"] == 1);
    check_members(object["problems"][0], "problem");
    check_members(object["due"][0], "due time");
    check_members(object["due"][0]["job"], "job");
    CHECK(object["due"][0]["job"]["line"] == 1);
    CHECK(parse(run({"next", "--json", "@reboot"}))["due"].empty());
}

TEST_CASE("json: explain", "[ctl]") {
    const json object = parse(run({"explain", "--json", "30 2 * * *", "* 2 * * *", "H 1 * * *"}));
    check_members(object, "explain");
    REQUIRE(object["schedules"].size() == 3);
    for (const json& schedule : object["schedules"]) {
        check_members(schedule, "explanation");
        CHECK(schedule["next"].size() == 5);
        check_members(schedule["next"][0], "due time", {}, {"job"});
        REQUIRE(schedule["clock_changes"].size() == 2);
        for (const json& change : schedule["clock_changes"]) check_members(change, "clock change");
        for (const json& warning : schedule["warnings"]) check_members(warning, "warning");
    }
    CHECK(object["schedules"][0]["clock_changes"][0]["effect"] == "moved");
    CHECK(object["schedules"][0]["clock_changes"][0]["at"] == "2026-03-08T03:00:00-04:00");
    CHECK_FALSE(object["schedules"][1]["warnings"].empty());
    CHECK(object["schedules"][2]["choice"] == true);
}

TEST_CASE("json: check", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "CRON_BOGUS=x\n0 6 * * * a\n0 61 * * * b\n");
    const Ended ended = run({"check", "--json", "--as", "alice", table});
    CHECK(ended.status == 2);
    const json object = parse(ended);
    check_members(object, "check");
    check_members(object["tables"][0], "table", {"diagnostics"});
    CHECK(object["tables"][0]["table"] == "/var/spool/cron/crontabs/alice");
    CHECK(object["tables"][0]["entries"] == 1);
    REQUIRE(object["tables"][0]["diagnostics"].size() == 2);
    for (const json& diagnostic : object["tables"][0]["diagnostics"])
        check_members(diagnostic, "diagnostic");
    const json& error = object["tables"][0]["diagnostics"][1];
    CHECK(error["severity"] == "error");
    CHECK(error["name"] == "bad-schedule");
    CHECK(error["line"] == 3);
    CHECK(error["column"] == 3);
    CHECK(error["end_column"] == 5);
    CHECK(error["source"] == "0 61 * * * b");
}

TEST_CASE("json: all errors and warnings are counted, however few are shown", "[ctl]") {
    const TemporaryFolder folder;
    std::string text;
    for (int i = 0; i < 1'234; ++i) text += "61 * * * * a\n1A=x\n1A=y\n";
    const json object = parse(run({"check", "--json", folder.write("t", text)}));
    const json& table = object["tables"][0];
    CHECK(table["errors"] == 1'234);
    CHECK(table["warnings"] == 2'468);
    REQUIRE(table["diagnostics"].size() == 2'001);
    CHECK(table["diagnostics"].back()["name"] == "too-many-diagnostics");
}

TEST_CASE("json: simulate is one object a line", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "30 2 * * * a\n@reboot b\n* 5 * * * -s c\n");
    const Ended ended = run({"simulate", "--json", "--from", "2026-03-08", "--until", "2026-03-09",
                             "--run-time", "1h", table});
    const auto lines = lines_of(ended.out);
    REQUIRE(lines.size() == 62);
    std::map<std::string, int> fates;
    for (const std::string& line : lines) {
        const json object = json::parse(line, nullptr, false);
        REQUIRE_FALSE(object.is_discarded());
        check_members(object, "simulate");
        check_members(object["job"], "job");
        ++fates[object["fate"]];
    }
    CHECK(fates["started"] == 3);
    CHECK(fates["skipped"] == 59);
    const json first = json::parse(lines[0]);
    CHECK(first["cause"] == "boot");
    CHECK(first["at"] == "2026-03-08T00:00:00-05:00");
    CHECK(json::parse(lines[1])["skipped"]["matches"] == 1);
    CHECK(json::parse(lines[3])["reason"] == "the last run of this job still lives");
}

TEST_CASE("json: simulate --chart", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "0 6 * * MON a\n");
    const json object = parse(run(
        {"simulate", "--chart", "--json", "--from", "2026-03-09", "--until", "2026-03-23", table}));
    check_members(object, "simulate --chart");
    CHECK(object["starts"] == 2);
    REQUIRE(object["hours"].size() == 168);
    check_members(object["hours"][6], "hour");
    CHECK(object["hours"][6]["day"] == "Monday");
    CHECK(object["hours"][6]["starts"] == 2);
    CHECK(object["hours"][6]["times"] == 2);
    REQUIRE(object["busiest_minutes"].size() == 1);
    check_members(object["busiest_minutes"][0], "minute");
}

TEST_CASE("json: text that is not UTF-8 is base64 under another name", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t\xff", "0 6 * * * \xff\n0 25 * * * \xff\n");
    const json next = parse(run({"next", "--json", "-n", "1", table}));
    const json& job = next["due"][0]["job"];
    CHECK_FALSE(job.contains("command"));
    CHECK(job["command_b64"] == "/w==");
    CHECK_FALSE(job.contains("file"));
    CHECK(job.contains("file_b64"));
    const json check = parse(run({"check", "--json", table}));
    CHECK(check["tables"][0]["diagnostics"][0].contains("source_b64"));
}

TEST_CASE("json: nothing on stdout where the arguments are wrong", "[ctl]") {
    CHECK(run({"next", "--json", "61 * * * *"}).out.empty());
    CHECK(run({"simulate", "--json", "x"}).out.empty());
}

}  // namespace cron::ctl
