#include "crontab/settings.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::crontab {
namespace {

constexpr std::size_t kComparedBytesMax = 64;  // of a name that is looked for among the settings

constexpr std::array<Setting, 2> kSettings = {{
    {kZoneSetting, "the zone in which the schedules below are read", true, true,
     [](Settings& settings, std::string_view value) { return settings.set_zone(value); }},
    {kSecondsSetting, "yes where the schedules below begin with the second", false, true,
     [](Settings& settings, std::string_view value) { return settings.set_seconds(value); }},
}};

// Levenshtein's distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

Result<void> Settings::set_zone(std::string_view name) {
    zone_ = options_.zone;
    if (name.empty()) return {};
    auto known = zones_.find(std::string(name));
    if (known == zones_.end()) {
        // A zone takes some 16 KB: a table of nothing but rules must not take the machine.
        if (zones_.size() >= kZonesMax) {
            return failure(ErrorCode::limit,
                           fmt::format("it is one of more than {} zones in the table", kZonesMax));
        }
        Result<calendar::Zone> found =
            options_.find_zone ? options_.find_zone(name)
                               : failure(ErrorCode::not_found, "no zones are known here");
        known = zones_.emplace(name, std::move(found)).first;
    }
    const Result<calendar::Zone>& zone = known->second;
    if (!zone) return tl::unexpected(zone.error());
    zone_ = *zone;
    return {};
}

Result<void> Settings::set_seconds(std::string_view value) {
    const bool yes = value == "yes";
    form_ = yes ? schedule::Form::six_fields : schedule::Form::five_fields;
    if (yes || value == "no" || value.empty()) return {};
    return failure(ErrorCode::invalid, fmt::format("{} is neither yes nor no", quoted(value)));
}

std::span<const Setting> all_settings() { return kSettings; }

const Setting* find_setting(std::string_view name) {
    const auto* const found =
        std::find_if(kSettings.begin(), kSettings.end(),
                     [&](const Setting& setting) { return setting.name == name; });
    return found == kSettings.end() ? nullptr : found;
}

const Setting& nearest_setting(std::string_view name) {
    const std::string_view compared = name.substr(0, kComparedBytesMax);
    return *std::min_element(
        kSettings.begin(), kSettings.end(), [&](const Setting& a, const Setting& b) {
            return edit_distance(a.name, compared) < edit_distance(b.name, compared);
        });
}

}  // namespace cron::crontab
