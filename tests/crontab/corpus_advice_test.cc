// What is warned of in real tables (../shared/corpus): a careful reader agrees with each of these.
#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "calendar/posix_rule.h"
#include "crontab/warnings.h"
#include "support.h"

namespace cron::crontab {
namespace {

using nlohmann::json;

const std::string kCorpus = BELFRY_SHARED_DIR "/corpus/";

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

struct Counts {
    std::size_t tables = 0;
    std::size_t entries = 0;
    std::map<std::string, std::size_t> warnings;  // by name
    std::map<std::string, std::size_t> tables_with;
};

void count(const Table& table, Counts& counts) {
    ++counts.tables;
    counts.entries += table.entries.size();
    std::map<std::string, std::size_t> here;
    for (const Diagnostic& diagnostic : table.diagnostics) {
        if (diagnostic.severity == Severity::warning) ++here[diagnostic.name];
    }
    for (const auto& [name, number] : here) {
        counts.warnings[name] += number;
        ++counts.tables_with[name];
    }
}

std::string listed(const Counts& counts) {
    std::ostringstream out;
    for (const auto& [name, number] : counts.warnings) {
        out << "\n  " << number << " " << name << " in " << counts.tables_with.at(name);
    }
    return out.str();
}

// As on a machine in Berlin.
Counts counts_of(std::ifstream& rows, Flavour flavour) {
    const auto rule = calendar::parse_posix_rule("CET-1CEST,M3.5.0,M10.5.0/3");
    REQUIRE(rule);
    Counts counts;
    for (std::string line; std::getline(rows, line);) {
        const json row = json::parse(line);
        Options options =
            advised_options_of(row.at("read_as") == "user" ? Kind::user : Kind::system, flavour);
        options.zone = calendar::Zone::from_rule("Europe/Berlin", *rule);
        options.find_zone = [](std::string_view name) {
            return Result<calendar::Zone>(calendar::Zone::fixed(std::string(name), hours{0}));
        };
        count(parse(read_file(kCorpus + std::string(row.at("file"))), options), counts);
    }
    return counts;
}

TEST_CASE("corpus: warnings of real tables are those that a careful reader would give",
          "[crontab]") {
    std::ifstream rows(kCorpus + "PARSED.jsonl");
    if (!rows) {
        WARN("skipped: there is no " << kCorpus);
        return;
    }
    const Counts counts = counts_of(rows, Flavour::debian);
    CHECK(counts.tables == 271);
    CHECK(counts.entries == 659);
    CHECK(listed(counts) ==
          "\n  11 bash-redirect in 9"
          "\n  2 carriage-return in 2"
          "\n  5 either-day in 2"
          "\n  1 every-minute-of-hour in 1"
          "\n  2 ignored-name in 2"
          "\n  1 mistyped-redirect in 1"
          "\n  2 not-expanded in 2"
          "\n  5 percent-ends-command in 3"
          "\n  1 redirect-order in 1"
          "\n  30 repeated-time in 23"
          "\n  30 skipped-time in 23"
          "\n  11 uneven-step in 7"
          "\n  1 unknown-setting in 1");
    WARN("entries: " << counts.entries << " in " << counts.tables << " tables; warnings, and in "
                     << "how many tables:" << listed(counts));
}

TEST_CASE("corpus: on a machine of cronie's, where sh is bash, nothing is only for bash",
          "[crontab]") {
    std::ifstream rows(kCorpus + "PARSED.jsonl");
    if (!rows) return;
    const Counts counts = counts_of(rows, Flavour::cronie);
    CHECK(counts.warnings.count("bash-redirect") == 0);
    CHECK(counts.warnings.count("redirect-order") == 1);
}

}  // namespace
}  // namespace cron::crontab
