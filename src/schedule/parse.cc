// The reader of schedules. Where Debian's cron and cronie agree it reads as they do; what one of
// them accepts without sense is an error that shows how to write it (docs/time.md lists them).

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "schedule/duration.h"
#include "schedule/field.h"
#include "schedule/field_reader.h"
#include "schedule/schedule.h"

namespace cron::schedule {
namespace {

constexpr std::size_t kLengthMax = 64 * 1024;

struct Nickname {
    std::string_view name;
    std::string_view fields;
};

constexpr std::array<Nickname, 7> kNicknames = {{{"@yearly", "0 0 1 1 *"},
                                                 {"@annually", "0 0 1 1 *"},
                                                 {"@monthly", "0 0 1 * *"},
                                                 {"@weekly", "0 0 * * 0"},
                                                 {"@daily", "0 0 * * *"},
                                                 {"@midnight", "0 0 * * *"},
                                                 {"@hourly", "0 * * * *"}}};
constexpr std::string_view kReboot = "@reboot";
constexpr std::string_view kEvery = "@every";

// The word that starts at or after `from`; empty at the end of the line.
Word word_after(std::string_view line, std::size_t from) {
    while (from < line.size() && is_blank(line[from])) ++from;
    std::size_t end = from;
    while (end < line.size() && !is_blank(line[end])) ++end;
    return {from, line.substr(from, end - from)};
}

// The words that a schedule is made of: one, two of @every, or as many as there may be fields.
struct Words {
    std::string_view line;
    std::array<Word, kFieldCount> words{};
    std::size_t count = 0;

    std::size_t length() const { return count == 0 ? 0 : words[count - 1].end(); }
    Word all() const { return {0, line.substr(0, length())}; }
};

Read<Schedule> read_fields(const Words& words, std::uint64_t seed, Form form) {
    if (words.count < field_count_min(form)) {
        const bool six = form == Form::six_fields;
        return error_at(
            words.all(),
            fmt::format("a schedule {}has {} fields, here are {}", six ? "with seconds " : "",
                        field_count_min(form), words.count),
            fmt::format("the fields are {}minute, hour, day of month, month, day of week",
                        six ? "second, " : ""));
    }
    const std::size_t first = first_field(form, words.count);
    Fields fields;
    for (std::size_t i = 0; i < words.count; ++i) {
        const Read<void> read = read_field(first + i, words.words[i], form, seed, fields);
        if (!read) return tl::unexpected<ParseError>(read.error());
    }
    return Schedule::of_fields(fields);
}

// How many of the words supercronic takes for fields: what reads as seven of them, then as six. A
// word of a year's letters is always one, though it may be no year that there is.
std::size_t count_fields(Words words) {
    const auto is_year = [&](std::size_t index) {
        return index < words.count && words.words.at(index).text.find_first_not_of(
                                          "0123456789*/,-?") == std::string_view::npos;
    };
    const auto reads_as = [&](std::size_t count) {
        words.count = count;
        return read_fields(words, 0, Form::supercronic).has_value();
    };
    const bool has_sixth = is_year(5);
    const bool has_seventh = is_year(6);
    if (has_seventh && reads_as(7)) return 7;
    if (has_sixth && (!has_seventh || reads_as(6))) return 6;
    return has_sixth ? 7 : 5;
}

Words words_of(std::string_view line, Form form) {
    Words found{line, {}, 0};
    std::size_t wanted = field_count_max(form);
    for (std::size_t from = 0; found.count < wanted;) {
        const Word word = word_after(line, from);
        if (word.text.empty()) break;
        found.words[found.count++] = word;
        from = word.end();
        if (found.count == 1 && word.text.front() == '@') {
            wanted = equal_ignoring_case(word.text, kEvery) ? 2 : 1;
        }
    }
    if (form == Form::supercronic) found.count = std::min(found.count, count_fields(found));
    return found;
}

Read<Schedule> read_every(const Words& words) {
    constexpr std::string_view kHint =
        "write '@every 90s', '@every 5m', '@every 2h30m' or '@every 1d'";
    if (words.count < 2)
        return error_at(words.words[0], "@every has no duration", std::string(kHint));
    const Word& word = words.words[1];
    const std::optional<seconds> interval = parse_duration(word.text);
    if (interval && *interval >= seconds{1}) return Schedule::every(*interval);
    return error_at(word,
                    fmt::format("{} is not a duration from 1s to {}", quoted(word.text),
                                print_duration(kDurationMax)),
                    std::string(kHint));
}

Read<Schedule> read_nickname(const Words& words) {
    const Word& word = words.words[0];
    if (equal_ignoring_case(word.text, kEvery)) return read_every(words);
    if (equal_ignoring_case(word.text, kReboot)) return Schedule::at_reboot();
    for (const Nickname& nickname : kNicknames) {
        if (equal_ignoring_case(word.text, nickname.name))
            return read_fields(words_of(nickname.fields, Form::five_fields), 0, Form::five_fields);
    }
    return error_at(
        word, fmt::format("{} is not a nickname", quoted(word.text)),
        "the nicknames are @yearly @annually @monthly @weekly @daily @midnight @hourly @reboot, "
        "and @every with a duration");
}

// What stands after a schedule that should have stood alone.
tl::unexpected<ParseError> error_after(const Word& rest, Form form, bool nickname) {
    if (nickname) {
        return error_at(rest, fmt::format("{} follows the nickname", quoted(rest.text)),
                        "a nickname stands alone");
    }
    std::string hint = "take out what is too much";
    if (form == Form::five_fields) {
        hint +=
            "; six fields, seconds first, are read where they are asked for (--seconds; in a "
            "table CRON_SECONDS=yes above the line)";
    }
    return error_at(rest,
                    fmt::format("{} is more than the {} fields of a schedule", quoted(rest.text),
                                field_count_max(form)),
                    std::move(hint));
}

}  // namespace

std::size_t schedule_length(std::string_view line, Form form) {
    return words_of(line, form).length();
}

tl::expected<Parsed, ParseError> parse(std::string_view line, std::uint64_t seed, Form form) {
    const Words words = words_of(line, form);
    if (words.length() > kLengthMax) {
        return error_at(words.all(), fmt::format("the schedule has {} bytes, the limit is {}",
                                                 words.length(), kLengthMax));
    }
    const bool nickname = words.count > 0 && words.words[0].text.front() == '@';
    Read<Schedule> schedule = nickname ? read_nickname(words) : read_fields(words, seed, form);
    if (!schedule) return tl::unexpected<ParseError>(std::move(schedule.error()));
    return Parsed{*schedule, words.length()};
}

tl::expected<Schedule, ParseError> parse_whole(std::string_view text, std::uint64_t seed,
                                               Form form) {
    const std::string_view line = trim_blanks(text);
    const auto offset = static_cast<std::size_t>(line.data() - text.data());
    const auto shifted = [&](ParseError error) {
        error.begin += offset;
        error.end += offset;
        return tl::unexpected<ParseError>(std::move(error));
    };
    auto parsed = parse(line, seed, form);
    if (!parsed) return shifted(std::move(parsed.error()));
    const Word rest{parsed->length, trim_blanks(line.substr(parsed->length))};
    if (rest.text.empty()) return parsed->schedule;
    const std::size_t column = static_cast<std::size_t>(rest.text.data() - line.data());
    const bool nickname = line.front() == '@';
    return shifted(error_after({column, rest.text}, form, nickname).value());
}

}  // namespace cron::schedule
