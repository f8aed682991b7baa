#include "crontab/assignment.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::crontab {
namespace {

// isspace of the C locale, as load_env asks it; a line holds no newline.
bool is_space(char c) { return is_blank(c) || c == '\r' || c == '\v' || c == '\f'; }
bool is_quote(char c) { return c == '\'' || c == '"'; }
bool is_name_start(char c) { return is_alpha(c) || c == '_'; }

std::size_t skip_spaces(std::string_view line, std::size_t at) {
    while (at < line.size() && is_space(line[at])) ++at;
    return at;
}

// name = quote { any but quote and "=" } quote | { any but space and "=" }
// The name and what follows it; none if there is no name so written.
std::optional<std::pair<std::string_view, std::size_t>> read_name(std::string_view line) {
    if (!line.empty() && is_quote(line.front())) {
        const std::size_t close = line.find(line.front(), 1);
        const std::string_view name = line.substr(1, close - 1);
        if (close == std::string_view::npos || name.find('=') != std::string_view::npos)
            return std::nullopt;
        return std::pair(name, close + 1);
    }
    const auto* const stop =
        std::find_if(line.begin(), line.end(), [](char c) { return c == '=' || is_space(c); });
    const auto length = static_cast<std::size_t>(stop - line.begin());
    return std::pair(line.substr(0, length), length);
}

// value = quote { any but quote } quote | { any }
tl::expected<std::string_view, Finding> read_value(std::string_view line, std::size_t begin) {
    if (begin == line.size() || !is_quote(line[begin])) {
        std::string_view value = line.substr(begin);
        while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
        return value;
    }
    const char quote = line[begin];
    const std::size_t close = line.find(quote, begin + 1);
    if (close == std::string_view::npos) {
        return tl::unexpected(Finding{"bad-assignment", begin, line.size(),
                                      fmt::format("the quote {} is never closed", quote),
                                      fmt::format("end the value with {}", quote)});
    }
    const std::size_t rest = skip_spaces(line, close + 1);
    if (rest < line.size()) {
        std::string hint = fmt::format(
            "a value that begins with a quote ends with it, and knows no \\{0}; "
            "put the other quote round a value that holds {0}",
            quote);
        if (line[rest] == '#') hint = "a comment needs a line of its own";
        return tl::unexpected(Finding{"bad-assignment", rest, line.size(),
                                      "text after the closing quote of the value",
                                      std::move(hint)});
    }
    return line.substr(begin + 1, close - begin - 1);
}

// `export FOO=bar` and its like: shell, not the language of tables.
std::optional<BadAssignment> find_shell_assignment(std::string_view line) {
    static constexpr std::array<std::string_view, 4> kCommands = {"export", "set", "setenv",
                                                                  "declare"};
    const std::string_view word = line.substr(0, line.find_first_of(" \t"));
    if (std::find(kCommands.begin(), kCommands.end(), word) == kCommands.end()) return std::nullopt;
    const std::string_view rest = trim_blanks(line.substr(word.size()));
    if (rest.empty()) return std::nullopt;
    return BadAssignment{
        rest.substr(0, rest.find_first_of("= \t")),
        {"bad-assignment", 0, word.size(),
         fmt::format("'{}' is a command of the shell and means nothing in a table", word),
         "write NAME=value"}};
}

}  // namespace

tl::expected<std::optional<AssignmentText>, BadAssignment> read_assignment(std::string_view line) {
    const auto name = read_name(line);
    const std::size_t equals = name ? skip_spaces(line, name->second) : line.size();
    if (equals == line.size() || line[equals] != '=') {
        if (auto bad = find_shell_assignment(line)) return tl::unexpected(*std::move(bad));
        return std::nullopt;
    }
    auto value = read_value(line, skip_spaces(line, equals + 1));
    if (value) return AssignmentText{name->first, *value};
    // As in all crons a line that is no good assignment may still be an entry, if it looks so.
    if (name->first.empty() || !is_name_start(name->first.front())) return std::nullopt;
    return tl::unexpected(BadAssignment{name->first, std::move(value).error()});
}

bool is_shell_name(std::string_view name) {
    return !name.empty() && is_name_start(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '_'; });
}

}  // namespace cron::crontab
