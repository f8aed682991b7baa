#include "schedule/field_reader.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "schedule/field.h"
#include "schedule/hint.h"
#include "schedule/words.h"

namespace cron::schedule {
namespace {

constexpr std::uint64_t kStepMax = 2147483647;
constexpr std::uint64_t kNoStep = 0;
// Choices without an upper end stop here, so that every month has the day chosen; from "29~" on
// there is none such, and they go on to the end.
constexpr unsigned kRandomDayMax = 28;
constexpr unsigned kBeforeLastMax = 30;

// One field of a line.
class FieldReader {
  public:
    FieldReader(std::size_t index, const Word& field, Form form, std::uint64_t seed, Fields& fields)
        : index_(index),
          spec_(kFields[index]),
          field_(field),
          is_supercronic_(form == Form::supercronic),
          seed_(seed),
          fields_(fields),
          month_days_(fields.month_days) {}

    // field = item { "," item }
    Read<void> read() {
        // Of days and years supercronic asks whether an item is a star.
        const bool is_by_item = is_supercronic_ && index_ >= kDayOfMonth;
        bool star = !is_by_item && is_every(field_.text.substr(0, 1));
        std::uint64_t bits = 0;
        Years years;
        std::size_t number = 0;
        for (std::size_t begin = 0; begin <= field_.text.size(); ++number) {
            const std::size_t comma = std::min(field_.text.find(',', begin), field_.text.size());
            const Word item = field_.part(begin, comma - begin);
            const Read<Values> values = read_item(item, number);
            if (!values) return tl::unexpected<ParseError>(values.error());
            star = star || (is_by_item && is_every(item.text));
            if (index_ == kYear) {
                years.add(values->low, values->high, values->step);
            } else if (values->step != kNoStep) {
                bits |= stepped_bits(index_, values->low, values->high, values->step);
            }
            begin = comma + 1;
        }
        if (index_ != kYear) {
            set_values(fields_, index_, {bits, star});
        } else if (!star) {
            fields_.years = years;
        }
        return {};
    }

  private:
    struct Range {
        unsigned low = 0;
        unsigned high = 0;
    };
    // low, low + step and so on up to `high`; without a step there are none.
    struct Values {
        unsigned low = 0;
        unsigned high = 0;
        std::uint64_t step = kNoStep;
    };

    static bool is_every(std::string_view text) { return text == "*" || text == "?"; }

    // item = ( "*" | value "-" value | choice ) [ "/" step ] | "?" | value | month-day
    Read<Values> read_item(const Word& item, std::size_t number) {
        if (item.text.empty()) {
            return error_at(
                field_,
                fmt::format("{} {} has an empty item in its list", spec_.name, quoted(field_.text)),
                "take out the extra ','");
        }
        if (item.text == "?") return Values{spec_.first, spec_.last, 1};
        if (is_month_day(item.text)) {
            const Read<void> read =
                index_ == kDayOfMonth ? read_day_of_month(item) : read_day_of_week(item);
            if (!read) return tl::unexpected<ParseError>(read.error());
            return Values{};
        }
        return read_values(item, number);
    }

    Read<Values> read_values(const Word& item, std::size_t number) const {
        const std::size_t slash = item.text.find('/');
        const Word base = item.part(0, slash);
        const bool star = base.text.starts_with('*');
        const bool single = !star && base.text.find_first_of("-~") == std::string_view::npos;
        std::uint64_t step = kNoStep;
        if (slash != std::string_view::npos) {
            const Read<std::uint64_t> read = read_step(item.part(slash + 1), item);
            if (!read) return tl::unexpected<ParseError>(read.error());
            step = *read;
        }
        if (is_hash(base.text)) return read_hash(base, item, step, number);
        if (single) {
            const Read<unsigned> value = read_value(base, item);
            if (!value) return tl::unexpected<ParseError>(value.error());
            if (step == kNoStep) return Values{*value, *value, 1};
            if (!is_supercronic_) {
                return error_at(
                    item,
                    fmt::format("{} {} has a step but no range", spec_.name, quoted(item.text)),
                    fmt::format("write '{}-{}/{}'", base.text, spec_.last, step));
            }
            return index_ == kDayOfWeek ? Values{*value % 7, 6, step}
                                        : Values{*value, spec_.last, step};
        }
        if (base.text.find('~') != std::string_view::npos) {
            return read_random(base, item, step, number);
        }
        if (step == kNoStep) step = 1;
        const Read<Range> range = star ? read_star(base, item) : read_range(base, item, step);
        if (!range) return tl::unexpected<ParseError>(range.error());
        return Values{range->low, range->high, step};
    }

    // Whether an item is one of MonthDays, be it written well or not.
    bool is_month_day(std::string_view text) const {
        const char first = to_lower(text.front());
        const char last = to_lower(text.back());
        if (index_ == kDayOfMonth) return first == 'l' || (last == 'w' && is_digit(first));
        return index_ == kDayOfWeek && (last == 'l' || text.find('#') != std::string_view::npos);
    }

    // month-day = "L" [ "-" number ] [ "W" ] | value "W"
    Read<void> read_day_of_month(const Word& item) {
        const bool weekday = to_lower(item.text.back()) == 'w';
        const Word day = item.part(0, item.text.size() - (weekday ? 1 : 0));
        if (is_digit(day.text.front())) {
            const Read<unsigned> value = read_value(day, item);
            if (!value) return tl::unexpected<ParseError>(value.error());
            month_days_.nearest_weekday |= 1U << *value;
            return {};
        }
        std::uint64_t before = 0;
        if (day.text.size() > 1) {
            const auto number = parse_decimal(day.text.substr(2));
            if (day.text[1] != '-' || !number || *number > kBeforeLastMax) {
                return error_at(item,
                                fmt::format("{} {} is not 'L', 'L-1' to 'L-{}', or one of these "
                                            "with 'W' after it",
                                            spec_.name, quoted(item.text), kBeforeLastMax),
                                "'L-3' is three days before the last day of the month");
            }
            before = *number;
        }
        (weekday ? month_days_.weekday_before_last : month_days_.before_last) |= 1U << before;
        return {};
    }

    // month-day = value "L" | value "#" number
    Read<void> read_day_of_week(const Word& item) {
        const std::size_t hash = item.text.find('#');
        const bool last = hash == std::string_view::npos;
        const Word day = item.part(0, last ? item.text.size() - 1 : hash);
        if (last && day.text.empty()) {
            return error_at(item, fmt::format("{} 'L' does not say which day", spec_.name),
                            "write '5L' or 'FRIL' for the last Friday of the month");
        }
        const Read<unsigned> value = read_value(day, item);
        if (!value) return tl::unexpected<ParseError>(value.error());
        const auto bit = static_cast<std::uint8_t>(1U << *value % 7);
        if (last) {
            month_days_.last = static_cast<std::uint8_t>(month_days_.last | bit);
            return {};
        }
        const Word count = item.part(hash + 1);
        const auto number = parse_decimal(count.text);
        if (!number || *number < 1 || *number > month_days_.nth.size()) {
            return error_at(count.text.empty() ? item : count,
                            fmt::format("{} {} does not count from 1 to {} after its '#'",
                                        spec_.name, quoted(item.text), month_days_.nth.size()),
                            fmt::format("write '{0}#1' for the first in the month, '{0}L' for "
                                        "the last",
                                        day.text));
        }
        std::uint8_t& nth = month_days_.nth[*number - 1];
        nth = static_cast<std::uint8_t>(nth | bit);
        return {};
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
        const Read<Range> range = read_ends(base.part(0, dash), base.part(dash + 1), item);
        if (!range || range->low <= range->high) return range;
        return runs_backwards(item, item,
                              backward_range_hint(index_, {range->low, range->high, step},
                                                  is_alpha(base.text.front())));
    }

    // The range may run backwards.
    Read<Range> read_ends(const Word& low_text, const Word& high_text, const Word& item) const {
        const Read<unsigned> low = read_value(low_text, item);
        if (!low) return tl::unexpected<ParseError>(low.error());
        const Read<unsigned> high = read_value(high_text, item);
        if (!high) return tl::unexpected<ParseError>(high.error());
        // A week may end on Sunday whatever Sunday is called.
        const bool to_sunday = index_ == kDayOfWeek && *high == 0 && *low > 0;
        return Range{*low, to_sunday ? spec_.last : *high};
    }

    tl::unexpected<ParseError> runs_backwards(const Word& place, const Word& item,
                                              std::string hint) const {
        return error_at(
            place,
            fmt::format("{} {} is a range that runs backwards", spec_.name, quoted(item.text)),
            std::move(hint));
    }

    // choice = "H" [ "(" value "-" value ")" ] | [ value ] "~" [ value ]
    static bool is_hash(std::string_view text) {
        return !text.empty() && to_lower(text.front()) == 'h' &&
               (text.size() == 1 || text[1] == '(');
    }

    Read<Values> read_hash(const Word& base, const Word& item, std::uint64_t step,
                           std::size_t number) const {
        if (base.text.size() == 1) return choose({spec_.first, random_last()}, step, number);
        const Word inner =
            base.part(2, base.text.size() - std::min<std::size_t>(base.text.size(), 3));
        if (base.text.back() != ')' || inner.text.find('-') == std::string_view::npos) {
            return error_at(
                base,
                fmt::format("{} {} is not a choice 'H' or 'H(a-b)'", spec_.name, quoted(item.text)),
                fmt::format("write 'H({}-{})'", spec_.first, random_last()));
        }
        const std::size_t dash = inner.text.find('-');
        const Word low = inner.part(0, dash);
        const Word high = inner.part(dash + 1);
        const Read<Range> range = read_ends(low, high, item);
        if (!range) return tl::unexpected<ParseError>(range.error());
        if (range->low > range->high) {
            return runs_backwards(base, item, fmt::format("write 'H({}-{})'", high.text, low.text));
        }
        return choose(*range, step, number);
    }

    Read<Values> read_random(const Word& base, const Word& item, std::uint64_t step,
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
            return runs_backwards(base, item,
                                  fmt::format("write '{}~{}'", base.text.substr(tilde + 1),
                                              base.text.substr(0, tilde)));
        }
        return choose(range, step, number);
    }

    // Always the same for the same seed, field and item.
    Values choose(const Range& range, std::uint64_t step, std::size_t number) const {
        const std::uint64_t size = range.high - range.low + 1;
        const std::uint64_t chance = stable_hash(fmt::format("{} {}", spec_.name, number), seed_);
        if (step == kNoStep) {
            const auto value = range.low + static_cast<unsigned>(chance % size);
            return {value, value, 1};
        }
        const auto start = range.low + static_cast<unsigned>(chance % std::min(step, size));
        return {start, range.high, step};
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

    // Of the value of the short name `number`.
    std::string_view full_name(std::size_t number) const {
        const auto value = spec_.first + static_cast<unsigned>(number);
        return index_ == kMonth ? month_name(value) : weekday_name(value);
    }

    // value = number | name
    Read<unsigned> read_value(const Word& word, const Word& item) const {
        const std::optional<std::uint64_t> number = parse_decimal(word.text);
        if (number && *number >= spec_.first && *number <= spec_.last) {
            return static_cast<unsigned>(*number);
        }
        for (std::size_t i = 0; i < spec_.value_names.size(); ++i) {
            if (equal_ignoring_case(word.text, spec_.value_names[i]) ||
                (is_supercronic_ && equal_ignoring_case(word.text, full_name(i)))) {
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
    bool is_supercronic_;
    std::uint64_t seed_;
    Fields& fields_;
    MonthDays& month_days_;
};

}  // namespace

Read<void> read_field(std::size_t index, const Word& field, Form form, std::uint64_t seed,
                      Fields& fields) {
    return FieldReader(index, field, form, seed, fields).read();
}

}  // namespace cron::schedule
