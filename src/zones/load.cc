#include "zones/load.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "calendar/posix_rule.h"
#include "zones/zone_file.h"

namespace cron::zones {
namespace {

namespace fs = std::filesystem;
using calendar::Zone;

constexpr std::size_t kNameMaxBytes = 255;
constexpr std::size_t kPartsMax = 4;        // America/Argentina/Buenos_Aires has 3
constexpr int kDirectoryEntriesMax = 2000;  // America has 160

Zone utc() { return Zone::fixed("UTC", seconds{0}); }

bool is_utc(std::string_view name) { return name == "UTC" || name == "Etc/UTC"; }

std::string_view without_colon(std::string_view text) {
    if (!text.empty() && text.front() == ':') text.remove_prefix(1);
    return text;
}

// Whether `name` may become a path below the zoneinfo directory: letters, digits, "_+-", and "/" in
// between.
bool is_file_name(std::string_view name) {
    const auto allowed = [](char c) {
        return is_alnum(c) || c == '_' || c == '+' || c == '-' || c == '/';
    };
    return !name.empty() && name.size() <= kNameMaxBytes && name.front() != '/' &&
           name.back() != '/' && name.find("//") == std::string_view::npos &&
           std::all_of(name.begin(), name.end(), allowed);
}

// Whether a text that is neither a file nor a rule was more likely meant to be a rule.
bool looks_like_rule(std::string_view text) {
    if (text.find_first_of(",<") != std::string_view::npos) return true;
    return is_alpha(text.front()) && text.find('/') == std::string_view::npos &&
           std::any_of(text.begin(), text.end(), is_digit);
}

bool is_same_but_for_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        const auto plain = [](char c) { return c == ' ' || c == '-' ? '_' : to_lower(c); };
        return plain(x) == plain(y);
    });
}

// The entry of `directory` that `part` is but for case, '_' and '-'.
std::optional<std::string> similar_entry(const fs::path& directory, std::string_view part) {
    std::error_code error;
    int left = kDirectoryEntriesMax;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end && left > 0;
         --left) {
        std::string name = entry->path().filename().string();
        if (is_same_but_for_case(name, part)) return name;
        entry.increment(error);
    }
    return std::nullopt;
}

// The name of a zone that `name` is but for case; it is looked up in listings, never opened.
std::optional<std::string> similar_name(std::string_view name, const std::string& zoneinfo_dir) {
    std::string found;
    for (std::size_t parts = 0; parts < kPartsMax; ++parts) {
        const std::size_t slash = name.find('/');
        const auto entry = similar_entry(fs::path(zoneinfo_dir) / found, name.substr(0, slash));
        if (!entry) return std::nullopt;
        found += *entry;
        if (slash == std::string_view::npos) return found;
        found += '/';
        name.remove_prefix(slash + 1);
    }
    return std::nullopt;
}

bool has_data(const std::string& zoneinfo_dir) {
    std::error_code error;
    return fs::is_directory(zoneinfo_dir, error) && !fs::is_empty(zoneinfo_dir, error) && !error;
}

// Images often have none.
tl::unexpected<Error> missing_data(std::string_view name, const std::string& zoneinfo_dir) {
    return failure(ErrorCode::not_found,
                   fmt::format("there is no data for time zone '{}': {} is missing or empty; "
                               "install the tzdata package, mount that folder, or name a rule "
                               "such as CET-1CEST,M3.5.0,M10.5.0/3",
                               printable(name), zoneinfo_dir));
}

tl::unexpected<Error> unknown_zone(std::string_view name, const Sources& sources) {
    if (name.size() > kNameMaxBytes) {
        return failure(ErrorCode::invalid,
                       fmt::format("the name of a time zone has {} bytes, more than {}",
                                   name.size(), kNameMaxBytes));
    }
    if (!has_data(sources.zoneinfo_dir)) return missing_data(name, sources.zoneinfo_dir);
    std::string message = fmt::format("time zone '{}' is not known", printable(name));
    const auto similar = similar_name(name, sources.zoneinfo_dir);
    if (similar && is_file_name(*similar)) {
        message += fmt::format("; is '{}' meant?", *similar);
    } else if (is_file_name(name)) {
        message += fmt::format(" (no {}/{})", sources.zoneinfo_dir, name);
    }
    return failure(ErrorCode::not_found, std::move(message));
}

// The IANA name in a path such as "/usr/share/zoneinfo/Europe/Paris", relative or not.
std::optional<std::string> name_in_path(std::string_view path, const std::string& zoneinfo_dir) {
    for (const std::string& directory : {zoneinfo_dir + '/', std::string("/zoneinfo/")}) {
        const std::size_t begin = path.find(directory);
        if (begin == std::string_view::npos) continue;
        const std::string_view name = path.substr(begin + directory.size());
        if (is_file_name(name)) return std::string(name);
    }
    return std::nullopt;
}

// The file at `path`, called by the name that the path or the link there tells, else by the path.
Result<Zone> zone_at(const std::string& path, const Sources& sources) {
    std::error_code error;
    const std::string target = fs::read_symlink(path, error).string();  // empty if it is no link
    auto name = name_in_path(path, sources.zoneinfo_dir);
    if (!name) name = name_in_path(target, sources.zoneinfo_dir);
    auto zone = load_zone_file(path, name.value_or(path));
    if (zone || zone.error().code != ErrorCode::not_found) return zone;
    // Images without tzdata keep the link.
    if (name && is_utc(*name)) return Zone::fixed(*name, seconds{0});
    if (name && !has_data(sources.zoneinfo_dir)) return missing_data(*name, sources.zoneinfo_dir);
    if (target.empty()) return zone;
    return failure(ErrorCode::not_found, fmt::format("{} is a link to {}, which does not exist",
                                                     path, printable(target)));
}

Result<Zone> zone_of_tz(std::string_view tz, const Sources& sources) {
    const std::string_view text = without_colon(tz);
    if (text.empty()) return utc();
    auto zone =
        text.front() == '/' ? zone_at(std::string(text), sources) : find_zone(text, sources);
    if (!zone) zone.error().message = fmt::format("TZ: {}", zone.error().message);
    return zone;
}

}  // namespace

Sources sources_here() {
    Sources sources;
    if (const char* tz = std::getenv("TZ"); tz != nullptr) sources.tz = tz;
    return sources;
}

Result<Zone> find_zone(std::string_view name, const Sources& sources) {
    name = without_colon(name);
    if (name.empty()) return failure(ErrorCode::invalid, "the name of a time zone is empty");
    if (is_utc(name)) return Zone::fixed(std::string(name), seconds{0});
    if (is_file_name(name)) {
        auto zone =
            load_zone_file(fmt::format("{}/{}", sources.zoneinfo_dir, name), std::string(name));
        // ENOTDIR: "Europe/Paris/x".
        const bool absent = !zone && (zone.error().code == ErrorCode::not_found ||
                                      zone.error().system_errno == ENOTDIR);
        if (!absent) return zone;
    }
    const auto rule = calendar::parse_posix_rule(name);
    if (rule) return Zone::from_rule(std::string(name), *rule);
    if (looks_like_rule(name)) return tl::unexpected(rule.error());
    return unknown_zone(name, sources);
}

Result<Zone> local_zone(const Sources& sources) {
    if (sources.tz) return zone_of_tz(*sources.tz, sources);
    std::error_code error;
    const fs::file_status status = fs::symlink_status(sources.localtime, error);
    if (status.type() == fs::file_type::not_found) return utc();
    return zone_at(sources.localtime, sources);
}

}  // namespace cron::zones
