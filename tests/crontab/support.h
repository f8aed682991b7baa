// What the tests of this folder share: ways to read a table and to look at the result.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crontab/table.h"

namespace cron::crontab {

inline Result<calendar::Zone> find_test_zone(std::string_view name) {
    if (name == "Test/East") return calendar::Zone::fixed("Test/East", hours{2});
    if (name == "Test/West") return calendar::Zone::fixed("Test/West", -hours{5});
    return failure(ErrorCode::not_found, "no zone '" + std::string(name) + "'");
}

inline Options options_of(Kind kind, Flavour flavour = Flavour::debian) {
    Options options;
    options.kind = kind;
    options.owner = kind == Kind::user ? "joe" : "root";
    options.name = "/tables/joe";
    options.machine_id = "machine";
    options.flavour = flavour;
    options.find_zone = find_test_zone;
    return options;
}

// With advice on what is probably not meant.
inline Options advised_options_of(Kind kind, Flavour flavour = Flavour::debian) {
    Options options = options_of(kind, flavour);
    options.advise_from = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
    return options;
}

inline Table parse_user(std::string_view text) { return parse(text, options_of(Kind::user)); }
inline Table parse_system(std::string_view text) { return parse(text, options_of(Kind::system)); }

// "3:1 error bad-schedule", one for each diagnostic: line, column from 1, severity, name.
inline std::vector<std::string> places(const Table& table) {
    std::vector<std::string> out;
    for (const Diagnostic& diagnostic : table.diagnostics) {
        out.push_back(std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.begin + 1) +
                      (diagnostic.severity == Severity::error ? " error " : " warning ") +
                      diagnostic.name);
    }
    return out;
}

inline std::vector<std::string> commands(const Table& table) {
    std::vector<std::string> out;
    for (const auto& entry : table.entries) out.push_back(entry->command);
    return out;
}

// "NAME=value" of all that holds for the entry.
inline std::vector<std::string> variables(const Entry& entry) {
    std::vector<std::string> out;
    for (const Assignment& assignment : *entry.environment) {
        out.push_back(assignment.name + "=" + assignment.value);
    }
    return out;
}

using Strings = std::vector<std::string>;

}  // namespace cron::crontab
