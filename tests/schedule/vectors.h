// What the tests against the vectors of ../shared have in common.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support.h"
#include "zones/load.h"

namespace cron::schedule {

using nlohmann::json;
using Counts = std::map<std::string, int>;
using Lines = std::vector<std::string>;
using Instants = std::vector<Instant>;

// Empty, with a warning, where the folder is not there.
inline std::vector<json> rows_of(const std::string& name) {
    const std::filesystem::path path = std::filesystem::path(BELFRY_SHARED_DIR) / "vectors" / name;
    std::ifstream in(path);
    std::vector<json> rows;
    for (std::string line; std::getline(in, line);) rows.push_back(json::parse(line));
    if (rows.empty()) WARN("skipped, there is no " << path);
    return rows;
}

inline const calendar::Zone& zone_named(const std::string& name) {
    static std::map<std::string, calendar::Zone> zones;
    const auto known = zones.find(name);
    if (known != zones.end()) return known->second;
    const auto zone = zones::find_zone(name, zones::Sources{});
    if (!zone) FAIL(zone.error().message);
    return zones.emplace(name, *zone).first->second;
}

// "93 class", so that a failure can be read.
inline Lines lines_of(const Counts& counts) {
    Lines lines;
    for (const auto& [name, count] : counts) lines.push_back(std::to_string(count) + " " + name);
    return lines;
}

}  // namespace cron::schedule
