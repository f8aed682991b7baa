// Each rule was tried with dash and bash: a warning means that neither does what was meant (where
// is_plain_sh, that dash does not).

#include "crontab/redirections.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::crontab {
namespace {

using Kind = ShellToken::Kind;

constexpr std::size_t kFindingsMax = 10;  // of one command
constexpr std::string_view kMistyped = "mistyped-redirect";
constexpr std::string_view kBashOnly = "bash-redirect";

bool is_number(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// What may follow >& in any shell; of a variable nobody knows.
bool is_descriptor(std::string_view target) {
    if (target.find_first_of("$`\"'") != std::string_view::npos) return true;
    if (target.ends_with('-')) target.remove_suffix(1);
    return target.empty() || is_number(target);
}

// The tokens of a command one by one.
class TokenAdviser {
  public:
    explicit TokenAdviser(const ShellText& shell) : shell_(shell), tokens_(shell.tokens) {}

    std::optional<Finding> find_mistyped(std::size_t i) const {
        if (is(i, Kind::control)) return find_split_number(i);
        if (!is(i, Kind::redirection)) return std::nullopt;
        const ShellRedirection redirection = redirection_at(shell_, i);
        if (redirection.target.empty()) return no_target(i);
        if (redirection.mark.starts_with("&>")) return find_number_before(i);
        if (redirection.writes_file()) {
            auto joined = find_joined_number(i, redirection);
            return joined ? joined : find_odd_file(i, redirection);
        }
        if (redirection.mark == ">&") return find_odd_number(i, redirection);
        return std::nullopt;
    }

    std::optional<Finding> find_bash_only(std::size_t i) const {
        constexpr std::string_view kUseBash = "write SHELL=/bin/bash above the line";
        const std::string_view token = text(i);
        if (is(i, Kind::word)) {
            if (!token.starts_with("<(") && !token.starts_with(">(")) return std::nullopt;
            return bash_only(i, i, kRefused, std::string(kUseBash));
        }
        if (is(i, Kind::control)) {
            if (token != "|&") return std::nullopt;
            return bash_only(i, i, kRefused, "write '2>&1 |', or SHELL=/bin/bash above the line");
        }
        const ShellRedirection redirection = redirection_at(shell_, i);
        if (redirection.target.empty()) return std::nullopt;
        if (redirection.mark == "<<<") return bash_only(i, i, kRefused, std::string(kUseBash));
        const std::string hint =
            fmt::format("write '{}{} 2>&1', or SHELL=/bin/bash above the line",
                        redirection.mark == "&>>" ? ">>" : ">", redirection.target);
        if (redirection.mark.starts_with("&>")) {
            return bash_only(i, i + 1, "runs the command in the background and redirects nothing",
                             hint);
        }
        const bool is_both = redirection.mark == ">&" && redirection.is_of_output() &&
                             !is_descriptor(redirection.target);
        if (!is_both) return std::nullopt;
        return bash_only(i, i + 1, kRefused, hint);
    }

  private:
    static constexpr std::string_view kRefused =
        "takes it for an error, and the command does not run";

    std::string_view text(std::size_t i) const { return shell_[tokens_[i]]; }
    bool is(std::size_t i, Kind kind) const {
        return i < tokens_.size() && tokens_[i].kind == kind;
    }
    // Whether no blank stands between the token before `i` and `i`.
    bool is_joined(std::size_t i) const {
        return i > 0 && i < tokens_.size() && tokens_[i - 1].end == tokens_[i].begin;
    }
    bool follows_number(std::size_t i) const {
        return is_joined(i) && is(i - 1, Kind::word) && is_number(text(i - 1));
    }

    // Of the tokens from `first` to `last`.
    Finding finding(std::size_t first, std::size_t last, std::string_view name, std::string message,
                    std::string hint) const {
        return {name, tokens_[first].begin, tokens_[last].end, std::move(message), std::move(hint)};
    }
    std::string_view written(std::size_t first, std::size_t last) const {
        return shell_.text.substr(tokens_[first].begin, tokens_[last].end - tokens_[first].begin);
    }

    // 2&1
    std::optional<Finding> find_split_number(std::size_t i) const {
        if (text(i) != "&" || !follows_number(i) || !is_joined(i + 1) || !is(i + 1, Kind::word) ||
            !is_number(text(i + 1))) {
            return std::nullopt;
        }
        return finding(i - 1, i + 1, kMistyped,
                       fmt::format("'{}' ends the command at its '&' and runs '{}'",
                                   written(i - 1, i + 1), text(i + 1)),
                       fmt::format("write '{}>&{}'", text(i - 1), text(i + 1)));
    }

    // 2> &1, 2>>&1, and > where the command ends
    Finding no_target(std::size_t i) const {
        if (i + 2 < tokens_.size() && text(i + 1) == "&" && is_number(text(i + 2))) {
            const ShellRedirection redirection = redirection_at(shell_, i);
            const bool is_input = redirection.mark.starts_with('<');
            const bool is_parted =
                i > 0 && redirection.number.empty() && !is_input && text(i - 1) == "2";  // 2 > &1
            return finding(
                is_parted ? i - 1 : i, i + 2, kMistyped,
                fmt::format("'{}' is an error of the shell, and the command does not run",
                            written(i, i + 2)),
                fmt::format("write '{}{}&{}'", is_parted ? "2" : redirection.number,
                            is_input ? '<' : '>', text(i + 2)));
        }
        return finding(i, i, kMistyped,
                       fmt::format("no file follows '{}': an error of the shell, and the command "
                                   "does not run",
                                   text(i)),
                       "write the file, as in '>/dev/null'");
    }

    // 2&>1
    std::optional<Finding> find_number_before(std::size_t i) const {
        if (!follows_number(i)) return std::nullopt;
        const std::string_view target = text(i + 1);
        return finding(i - 1, i + 1, kMistyped,
                       fmt::format("'{}' gives the command an argument '{}' and opens a file '{}'",
                                   written(i - 1, i + 1), text(i - 1), target),
                       is_number(target) ? fmt::format("write '{}>&{}'", text(i - 1), target)
                                         : fmt::format("write '>{} 2>&1'", target));
    }

    // >/dev/null2>&1, >log2>&1: the 2 is a part of the name
    std::optional<Finding> find_joined_number(std::size_t i,
                                              const ShellRedirection& redirection) const {
        const std::string_view target = redirection.target;
        const bool is_null = target == "/dev/null1" || target == "/dev/null2";
        const bool is_copied =
            is_joined(i + 2) && text(i + 2) == ">&" && redirection_at(shell_, i + 2).target == "1";
        const bool has_number = target.size() > 1 && target.ends_with('2') &&
                                target.find('$') == std::string_view::npos;
        if (!is_null && !(is_copied && has_number)) return std::nullopt;
        const std::string_view file = target.substr(0, target.size() - 1);
        return finding(
            i, i + 1, kMistyped,
            fmt::format("'{}' writes to a file named {}", written(i, i + 1), quoted(target)),
            fmt::format("write '{}{}{}'", text(i), file, is_copied && has_number ? " 2>&1" : ""));
    }

    // 2>1, 2>\&1, 2>$1
    std::optional<Finding> find_odd_file(std::size_t i, const ShellRedirection& redirection) const {
        const std::string_view target = redirection.target;
        const std::string_view place = written(i, i + 1);
        if (target == "1" || target == "2") {
            const bool compares = redirection.number.empty() && is_test(i);
            return finding(i, i + 1, kMistyped,
                           fmt::format("'{}' writes to a file named '{}'", place, target),
                           compares ? std::string("numbers are compared with -gt")
                                    : fmt::format("write '{}>&{}'", redirection.number, target));
        }
        if (target == "\\&1" || target == "\\&2") {
            return finding(i, i + 1, kMistyped,
                           fmt::format("'{}' writes to a file named '{}'", place, target.substr(1)),
                           fmt::format("write '{}>{}'", redirection.number, target.substr(1)));
        }
        if (target == "$1" && redirection.number == "2") {
            return finding(i, i + 1, kMistyped,
                           fmt::format("'{}' writes to a file whose name is empty", place),
                           "write '2>&1'");
        }
        return std::nullopt;
    }

    // 2>&file, and "2 >&1", of which the 2 is an argument
    std::optional<Finding> find_odd_number(std::size_t i,
                                           const ShellRedirection& redirection) const {
        const std::string_view target = redirection.target;
        if (redirection.number.empty()) {
            if (target != "1" || i == 0 || !is(i - 1, Kind::word) || text(i - 1) != "2") {
                return std::nullopt;
            }
            return finding(
                i - 1, i + 1, kMistyped,
                fmt::format("'2' is an argument here, and '{}' does nothing", written(i, i + 1)),
                "write '2>&1'");
        }
        if (redirection.number == "1" || is_descriptor(target)) return std::nullopt;
        return finding(i, i + 1, kMistyped,
                       fmt::format("'{}' is an error of the shell, and the command does not run: "
                                   "after '>&' comes a number",
                                   written(i, i + 1)),
                       fmt::format("write '{}>{}'", redirection.number, target));
    }

    // Whether `i` is a part of a command that compares.
    bool is_test(std::size_t i) const {
        while (i > 0 && tokens_[i - 1].kind != Kind::control) --i;
        while (is(i, Kind::word) && (text(i) == "if" || text(i) == "while" || text(i) == "!")) ++i;
        return text(i) == "[" || text(i) == "test" || text(i) == "expr";
    }

    Finding bash_only(std::size_t first, std::size_t last, std::string_view effect,
                      std::string hint) const {
        return finding(
            first, last, kBashOnly,
            fmt::format("{} is for bash: a plain sh {}", quoted(written(first, last)), effect),
            std::move(hint));
    }

    const ShellText& shell_;
    const std::vector<ShellToken>& tokens_;
};

// Redirections of one command that do not go together.
class CommandAdviser {
  public:
    explicit CommandAdviser(const ShellText& shell) : shell_(shell), tokens_(shell.tokens) {
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            const std::string_view text = shell_[tokens_[i]];
            if (text == "|" || text == "|&") last_pipe_ = i;
            if (tokens_[i].kind == Kind::redirection) last_redirection_ = i;
            has_group_ |= text == "(" || text == "{" || text == "fi" || text == "done";
            has_exec_ |= text == "exec";
        }
    }

    // Of the tokens [begin, end), which are one command.
    std::optional<Finding> advise(std::size_t begin, std::size_t end) const {
        std::optional<std::size_t> both;  // 2>&1
        std::optional<std::size_t> output;
        std::optional<std::size_t> error;
        for (std::size_t i = begin; i < end; ++i) {
            if (tokens_[i].kind != Kind::redirection) continue;
            const ShellRedirection redirection = redirection_at(shell_, i);
            if (redirection.target.empty()) return std::nullopt;
            const bool is_error = redirection.number == "2";
            if (is_error && redirection.mark == ">&" && redirection.target == "1") both = i;
            if (is_error && redirection.writes_file()) error = i;
            if (!redirection.is_of_output()) continue;
            if (both && !output && redirection.writes_file() && !is_read_elsewhere(i)) {
                return wrong_order(*both, i);
            }
            output = i;
        }
        return output && error ? find_collision(*output, *error) : std::nullopt;
    }

  private:
    // Whether what a command writes before its redirection `i` may go elsewhere than to the mail.
    bool is_read_elsewhere(std::size_t i) const {
        return last_pipe_ > i || has_exec_ || (has_group_ && last_redirection_ > i);
    }

    // 2>&1 >file
    Finding wrong_order(std::size_t both, std::size_t output) const {
        const ShellRedirection redirection = redirection_at(shell_, output);
        return {"redirect-order", tokens_[both].begin, tokens_[output + 1].end,
                fmt::format("errors do not go to {}: '2>&1' stands before '{}'",
                            quoted(redirection.target), redirection.mark),
                fmt::format("write '{}{} 2>&1', or leave out '2>&1' to have errors mailed",
                            redirection.mark, redirection.target)};
    }

    // >file 2>file
    std::optional<Finding> find_collision(std::size_t output, std::size_t error) const {
        const ShellRedirection one = redirection_at(shell_, output);
        const ShellRedirection other = redirection_at(shell_, error);
        const bool is_device = one.target.starts_with("/dev/") || one.target.starts_with("/proc/");
        const bool appends = one.mark == ">>" && other.mark == ">>";
        if (!one.writes_file() || one.target != other.target || is_device || appends) {
            return std::nullopt;
        }
        const auto [first, last] = std::minmax(output, error);
        return Finding{
            "redirect-collision", tokens_[first].begin, tokens_[last + 1].end,
            fmt::format("output and errors overwrite each other in {}", quoted(one.target)),
            fmt::format("write '{}{} 2>&1'", one.mark, one.target)};
    }

    const ShellText& shell_;
    const std::vector<ShellToken>& tokens_;
    std::size_t last_pipe_ = 0;
    std::size_t last_redirection_ = 0;
    bool has_group_ = false;
    bool has_exec_ = false;
};

}  // namespace

std::vector<Finding> advise_on_redirections(const ShellText& shell, bool is_plain_sh) {
    std::vector<Finding> found;
    const TokenAdviser tokens(shell);
    for (std::size_t i = 0; i < shell.tokens.size() && found.size() < kFindingsMax; ++i) {
        auto finding = tokens.find_mistyped(i);
        if (!finding && is_plain_sh) finding = tokens.find_bash_only(i);
        if (finding) found.push_back(*std::move(finding));
    }
    const CommandAdviser commands(shell);
    for (std::size_t begin = 0; begin < shell.tokens.size() && found.size() < kFindingsMax;) {
        std::size_t end = begin;
        while (end < shell.tokens.size() && shell.tokens[end].kind != Kind::control) ++end;
        if (auto finding = commands.advise(begin, end)) found.push_back(*std::move(finding));
        begin = end + 1;
    }
    return found;
}

}  // namespace cron::crontab
