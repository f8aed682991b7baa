// The daemon's own settings, /etc/crond.json: what they are, and how their text is read. Pure.
// Source: crond.json(5).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "calendar/instant.h"
#include "crontab/diagnostic.h"
#include "crontab/report.h"
#include "crontab/table.h"

namespace cron::daemon {

inline constexpr std::size_t kConfigBytesMax = 1U << 20;
inline constexpr std::uint32_t kLimitMax = 1'000'000;  // of each number in it
inline constexpr seconds kRetentionMin = hours{1};

// How much of the record is kept.
struct Retention {
    seconds age = hours{24 * 90};
    std::uint32_t rows_per_job = 1000;

    friend bool operator==(const Retention&, const Retention&) = default;
};

// Whether jobs have PAM sessions; automatic: where the machine has a service for them.
enum class Pam { automatic, no, yes };

struct Config {
    crontab::Flavour flavour = crontab::Flavour::debian;
    Pam pam = Pam::automatic;
    // The sizes of pools by their names, as in crontab::Policy: "backup" in system tables,
    // "alice/backup" in a table of alice's. One that is not here has size 1.
    std::map<std::string, std::uint32_t> pools;
    std::uint32_t max_running = 0;            // 0: no limit
    std::uint32_t max_starts_per_second = 0;  // likewise
    Retention retention;

    friend bool operator==(const Config&, const Config&) = default;
};

// What a text of settings says. In one with an error nothing counts: half of what was meant could
// be worse than what was in force before.
struct ConfigReading {
    std::optional<Config> config;  // none if there is an error
    std::vector<crontab::Diagnostic> diagnostics;

    // The first error, on one line without a newline, and how many there are besides; empty if
    // there is none. `path` is the file's.
    std::string error_line(std::string_view path) const;
};
ConfigReading parse_config(std::string_view text);

struct JsonValue;
using Findings = std::vector<crontab::Finding>;

// One row for each setting. A name with a dot is that of a member of an object.
struct ConfigKey {
    std::string_view name;
    std::string_view type;           // what its value must be, for messages
    std::string_view meaning;        // a clause, for messages
    std::string_view default_value;  // as it would be written
    // Sets it in `config`, or adds to `findings` why not, with offsets in the text as columns.
    void (*apply)(const JsonValue& value, const ConfigKey& key, Config& config,
                  Findings& findings) = nullptr;
};
std::span<const ConfigKey> config_keys();

}  // namespace cron::daemon
