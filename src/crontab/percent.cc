#include "crontab/percent.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::crontab {
namespace {

bool is_hex(char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f'); }

std::string_view without_folder(std::string_view path) {
    return path.substr(path.find_last_of('/') + 1);
}

// NAME=value
bool is_assignment(std::string_view word) {
    const std::string_view name = word.substr(0, word.find('='));
    return name.size() < word.size() && !name.empty() && !is_digit(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '_'; });
}

// The words of the last command, without what is redirected or assigned before it.
std::vector<std::string_view> last_command(const ShellText& shell) {
    std::vector<std::string_view> words;
    for (const ShellToken& token : shell.tokens) {
        if (token.kind == ShellToken::Kind::control) words.clear();
        if (token.kind != ShellToken::Kind::word) continue;
        if (words.empty() && is_assignment(shell[token])) continue;
        words.push_back(shell[token]);
    }
    return words;
}

// What the command leaves open, so that it can only be an error where it ends.
bool is_cut(const ShellText& shell) { return shell.is_certain && !shell.is_closed; }

// date +%Y, printf %s, stat -c %Y, --format=%H, http://x/a%20b: where `rest` follows the %.
bool is_format(const ShellText& shell, std::string_view rest) {
    const std::vector<std::string_view> words = last_command(shell);
    if (words.empty() || rest.empty() || is_blank(rest.front())) return false;
    const std::string_view program = without_folder(words.front());
    const std::string_view last = words.back();
    if (is_blank(shell.text.back())) {
        const std::array<std::pair<std::string_view, std::string_view>, 3> takers = {
            {{"stat", "-c"}, {"curl", "-w"}, {"find", "-printf"}}};
        return (program == "printf" && words.size() == 1) ||
               std::find(takers.begin(), takers.end(), std::pair(program, last)) != takers.end();
    }
    if (program == "date" && words.size() > 1 && last.starts_with('+')) return true;
    if (last.starts_with('-') && last.ends_with('=')) return is_alpha(rest[0]) || rest[0] == '{';
    return last.find("://") != std::string_view::npos && rest.size() > 1 && is_hex(rest[0]) &&
           is_hex(rest[1]);
}

}  // namespace

std::optional<Finding> advise_on_percent(const ShellText& shell, std::string_view written,
                                         std::size_t at) {
    std::string message;
    if (is_cut(shell)) {
        message = "the command ends at this '%', where a quote or a bracket is open";
    } else if (shell.is_certain && is_format(shell, written.substr(at + 1))) {
        message = "the command ends at this '%': what follows is its input";
    } else {
        return std::nullopt;
    }
    return Finding{"percent-ends-command", at, at + 1, std::move(message),
                   "write '\\%' for a percent sign"};
}

}  // namespace cron::crontab
