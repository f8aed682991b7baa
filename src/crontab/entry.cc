#include "crontab/entry.h"

#include <algorithm>
#include <array>
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

// "MON-FRI", "mon,wed", "5#3": no command is called so. A single name may be one.
bool is_weekday_field(std::string_view word) {
    constexpr std::size_t kBytesMax = 64;
    if (word.size() > kBytesMax || word.find_first_of("-,#") == std::string_view::npos) {
        return false;
    }
    return schedule::parse_whole("* * * * " + std::string(word), 0).has_value();
}

// One field more than `form` has, or a command that begins with a star as Vixie cron has it. A
// nickname has no fields.
std::optional<Finding> find_extra_field(std::string_view line, std::size_t begin, bool is_nickname,
                                        Kind kind, schedule::Form form) {
    const std::string_view word = word_at(line, begin);
    const bool has_extra_field =
        !is_nickname && !word.empty() && (is_field_like(word) || is_weekday_field(word));
    const bool begins_with_star = kind == Kind::user && word.substr(0, 1) == "*";
    if (!has_extra_field && !begins_with_star) return std::nullopt;
    const bool has_user = kind == Kind::system;
    const std::string_view follows =
        has_user ? "then come the user and the command" : "then comes the command";
    if (form == schedule::Form::supercronic && !is_nickname) {
        return Finding{"extra-field", begin, begin + word.size(),
                       fmt::format("a field {} after the schedule", quoted(word)),
                       fmt::format("a schedule has five fields, six with a year last, or seven "
                                   "with the second first as well; {}",
                                   follows)};
    }
    if (form == schedule::Form::six_fields && !is_nickname) {
        return Finding{"seven-fields", begin, begin + word.size(),
                       fmt::format("a seventh field {}: a schedule has no year", quoted(word)),
                       fmt::format("with CRON_SECONDS=yes a schedule has six fields, {}: "
                                   "remove one field",
                                   follows)};
    }
    return Finding{"six-fields", begin, begin + word.size(),
                   fmt::format("a sixth field {}: crons disagree on what it means", quoted(word)),
                   fmt::format("a schedule has five fields, {}: write CRON_SECONDS=yes above the "
                               "line if the first is seconds, or remove one field",
                               follows)};
}

bool is_full_weekday_name(std::string_view word) {
    static constexpr std::array<std::string_view, 7> kNames = {
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
    return std::any_of(kNames.begin(), kNames.end(),
                       [&](std::string_view name) { return equal_ignoring_case(word, name); });
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

tl::expected<EntryText, Finding> read_entry(std::string_view line, const Options& options,
                                            schedule::Form form) {
    const Kind kind = options.kind;
    EntryText entry;
    entry.schedule_begin = schedule_begin(line);
    if (entry.schedule_begin > 0 && line.size() > 1 && is_blank(line[1])) {
        return tl::unexpected(Finding{"bad-flag", 0, 1, "a '-' that stands alone",
                                      "a leading '-' (not logged) is joined to the schedule"});
    }
    const std::string_view scheduled = line.substr(entry.schedule_begin);
    const std::size_t schedule_end =
        entry.schedule_begin + schedule::schedule_length(scheduled, form);
    entry.schedule_text =
        with_single_blanks(line.substr(entry.schedule_begin, schedule_end - entry.schedule_begin));
    std::size_t at = skip_blanks(line, schedule_end);
    const bool is_nickname = scheduled.substr(0, 1) == "@";
    if (auto finding = find_extra_field(line, at, is_nickname, kind, form))
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
    const bool is_input = options.dialect == Dialect::cron && entry.command.starts_with('%');
    if (entry.command.empty() || is_input) {
        return tl::unexpected(Finding{"no-command", at, line.size(), "no command", {}});
    }
    return entry;
}

schedule::Form probable_form(std::string_view line) {
    using schedule::Form;
    const bool six =
        schedule::parse(line.substr(schedule_begin(line)), 0, Form::six_fields).has_value();
    return six ? Form::six_fields : Form::five_fields;
}

Finding schedule_finding(std::string_view scheduled, schedule::Form form,
                         const schedule::ParseError& error) {
    using schedule::Form;
    Finding finding{"bad-schedule", error.begin, error.end, error.message, error.hint};
    const std::size_t five_length = schedule::schedule_length(scheduled, Form::five_fields);
    const std::string_view sixth = word_at(scheduled, skip_blanks(scheduled, five_length));
    if (form != Form::six_fields || error.begin <= five_length || is_field_like(sixth) ||
        is_full_weekday_name(sixth) || !schedule::parse(scheduled, 0, Form::five_fields)) {
        return finding;
    }
    const std::string five = with_single_blanks(scheduled.substr(0, five_length));
    return Finding{"five-fields", 0, five_length,
                   "five fields, where CRON_SECONDS=yes asks for six",
                   fmt::format("the second comes first: write '0 {}', or CRON_SECONDS=no above "
                               "the line",
                               five)};
}

bool seems_to_have_user(std::string_view command) {
    return word_at(command, 0) == "root" && skip_blanks(command, 4) < command.size();
}

}  // namespace cron::crontab
