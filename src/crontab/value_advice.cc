// Values that only a shell would expand. A $ may be a part of a password: only what is a variable
// without doubt is told of.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "crontab/advice.h"

namespace cron::crontab {
namespace {

constexpr std::string_view kName = "not-expanded";

// Whose values shells expand themselves.
constexpr std::array<std::string_view, 7> kExpanded = {
    "BASH_ENV", "ENV", "PROMPT_COMMAND", "PS1", "PS2", "PS3", "PS4"};
// That are in every environment.
constexpr std::array<std::string_view, 8> kCommon = {"HOME", "PATH",     "USER",  "LOGNAME",
                                                     "PWD",  "HOSTNAME", "SHELL", "TMPDIR"};

template <class Names>
bool is_among(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_name_start(char c) { return is_alpha(c) || c == '_'; }
bool is_name_char(char c) { return is_alnum(c) || c == '_'; }

// The length of the name of a variable at the start of `text`.
std::size_t name_length(std::string_view text) {
    if (text.empty() || !is_name_start(text.front())) return 0;
    const auto* const end = std::find_if_not(text.begin(), text.end(), is_name_char);
    return static_cast<std::size_t>(end - text.begin());
}

class ValueReader {
  public:
    ValueReader(std::string_view name, std::string_view value,
                const std::function<bool(std::string_view)>& is_set)
        : name_(name), value_(value), is_set_(is_set) {}

    std::vector<Finding> advise() {
        std::vector<Finding> found;
        for (std::size_t at = 0; at < value_.size();) {
            const std::size_t length = length_of_expansion(at);
            if (length > 0) found.push_back(finding(at, length));
            at += length > 0 ? length : 1;
            if (!found.empty()) break;  // the others are alike
        }
        return found;
    }

  private:
    Finding finding(std::size_t at, std::size_t length) const {
        return {kName, at, at + length,
                fmt::format("{} is not expanded: the jobs get it as it stands",
                            quoted(value_.substr(at, length))),
                "write it out, or set the variable in the command, where a shell reads it"};
    }

    std::size_t length_of_expansion(std::size_t at) const {
        const std::string_view rest = value_.substr(at);
        const char before = at > 0 ? value_[at - 1] : '\0';
        if (rest.starts_with('~')) return is_home(at) ? 1 : 0;
        if (before == '\\' || before == '$') return 0;
        if (rest.starts_with("${")) return length_of_braces(rest);
        if (rest.starts_with("$(")) return length_of_command(rest, ')', 2);
        if (rest.starts_with('`')) return length_of_command(rest, '`', 1);
        if (!rest.starts_with('$')) return 0;
        const std::size_t length = name_length(rest.substr(1));
        return length > 0 && is_variable(rest.substr(1, length), before, rest.substr(1 + length))
                   ? 1 + length
                   : 0;
    }

    // ${NAME} and ${NAME:-other}
    static std::size_t length_of_braces(std::string_view rest) {
        const std::size_t length = name_length(rest.substr(2));
        const std::size_t close = rest.find('}');
        const char after = 2 + length < rest.size() ? rest[2 + length] : '\0';
        if (length == 0 || close == std::string_view::npos || (after != '}' && after != ':')) {
            return 0;
        }
        return close + 1;
    }

    // $(date +%F) and `date +%F`: a command with blanks, or the whole of the value
    std::size_t length_of_command(std::string_view rest, char close, std::size_t begin) const {
        const std::size_t end = rest.find(close, begin);
        if (end == std::string_view::npos || end == begin) return 0;
        const std::string_view command = rest.substr(begin, end - begin);
        const bool is_all = rest.size() == value_.size() && end + 1 == rest.size();
        const bool is_command = is_alpha(command.front()) || command.front() == '/';
        return is_command && (is_all || command.find(' ') != std::string_view::npos) ? end + 1 : 0;
    }

    bool is_variable(std::string_view name, char before, std::string_view after) const {
        if (name == name_ || is_among(kCommon, name)) return true;
        if (name.size() < 2) return false;
        if (is_set_(name)) return true;
        // "$BASE/lib": a word in capitals, in a path.
        const bool begins = before == '\0' || before == ':' || before == '=' || before == ' ';
        const bool goes_on = after.starts_with('/') || after.starts_with(':');
        return begins && goes_on && name.size() > 2 &&
               std::none_of(name.begin(), name.end(), is_lower);
    }

    // Whether the ~ at `at` is meant as a home, in a list of paths: others may expand theirs.
    bool is_home(std::size_t at) const {
        const bool is_path = name_ == "SHELL" || name_.ends_with("PATH") ||
                             name_.ends_with("HOME") || name_.ends_with("DIR");
        const bool begins = at == 0 || value_[at - 1] == ':';
        const char after = at + 1 < value_.size() ? value_[at + 1] : '/';
        return is_path && begins && (after == '/' || after == ':');
    }

    std::string_view name_;
    std::string_view value_;
    const std::function<bool(std::string_view)>& is_set_;
};

}  // namespace

std::vector<Finding> advise_on_value(std::string_view name, std::string_view value,
                                     const std::function<bool(std::string_view)>& is_set) {
    if (is_among(kExpanded, name) || value.find_first_of("$`~") == std::string_view::npos)
        return {};
    return ValueReader(name, value, is_set).advise();
}

}  // namespace cron::crontab
