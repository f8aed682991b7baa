// The reader of schedules. Where Debian's cron and cronie agree it reads as they do; what one of
// them accepts without sense is an error that shows how to write it (docs/time.md lists them).

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "schedule/duration.h"
#include "schedule/field.h"
#include "schedule/hint.h"
#include "schedule/schedule.h"

namespace cron::schedule {
namespace {

constexpr std::size_t kLengthMax = 64 * 1024;
constexpr std::uint64_t kStepMax = 2147483647;
// `~` and `a~` stop here, so that every month has the day chosen.
constexpr unsigned kRandomDayMax = 28;

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

// A part of the line, with its column.
struct Word {
    std::size_t begin = 0;
    std::string_view text;

    std::size_t end() const { return begin + text.size(); }
    Word part(std::size_t offset, std::size_t length = std::string_view::npos) const {
        return {begin + offset, text.substr(offset, length)};
    }
};

template <class T>
using Read = tl::expected<T, ParseError>;

tl::unexpected<ParseError> error_at(const Word& word, std::string message, std::string hint = {}) {
    return tl::unexpected<ParseError>(
        ParseError{word.begin, word.end(), std::move(message), std::move(hint)});
}

// The word that starts at or after `from`; empty at the end of the line.
Word word_after(std::string_view line, std::size_t from) {
    while (from < line.size() && is_blank(line[from])) ++from;
    std::size_t end = from;
    while (end < line.size() && !is_blank(line[end])) ++end;
    return {from, line.substr(from, end - from)};
}

// The words that a schedule is made of: one, two of @every, or up to five.
struct Words {
    std::string_view line;
    std::array<Word, kFieldCount> words{};
    std::size_t count = 0;

    std::size_t length() const { return count == 0 ? 0 : words[count - 1].end(); }
    Word all() const { return {0, line.substr(0, length())}; }
};

Words words_of(std::string_view line) {
    Words found{line, {}, 0};
    std::size_t wanted = kFieldCount;
    for (std::size_t from = 0; found.count < wanted;) {
        const Word word = word_after(line, from);
        if (word.text.empty()) break;
        found.words[found.count++] = word;
        from = word.end();
        if (found.count == 1 && word.text.front() == '@') {
            wanted = equal_ignoring_case(word.text, kEvery) ? 2 : 1;
        }
    }
    return found;
}

// One field of a line.
class FieldReader {
  public:
    FieldReader(std::size_t index, const Word& field, std::uint64_t seed)
        : index_(index), spec_(kFields[index]), field_(field), seed_(seed) {}

    // field = item { "," item }
    Read<FieldValues> read() const {
        FieldValues values{0, field_.text.front() == '*'};
        std::size_t number = 0;
        for (std::size_t begin = 0; begin <= field_.text.size(); ++number) {
            const std::size_t comma = std::min(field_.text.find(',', begin), field_.text.size());
            const Read<std::uint64_t> bits = read_item(field_.part(begin, comma - begin), number);
            if (!bits) return tl::unexpected<ParseError>(bits.error());
            values.bits |= *bits;
            begin = comma + 1;
        }
        return values;
    }

  private:
    struct Range {
        unsigned low = 0;
        unsigned high = 0;
    };

    // item = ( "*" | value "-" value | [ value ] "~" [ value ] ) [ "/" step ] | value
    Read<std::uint64_t> read_item(const Word& item, std::size_t number) const {
        if (item.text.empty()) {
            return error_at(
                field_,
                fmt::format("{} {} has an empty item in its list", spec_.name, quoted(field_.text)),
                "take out the extra ','");
        }
        const std::size_t slash = item.text.find('/');
        const Word base = item.part(0, slash);
        const bool star = base.text.starts_with('*');
        const bool single = !star && base.text.find_first_of("-~") == std::string_view::npos;
        std::uint64_t step = 1;
        if (slash != std::string_view::npos) {
            const Read<std::uint64_t> read = read_step(item.part(slash + 1), item);
            if (!read) return read;
            step = *read;
        }
        if (single) {
            const Read<unsigned> value = read_value(base, item);
            if (!value) return tl::unexpected<ParseError>(value.error());
            if (slash != std::string_view::npos) {
                return error_at(
                    item,
                    fmt::format("{} {} has a step but no range", spec_.name, quoted(item.text)),
                    fmt::format("write '{}-{}/{}'", base.text, spec_.last, step));
            }
            return stepped_bits(index_, *value, *value, 1);
        }
        if (base.text.find('~') != std::string_view::npos) {
            return read_random(base, item, slash == std::string_view::npos ? 0 : step, number);
        }
        const Read<Range> range = star ? read_star(base, item) : read_range(base, item, step);
        if (!range) return tl::unexpected<ParseError>(range.error());
        return stepped_bits(index_, range->low, range->high, step);
    }

    Read<Range> read_star(const Word& base, const Word& item) const {
        if (base.text.size() > 1) {
            return error_at(
                base.part(1),
                fmt::format("{} {} goes on after its '*'", spec_.name, quoted(item.text)),
                "after '*' comes a step, as in '*/5', or nothing");
        }
        return Range{spec_.first, spec_.last};
    }

    Read<Range> read_range(const Word& base, const Word& item, std::uint64_t step) const {
        const std::size_t dash = base.text.find('-');
        const Read<unsigned> low = read_value(base.part(0, dash), item);
        if (!low) return tl::unexpected<ParseError>(low.error());
        const Read<unsigned> high = read_value(base.part(dash + 1), item);
        if (!high) return tl::unexpected<ParseError>(high.error());
        if (*low <= *high) return Range{*low, *high};
        // A week may end on Sunday whatever Sunday is called.
        if (index_ == kDayOfWeek && *high == 0) return Range{*low, spec_.last};
        return error_at(
            base,
            fmt::format("{} {} is a range that runs backwards", spec_.name, quoted(item.text)),
            backward_range_hint(index_, {*low, *high, step}, is_alpha(base.text.front())));
    }

    // A choice that is always the same for the same seed, field and item. `step` is 0 if there is
    // none.
    Read<std::uint64_t> read_random(const Word& base, const Word& item, std::uint64_t step,
                                    std::size_t number) const {
        const std::size_t tilde = base.text.find('~');
        Range range{spec_.first, random_last()};
        if (tilde > 0) {
            const Read<unsigned> low = read_value(base.part(0, tilde), item);
            if (!low) return tl::unexpected<ParseError>(low.error());
            range.low = *low;
            if (range.low > range.high) range.high = spec_.last;
        }
        if (tilde + 1 < base.text.size()) {
            const Read<unsigned> high = read_value(base.part(tilde + 1), item);
            if (!high) return tl::unexpected<ParseError>(high.error());
            range.high =
                index_ == kDayOfWeek && *high < range.low && *high == 0 ? spec_.last : *high;
        }
        if (range.low > range.high) {
            return error_at(
                base,
                fmt::format("{} {} is a range that runs backwards", spec_.name, quoted(item.text)),
                fmt::format("write '{}~{}'", base.text.substr(tilde + 1),
                            base.text.substr(0, tilde)));
        }
        const std::uint64_t size = range.high - range.low + 1;
        const std::uint64_t chance = stable_hash(fmt::format("{} {}", spec_.name, number), seed_);
        if (step == 0) {
            const auto value = range.low + static_cast<unsigned>(chance % size);
            return stepped_bits(index_, value, value, 1);
        }
        const auto start = range.low + static_cast<unsigned>(chance % std::min(step, size));
        return stepped_bits(index_, start, range.high, step);
    }

    // Where a choice without upper end stops: 7 would give Sunday two chances.
    unsigned random_last() const {
        if (index_ == kDayOfWeek) return 6;
        return index_ == kDayOfMonth ? kRandomDayMax : spec_.last;
    }

    Read<std::uint64_t> read_step(const Word& word, const Word& item) const {
        const std::optional<std::uint64_t> step = parse_decimal(word.text);
        if (step && *step >= 1 && *step <= kStepMax) return *step;
        return error_at(word.text.empty() ? item : word,
                        fmt::format("the step {} of {} is not a number from 1 to {}",
                                    quoted(word.text), spec_.name, kStepMax));
    }

    // value = number | name
    Read<unsigned> read_value(const Word& word, const Word& item) const {
        const std::optional<std::uint64_t> number = parse_decimal(word.text);
        if (number && *number >= spec_.first && *number <= spec_.last) {
            return static_cast<unsigned>(*number);
        }
        for (std::size_t i = 0; i < spec_.value_names.size(); ++i) {
            if (equal_ignoring_case(word.text, spec_.value_names[i])) {
                return spec_.first + static_cast<unsigned>(i);
            }
        }
        return error_at(word.text.empty() ? item : word,
                        fmt::format("{} {} is not a list of values from {} to {}", spec_.name,
                                    quoted(item.text), spec_.first, spec_.last),
                        value_hint(index_, word.text));
    }

    std::size_t index_;
    const FieldSpec& spec_;
    Word field_;
    std::uint64_t seed_;
};

Read<Schedule> read_fields(const Words& words, std::uint64_t seed) {
    if (words.count < kFieldCount) {
        return error_at(
            words.all(),
            fmt::format("a schedule has {} fields, here are {}", kFieldCount, words.count),
            "the fields are minute, hour, day of month, month, day of week");
    }
    Fields fields;
    for (std::size_t index = 0; index < kFieldCount; ++index) {
        const Read<FieldValues> values = FieldReader(index, words.words[index], seed).read();
        if (!values) return tl::unexpected<ParseError>(values.error());
        set_values(fields, index, *values);
    }
    return Schedule::of_fields(fields);
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
            return read_fields(words_of(nickname.fields), 0);
    }
    return error_at(
        word, fmt::format("{} is not a nickname", quoted(word.text)),
        "the nicknames are @yearly @annually @monthly @weekly @daily @midnight @hourly @reboot, "
        "and @every with a duration");
}

}  // namespace

std::size_t schedule_length(std::string_view line) { return words_of(line).length(); }

tl::expected<Parsed, ParseError> parse(std::string_view line, std::uint64_t seed) {
    const Words words = words_of(line);
    if (words.length() > kLengthMax) {
        return error_at(words.all(), fmt::format("the schedule has {} bytes, the limit is {}",
                                                 words.length(), kLengthMax));
    }
    const bool nickname = words.count > 0 && words.words[0].text.front() == '@';
    Read<Schedule> schedule = nickname ? read_nickname(words) : read_fields(words, seed);
    if (!schedule) return tl::unexpected<ParseError>(std::move(schedule.error()));
    return Parsed{*schedule, words.length()};
}

}  // namespace cron::schedule
