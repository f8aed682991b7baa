// What is told of tables: once for each version, however often they are read.
#include "daemon/table_log.h"

#include <catch2/catch.hpp>

#include <algorithm>

namespace cron::daemon {
namespace {

const crontab::Ways& kWays = crontab::ways_of(crontab::Flavour::debian);

crontab::Diagnostic warning(std::size_t line, const std::string& message) {
    crontab::Diagnostic diagnostic;
    diagnostic.severity = crontab::Severity::warning;
    diagnostic.line = line;
    diagnostic.name = "never-due";
    diagnostic.message = message;
    return diagnostic;
}

TableReader::Reading reading(const std::vector<crontab::Diagnostic>& diagnostics, bool same_text,
                             const std::string& name = "/etc/crontab") {
    spool::Loaded loaded;
    loaded.name = name;
    loaded.owner = "root";
    loaded.who = "*system*";
    loaded.table.diagnostics = diagnostics;
    loaded.same_text = same_text;
    TableReader::Reading made;
    made.changes.loaded.push_back(loaded);
    return made;
}

std::size_t count(const std::vector<Record>& records, std::string_view event) {
    return static_cast<std::size_t>(
        std::count_if(records.begin(), records.end(),
                      [&](const Record& record) { return record.event == event; }));
}

std::size_t warnings(TableLog& log, const TableReader::Reading& reading) {
    return count(log.tell(reading, false, kWays), "table-warning");
}

}  // namespace

TEST_CASE("table log: a warning is told once for each version of its table", "[daemon]") {
    TableLog log;
    const auto never = warning(3, "this is never due");
    CHECK(warnings(log, reading({never}, false)) == 1);
    for (int reload = 0; reload < 5; ++reload) CHECK(warnings(log, reading({never}, true)) == 0);
    CHECK(warnings(log, reading({never}, false)) == 1);  // the table was edited
    CHECK(warnings(log, reading({never}, true)) == 0);
}

TEST_CASE("table log: what is new in an unchanged table is told", "[daemon]") {
    TableLog log;
    CHECK(warnings(log, reading({}, false)) == 0);
    // A user is unknown by now, or the zone is another one.
    CHECK(warnings(log, reading({warning(3, "a"), warning(4, "b")}, true)) == 2);
    CHECK(warnings(log, reading({warning(3, "a")}, true)) == 1);
    CHECK(warnings(log, reading({}, true)) == 0);
    CHECK(warnings(log, reading({warning(3, "a")}, true)) == 1);
}

TEST_CASE("table log: each table has its own", "[daemon]") {
    TableLog log;
    CHECK(warnings(log, reading({warning(3, "a")}, false, "/etc/crontab")) == 1);
    CHECK(warnings(log, reading({warning(3, "a")}, false, "/etc/cron.d/b")) == 1);
    TableReader::Reading gone;
    gone.changes.removed = {"/etc/crontab"};
    CHECK(count(log.tell(gone, false, kWays), "table-removed") == 1);
    CHECK(warnings(log, reading({warning(3, "a")}, true, "/etc/crontab")) == 1);
    CHECK(warnings(log, reading({warning(3, "a")}, true, "/etc/cron.d/b")) == 0);
}

TEST_CASE("table log: a table with a thousand mistakes does not fill the log", "[daemon]") {
    TableLog log;
    const std::vector<crontab::Diagnostic> many(1'000, warning(1, "a"));
    const auto records = log.tell(reading(many, false), false, kWays);
    CHECK(count(records, "table-warning") == kDiagnosticsLogged);
    CHECK(count(records, "table-errors-left-out") == 1);
    CHECK(count(log.tell(reading(many, true), false, kWays), "table-errors-left-out") == 0);
}

TEST_CASE("table log: a table that is read again unchanged is news for who debugs", "[daemon]") {
    TableLog log;
    const auto level = [&](bool same_text, bool is_first) {
        return log.tell(reading({}, same_text), is_first, kWays).at(0).level;
    };
    CHECK(level(false, true) == Level::debug);
    CHECK(level(false, false) == Level::info);
    CHECK(level(true, false) == Level::debug);
}

TEST_CASE("table log: that changes may give no event is said once for each reason", "[daemon]") {
    TableLog log;
    const auto told = [&](const std::string& reason) {
        TableReader::Reading made;
        made.unwatched = reason;
        return count(log.tell(made, false, kWays), "not-watched");
    };
    CHECK(told("") == 0);
    CHECK(told("no space") == 1);
    CHECK(told("no space") == 0);
    CHECK(told("no right") == 1);
    CHECK(told("") == 0);
    CHECK(told("no right") == 1);
}

TEST_CASE("table log: a new zone is one line with both names, before all else", "[daemon]") {
    TableLog log;
    TableReader::Reading made = reading({}, true);
    made.zone.before = "Europe/Berlin";
    made.zone.own = calendar::Zone::fixed("Asia/Tokyo", hours{9});
    const auto records = log.tell(made, false, kWays);
    REQUIRE(records.size() == 2);
    CHECK(records[0].event == "zone-changed");
    CHECK(std::get<std::string>(records[0].fields.at(0).value) == "Europe/Berlin");
    CHECK(std::get<std::string>(records[0].fields.at(1).value) == "Asia/Tokyo");
    CHECK(records[1].level == Level::debug);
}

}  // namespace cron::daemon
