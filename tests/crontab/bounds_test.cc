// Tables far larger than real ones: every bound has its message, and no size costs more than its
// share.
#include <catch2/catch.hpp>

#include <ctime>

#include "support.h"

namespace cron::crontab {
namespace {

std::string repeated(std::string_view text, std::size_t count) {
    std::string out;
    out.reserve(text.size() * count);
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

TEST_CASE("bounds: a line may have kLineBytesMax bytes, a longer one is an error of its own",
          "[crontab]") {
    const std::string head = "* * * * * ";
    const std::string longest = head + std::string(kLineBytesMax - head.size(), 'x');
    const Table table = parse_user(longest + "\n" + longest + "x\n* * * * * b\n");
    CHECK(table.entries.size() == 2);
    REQUIRE(places(table).size() == 1);
    CHECK(table.diagnostics.at(0).line == 2);
    CHECK(table.diagnostics.at(0).message == "the line has 131072 bytes, more than 131071");
}

TEST_CASE("bounds: of a table that is too large none is run", "[crontab]") {
    std::string text = "* * * * * a\n";
    text += std::string(kTableBytesMax - text.size() - 1, '#') + "\n";
    CHECK(parse_user(text + "\n").entries.empty());
    const Table table = parse_user(text + "\n");
    CHECK(places(table) == Strings{"0:1 error table-too-large"});
    CHECK(table.diagnostics.at(0).message == "the table has 16777217 bytes, more than 16777216");
}

TEST_CASE("bounds: of a table with too many lines none is run", "[crontab]") {
    const std::string text = repeated("@daily a\n", kLinesMax);
    CHECK(parse_user(text + "x").entries.empty());
    CHECK(places(parse_user(text + "x")) == Strings{"0:1 error too-many-lines"});
}

TEST_CASE("bounds: a million equal lines are a million jobs, within seconds", "[crontab]") {
    const std::string text = repeated("@hourly a\n", kLinesMax);
    const std::clock_t start = std::clock();
    const Table table = parse_user(text);
    const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    CHECK(table.entries.size() == kLinesMax);
    CHECK(table.entries.back()->id ==
          JobId::of_line("joe", "/tables/joe", "@hourly", "a", kLinesMax - 1));
    CHECK(took < 30);
    WARN("a million lines: " << took << " s of processor time");
}

TEST_CASE("bounds: diagnostics are kept up to a bound and then counted, errors apart from warnings",
          "[crontab]") {
    const Table table = parse_user(repeated("1A=x\n", kDiagnosticsMax + 7) +
                                   repeated("61 * * * * a\n", kDiagnosticsMax + 5));
    CHECK(table.diagnostics.size() == 2 * kDiagnosticsMax + 1);
    CHECK(table.diagnostics.back().name == "too-many-diagnostics");
    CHECK(table.diagnostics.back().message == "5 more errors and 7 more warnings are not shown");
    CHECK(table.diagnostics.back().severity == Severity::error);
    CHECK(table.has_errors());
    CHECK(table.count(Severity::error) == kDiagnosticsMax + 5);
    CHECK(table.count(Severity::warning) == kDiagnosticsMax + 7);
    const Table warnings = parse_user(repeated("1A=x\n", kDiagnosticsMax + 7));
    CHECK_FALSE(warnings.has_errors());
    CHECK(warnings.count(Severity::error) == 0);
    CHECK(warnings.count(Severity::warning) == kDiagnosticsMax + 7);
}

TEST_CASE(
    "bounds: an environment that grows with every entry runs into its bound, not out of memory",
    "[crontab]") {
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        text += "V" + std::to_string(i) + "=" + std::to_string(i) + "\n* * * * * a\n";
    }
    const Table table = parse_user(text);
    CHECK(table.entries.size() > 1'000);
    REQUIRE_FALSE(table.diagnostics.empty());
    CHECK(table.diagnostics.at(0).message ==
          "the environments of this table take more than 67108864 bytes");
}

TEST_CASE("bounds: a diagnostic of a long line keeps a piece of it round the column", "[crontab]") {
    const std::string value(100'000, 'v');
    const Table table = parse_user("A=\"" + value + "\" # comment\n");
    REQUIRE(table.diagnostics.size() == 1);
    const Diagnostic& diagnostic = table.diagnostics.at(0);
    CHECK(diagnostic.begin == 100'005);
    CHECK(diagnostic.source.size() < 1'000);
    CHECK(diagnostic.source.substr(diagnostic.begin - diagnostic.source_begin) == "# comment");
    CHECK(print(diagnostic, "t").size() < 1'000);
}

}  // namespace
}  // namespace cron::crontab
