// crontab(5) and the code say the same.
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include "crontab/settings.h"
#include "crontab/warnings.h"
#include "support.h"

namespace cron::crontab {
namespace {

std::string manual() {
    std::ifstream file(BELFRY_MANUAL);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Between `begin` and the next `end`; empty if they are not there.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    const std::size_t at = text.find(begin);
    if (at == std::string::npos) return {};
    const std::size_t start = at + begin.size();
    const std::size_t stop = text.find(end, start);
    return stop == std::string::npos ? std::string() : text.substr(start, stop - start);
}

// What the manual says of a setting, up to its default, and that.
struct Told {
    std::string meaning;
    std::string default_value;
};

Told told(const std::string& text, const Setting& setting) {
    const std::string meaning =
        between(text, "\n.It Ev " + std::string(setting.name) + "\n", "\n.Pp\nDefault: ");
    return {meaning, between(text, meaning + "\n.Pp\nDefault: ", ".\n.")};
}

}  // namespace

TEST_CASE("manual: names every warning", "[crontab]") {
    const std::string text = manual();
    REQUIRE(!text.empty());
    for (const WarningName& warning : warning_names()) {
        INFO(warning.name);
        CHECK(text.find("\n.It Li " + std::string(warning.name) + "\n") != std::string::npos);
    }
}

TEST_CASE("manual: names every setting with what it means and its default", "[crontab]") {
    const std::string text = manual();
    for (const Setting& setting : all_settings()) {
        INFO(setting.name);
        const Told entry = told(text, setting);
        REQUIRE(!entry.meaning.empty());
        CHECK(entry.meaning.find("\n.It Ev ") == std::string::npos);  // not that of another one
        REQUIRE(!entry.default_value.empty());
        if (!setting.default_value.empty()) CHECK(entry.default_value == setting.default_value);
    }
}

TEST_CASE("manual: says under a bad value of which settings the entries do not run", "[crontab]") {
    const std::string stopping = between(manual(), "\nUnder a bad value of", "\nthe entries");
    for (const Setting& setting : all_settings()) {
        INFO(setting.name);
        const bool is_told =
            (stopping + "\n").find("\n.Ev " + std::string(setting.name)) != std::string::npos;
        CHECK(is_told == setting.bad_value_stops_entries);
    }
}

TEST_CASE("manual: says which settings are passed on to the jobs", "[crontab]") {
    const std::string text = manual();
    for (const Setting& setting : all_settings()) {
        INFO(setting.name);
        const bool is_told =
            told(text, setting).meaning.find("It is passed on to the jobs.") != std::string::npos;
        CHECK(is_told == setting.is_passed_to_jobs);
    }
}

TEST_CASE("manual: its examples are tables without an error or a warning", "[crontab]") {
    const std::string begin = "\n.Bd -literal -offset indent\n";
    std::string text = manual();
    Options options = options_of(Kind::user);
    options.find_zone = [](std::string_view name) {
        return calendar::Zone::fixed(std::string(name), hours{1});
    };
    int examples = 0;
    for (; text.find(begin) != std::string::npos; ++examples) {
        const std::string example = between(text, begin, ".Ed\n");
        CAPTURE(example);
        const Table table = parse(example, options);
        CHECK(!table.entries.empty());
        CHECK(places(table).empty());
        text.erase(0, text.find(begin) + begin.size());
    }
    CHECK(examples == 2);
}

}  // namespace cron::crontab
