#include "daemon/config.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/edit_distance.h"
#include "base/text.h"
#include "crontab/policy_text.h"
#include "daemon/json_text.h"
#include "schedule/duration.h"

namespace cron::daemon {
namespace {

using crontab::Finding;
using crontab::Severity;
using Kind = JsonValue::Kind;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kShownBytes = 40;        // of a number, in a message
constexpr std::size_t kComparedBytesMax = 64;  // of a name that is looked for among the keys
constexpr std::size_t kUserBytesMax = 256;     // of the user in a pool's name

// For a message: what a value is.
std::string shown(const JsonValue& value) {
    switch (value.kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
        case Kind::number:
            return value.text.substr(0, kShownBytes);
        case Kind::text:
            return fmt::format("the text {}", quoted(value.text));
        case Kind::list:
            return "a list";
        case Kind::object:
            return "an object";
    }
    return {};
}

Finding bad_value(const JsonValue& value, std::string_view name, std::string_view type,
                  std::string hint) {
    const bool is_quoted_number = value.kind == Kind::text && parse_decimal(value.text) &&
                                  type.find("number") != std::string_view::npos;
    if (is_quoted_number) hint = "write the number without quotes; " + hint;
    return {"bad-value", value.begin, value.end,
            fmt::format("{} must be {}, and is {}", name, type, shown(value)), std::move(hint)};
}

Finding bad_value(const JsonValue& value, const ConfigKey& key) {
    return bad_value(
        value, key.name, key.type,
        fmt::format("{} is {}; the default is {}", key.name, key.meaning, key.default_value));
}

std::optional<std::uint32_t> whole_number(const JsonValue& value, std::uint32_t least) {
    if (!value.whole || *value.whole < least || *value.whole > kLimitMax) return std::nullopt;
    return static_cast<std::uint32_t>(*value.whole);
}

void apply_flavour(const JsonValue& value, const ConfigKey& key, Config& config,
                   Findings& findings) {
    const auto flavour =
        value.kind == Kind::text ? crontab::find_flavour(value.text) : std::nullopt;
    if (flavour) {
        config.flavour = *flavour;
    } else {
        findings.push_back(bad_value(value, key));
    }
}

void apply_pam(const JsonValue& value, const ConfigKey& key, Config& config, Findings& findings) {
    constexpr std::array<std::pair<std::string_view, Pam>, 3> kWords = {
        {{"auto", Pam::automatic}, {"no", Pam::no}, {"yes", Pam::yes}}};
    const auto* const word = std::find_if(kWords.begin(), kWords.end(), [&](const auto& known) {
        return value.kind == Kind::text && value.text == known.first;
    });
    if (word == kWords.end()) return findings.push_back(bad_value(value, key));
    config.pam = word->second;
}

template <auto member>
void apply_limit(const JsonValue& value, const ConfigKey& key, Config& config, Findings& findings) {
    const auto limit = whole_number(value, 0);
    if (!limit) return findings.push_back(bad_value(value, key));
    config.*member = *limit;
}

void apply_rows(const JsonValue& value, const ConfigKey& key, Config& config, Findings& findings) {
    const auto rows = whole_number(value, 1);
    if (!rows) return findings.push_back(bad_value(value, key));
    config.retention.rows_per_job = *rows;
}

void apply_age(const JsonValue& value, const ConfigKey& key, Config& config, Findings& findings) {
    const auto age = value.kind == Kind::text ? schedule::parse_duration(value.text) : std::nullopt;
    if (!age || *age < kRetentionMin) return findings.push_back(bad_value(value, key));
    config.retention.age = *age;
}

// name = [ user "/" ] pool
bool is_pool_name(std::string_view name) {
    if (const std::size_t slash = name.find('/'); slash != std::string_view::npos) {
        const std::string_view user = name.substr(0, slash);
        const bool has_odd_bytes =
            printable(user) != user || std::any_of(user.begin(), user.end(), is_blank);
        if (user.empty() || user.size() > kUserBytesMax || has_odd_bytes) return false;
        name.remove_prefix(slash + 1);
    }
    return crontab::read_name(name).has_value();
}

void apply_pools(const JsonValue& value, const ConfigKey& key, Config& config, Findings& findings) {
    if (value.kind != Kind::object) return findings.push_back(bad_value(value, key));
    for (const JsonMember& pool : value.members) {
        if (!is_pool_name(pool.name)) {
            findings.push_back({"bad-pool", pool.begin, pool.end,
                                fmt::format("{} is not the name of a pool", quoted(pool.name)),
                                "write POOL for one of the system's tables, USER/POOL for one of "
                                "a user's; POOL as in CRON_POOL"});
            continue;
        }
        const auto size = whole_number(pool.value, 1);
        if (size) {
            config.pools.emplace(pool.name, *size);
            continue;
        }
        findings.push_back(bad_value(
            pool.value, fmt::format("the size of pool {}", quoted(pool.name)),
            fmt::format("a whole number from 1 to {}", kLimitMax),
            "it is how many of its jobs may run at once; a pool that is not here has size 1"));
    }
}

constexpr std::string_view kLimitType = "a whole number from 0 to 1000000";
static_assert(kLimitMax == 1'000'000 && kRetentionMin == hours{1} &&
              schedule::kDurationMax == hours{24 * 3660});

constexpr std::array<ConfigKey, 7> kKeys = {{
    {"flavour", "\"debian\" or \"cronie\"", "whose ways hold where today's crons differ",
     "\"debian\"", apply_flavour},
    {"max_running", kLimitType, "how many runs may live at once; 0 is no limit", "0",
     apply_limit<&Config::max_running>},
    {"max_starts_per_second", kLimitType, "how many runs may start in a second; 0 is no limit", "0",
     apply_limit<&Config::max_starts_per_second>},
    {"pam", "\"auto\", \"no\" or \"yes\"", "whether jobs have PAM sessions", "\"auto\"", apply_pam},
    {"pools", "an object of pools and their sizes", "how many runs of each pool may live at once",
     "{}", apply_pools},
    {"retention.age", "a duration from \"1h\" to \"3660d\"", "how long the record of a run is kept",
     "\"90d\"", apply_age},
    {"retention.rows_per_job", "a whole number from 1 to 1000000",
     "how many records of one job are kept", "1000", apply_rows},
}};

const ConfigKey* find_key(std::string_view name) {
    const auto* const found = std::find_if(kKeys.begin(), kKeys.end(),
                                           [&](const ConfigKey& key) { return key.name == name; });
    return found == kKeys.end() ? nullptr : found;
}

// Whether there are keys in an object of this name.
bool is_group(std::string_view name) {
    return std::any_of(kKeys.begin(), kKeys.end(), [&](const ConfigKey& key) {
        return key.name.starts_with(name) && key.name.substr(name.size()).starts_with('.');
    });
}

// The key whose name, or the part of it after the dot, differs from `name` by the fewest letters.
const ConfigKey& nearest_key(std::string_view name) {
    const auto last_part = [](std::string_view path) { return path.substr(path.rfind('.') + 1); };
    const auto distance = [&](const ConfigKey& key) {
        return std::min(
            edit_distance(key.name, name.substr(0, kComparedBytesMax)),
            edit_distance(last_part(key.name), last_part(name).substr(0, kComparedBytesMax)));
    };
    return *std::min_element(
        kKeys.begin(), kKeys.end(),
        [&](const ConfigKey& a, const ConfigKey& b) { return distance(a) < distance(b); });
}

// "age in retention"
std::string place_of(const ConfigKey& key) {
    const std::size_t dot = key.name.find('.');
    if (dot == std::string_view::npos) return std::string(key.name);
    return fmt::format("{} in {}", key.name.substr(dot + 1), key.name.substr(0, dot));
}

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    ConfigReading parse() {
        if (text_.size() > kConfigBytesMax) {
            ++errors_;
            report_.add(
                {"too-large", 0, 0, fmt::format("it has more than {} bytes", kConfigBytesMax), {}});
            return take();
        }
        if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
        const auto root = read_json(text_);
        if (!root) {
            add(Severity::error, root.error());
        } else if (root->kind != Kind::object) {
            add(Severity::error, bad_value(*root, "the whole", "an object",
                                           "write {\"flavour\": \"debian\"}, for example"));
        } else {
            read_members(*root, "");
        }
        return take();
    }

  private:
    // `prefix` is "" or "retention.".
    void read_members(const JsonValue& object, const std::string& prefix) {
        for (const JsonMember& member : object.members) {
            const std::string name = prefix + member.name;
            // A dot is how we write a member, not how the file does.
            const bool is_plain = member.name.find('.') == std::string::npos;
            if (const ConfigKey* const key = is_plain ? find_key(name) : nullptr) {
                Findings findings;
                key->apply(member.value, *key, config_, findings);
                for (Finding& finding : findings) add(Severity::error, std::move(finding));
            } else if (!is_group(name)) {
                const ConfigKey& nearest = nearest_key(name);
                add(Severity::warning,
                    {"unknown-key", member.begin, member.end,
                     fmt::format("there is no setting {}: it has no effect", quoted(name)),
                     fmt::format("the nearest is {}: {}", place_of(nearest), nearest.meaning)});
            } else if (member.value.kind != Kind::object) {
                add(Severity::error, bad_value(member.value, name, "an object", {}));
            } else {
                read_members(member.value, name + '.');
            }
        }
    }

    // Of a finding whose columns are offsets in the whole text. What goes over the end of its line
    // is cut there.
    void add(Severity severity, Finding finding) {
        if (severity == Severity::error) ++errors_;
        const std::size_t at = std::min(finding.begin, text_.size());
        // Findings come in the order of the text, so that each line is counted once.
        for (std::size_t end = 0;
             (end = text_.find('\n', line_begin_)) != std::string_view::npos && end < at;) {
            line_begin_ = end + 1;
            ++line_number_;
        }
        std::string_view line = text_.substr(line_begin_);
        line = line.substr(0, line.find('\n'));
        if (line.ends_with('\r')) line.remove_suffix(1);
        finding.begin = at - line_begin_;
        finding.end = std::max(finding.begin, std::min(finding.end - line_begin_, line.size()));
        report_.add(severity, {line_number_, line}, std::move(finding));
    }

    ConfigReading take() {
        ConfigReading reading;
        reading.diagnostics = report_.take();
        if (errors_ == 0) reading.config = std::move(config_);
        return reading;
    }

    std::string_view text_;
    std::size_t line_begin_ = 0;
    std::size_t line_number_ = 1;
    crontab::Report report_;
    std::size_t errors_ = 0;
    Config config_;
};

}  // namespace

std::string ConfigReading::error_line(std::string_view path) const {
    std::string line;
    std::size_t errors = 0;
    for (const crontab::Diagnostic& diagnostic : diagnostics) {
        if (diagnostic.severity != Severity::error) continue;
        if (++errors == 1) line = crontab::print_line(diagnostic, path);
    }
    if (errors > 1) line += fmt::format("; {} more, told by crond --test", errors - 1);
    return line;
}

ConfigReading parse_config(std::string_view text) { return Parser(text).parse(); }

std::span<const ConfigKey> config_keys() { return kKeys; }

}  // namespace cron::daemon
