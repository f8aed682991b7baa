#include "crontab/entry.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "schedule/schedule.h"

namespace cron::crontab {
namespace {

std::size_t skip_blanks(std::string_view line, std::size_t at) {
    return std::min(line.find_first_not_of(" \t", at), line.size());
}

std::string_view word_at(std::string_view line, std::size_t at) {
    return line.substr(at, std::min(line.find_first_of(" \t", at), line.size()) - at);
}

std::string with_single_blanks(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (!is_blank(c)) {
            out += c;
        } else if (out.back() != ' ') {
            out += ' ';
        }
    }
    return out;
}

bool is_field_like(std::string_view word) {
    return std::all_of(word.begin(), word.end(), [](char c) {
        return is_digit(c) || std::string_view("*/,-?").find(c) != std::string_view::npos;
    });
}

// Six fields, or a command that begins with a star as Vixie cron has it. A nickname has no fields.
std::optional<Finding> find_sixth_field(std::string_view line, std::size_t begin, bool is_nickname,
                                        Kind kind) {
    const std::string_view word = word_at(line, begin);
    const bool has_sixth_field = !is_nickname && !word.empty() && is_field_like(word);
    const bool begins_with_star = kind == Kind::user && word.substr(0, 1) == "*";
    if (!has_sixth_field && !begins_with_star) return std::nullopt;
    return Finding{
        "six-fields", begin, begin + word.size(),
        fmt::format("a sixth field {}: crons disagree on what it means", quoted(word)),
        kind == Kind::system
            ? "a schedule has five fields, then come the user and the command: remove one field"
            : "a schedule has five fields, then comes the command: remove one field"};
}

// Bytes that stand in commands, and in no name of a user. (A $ ends the names of Samba's machines.)
bool may_be_user(std::string_view word) {
    if (word.back() == '$') word.remove_suffix(1);
    return !word.empty() && word.front() != '-' && word.front() != '.' &&
           word.find_first_of("/=;&|()<>[]{}\"'`*?!#%$,:~") == std::string_view::npos;
}

std::optional<Finding> check_user(std::string_view line, std::size_t begin) {
    const std::string_view user = word_at(line, begin);
    if (user.empty()) {
        return Finding{"no-user", begin, begin, "no user and no command after the schedule",
                       "in a system table the user stands between schedule and command"};
    }
    if (!may_be_user(user)) {
        return Finding{"bad-user", begin, begin + user.size(),
                       fmt::format("{} is not the name of a user", quoted(user)),
                       "a system table needs a user before the command, such as root"};
    }
    if (skip_blanks(line, begin + user.size()) == line.size()) {
        return Finding{"no-command", line.size(), line.size(),
                       fmt::format("no command after the user {}", quoted(user)),
                       "a system table needs a user before the command"};
    }
    return std::nullopt;
}

}  // namespace

std::size_t schedule_begin(std::string_view line) { return line.substr(0, 1) == "-" ? 1 : 0; }

tl::expected<EntryText, Finding> read_entry(std::string_view line, Kind kind) {
    EntryText entry;
    entry.schedule_begin = schedule_begin(line);
    if (entry.schedule_begin > 0 && line.size() > 1 && is_blank(line[1])) {
        return tl::unexpected(Finding{"bad-flag", 0, 1, "a '-' that stands alone",
                                      "a leading '-' (not logged) is joined to the schedule"});
    }
    const std::string_view scheduled = line.substr(entry.schedule_begin);
    const std::size_t schedule_end = entry.schedule_begin + schedule::schedule_length(scheduled);
    entry.schedule_text =
        with_single_blanks(line.substr(entry.schedule_begin, schedule_end - entry.schedule_begin));
    std::size_t at = skip_blanks(line, schedule_end);
    const bool is_nickname = scheduled.substr(0, 1) == "@";
    if (auto finding = find_sixth_field(line, at, is_nickname, kind))
        return tl::unexpected(*std::move(finding));
    std::size_t with_blanks = at;
    if (kind == Kind::system) {
        if (auto finding = check_user(line, at)) return tl::unexpected(*std::move(finding));
        entry.user = word_at(line, at);
        with_blanks = at + entry.user.size() + 1;
        at = skip_blanks(line, with_blanks);
    }
    auto flags = read_flags(line.substr(at));
    if (!flags) return tl::unexpected(shifted(std::move(flags).error(), at));
    entry.flags = *flags;
    entry.flags.quiet |= entry.schedule_begin > 0;
    if (flags->length > 0) with_blanks = at += flags->length;
    entry.command = line.substr(at);
    entry.command_with_blanks = line.substr(with_blanks);
    if (entry.command.empty() || entry.command.front() == '%') {
        return tl::unexpected(Finding{"no-command", at, line.size(), "no command", {}});
    }
    return entry;
}

bool seems_to_have_user(std::string_view command) {
    return word_at(command, 0) == "root" && skip_blanks(command, 4) < command.size();
}

}  // namespace cron::crontab
