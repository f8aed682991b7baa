#include "script.h"

#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "job_settings.h"

namespace cron::sim {
namespace {

std::vector<std::string_view> split(std::string_view text, char mark) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(mark, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

// The items of a list, which may be empty.
std::vector<std::string_view> items(std::string_view text) {
    return text.empty() ? std::vector<std::string_view>{} : split(text, ',');
}

tl::unexpected<Error> no(std::string_view text, std::string_view what) {
    return failure(ErrorCode::invalid, fmt::format("{} is not {}", quoted(text), what));
}

// [ fault "." ] index
std::optional<LineNumber> parse_line_number(std::string_view text) {
    const std::size_t dot = text.find('.');
    const auto fault =
        dot == std::string_view::npos ? std::optional(0UL) : parse_decimal(text.substr(0, dot));
    const auto index = parse_decimal(dot == std::string_view::npos ? text : text.substr(dot + 1));
    if (!fault || !index) return std::nullopt;
    return LineNumber{*fault, *index};
}

// number "s"
std::optional<seconds> parse_length(std::string_view text) {
    if (!text.ends_with('s')) return std::nullopt;
    const auto count = parse_decimal(text.substr(0, text.size() - 1));
    if (!count || *count > static_cast<std::uint64_t>(kLengthMax.count())) return std::nullopt;
    return seconds{static_cast<std::int64_t>(*count)};
}

// line ":" name { "+" name }
bool read_defaults(Script& script, std::string_view item) {
    const std::size_t colon = std::min(item.find(':'), item.size());
    const auto number = parse_line_number(item.substr(0, colon));
    if (!number || colon == item.size()) return false;
    for (const std::string_view name : split(item.substr(colon + 1), '+')) {
        JobSettings any;
        if (!set_default(any, name)) return false;
        script.defaults[*number].emplace(name);
    }
    return true;
}

bool read_value(Script& script, std::string_view key, std::string_view value) {
    if (key == "seed") {
        const auto seed = parse_decimal(value);
        script.seed = seed.value_or(0);
        return seed.has_value();
    }
    if (key == "length") {
        script.length = parse_length(value);
        return script.length.has_value();
    }
    if (key == "faults") script.faults.emplace();
    if (key == "asks") script.asks.emplace();
    if (key == "jobs") script.jobs.emplace();
    for (const std::string_view item : items(value)) {
        if (key == "faults" || key == "asks") {
            const auto number = parse_decimal(item);
            if (!number) return false;
            (key == "faults" ? script.faults : script.asks)->insert(*number);
        } else if (key == "jobs") {
            const auto number = parse_line_number(item);
            if (!number) return false;
            script.jobs->insert(*number);
        } else if (!read_defaults(script, item)) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::string print(const LineNumber& number) {
    if (number.fault == 0) return std::to_string(number.index);
    return fmt::format("{}.{}", number.fault, number.index);
}

std::string print(const Script& script) {
    std::string text = fmt::format("seed={}", script.seed);
    const auto add = [&text](char before, const std::string& item) {
        if (text.back() != '=') text += before;
        text += item;
    };
    if (script.length) text += fmt::format(" length={}s", script.length->count());
    if (script.faults) {
        text += " faults=";
        for (const std::uint64_t fault : *script.faults) add(',', std::to_string(fault));
    }
    if (script.asks) {
        text += " asks=";
        for (const std::uint64_t ask : *script.asks) add(',', std::to_string(ask));
    }
    if (script.jobs) {
        text += " jobs=";
        for (const LineNumber& job : *script.jobs) add(',', print(job));
    }
    if (script.defaults.empty()) return text;
    text += " defaults=";
    for (const auto& [job, names] : script.defaults) {
        add(',', print(job));
        char before = ':';
        for (const std::string& name : names) {
            text += before + name;
            before = '+';
        }
    }
    return text;
}

Result<Script> parse_script(std::string_view text) {
    static const std::set<std::string_view> kKeys = {"seed", "length", "faults",
                                                     "asks", "jobs",   "defaults"};
    Script script;
    std::set<std::string_view> seen;
    for (const std::string_view word : split(text, ' ')) {
        const std::size_t equals = std::min(word.find('='), word.size());
        const std::string_view key = word.substr(0, equals);
        if (equals == word.size() || !kKeys.contains(key) || !seen.insert(key).second)
            return no(word, "a part of a script, such as seed=17 or faults=3,9");
        if (!read_value(script, key, word.substr(equals + 1)))
            return no(word, "a value of that part of a script");
    }
    if (!seen.contains("seed")) return no(text, "a script: it names no seed");
    return script;
}

}  // namespace cron::sim
