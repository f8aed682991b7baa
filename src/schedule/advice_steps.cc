// Steps that do not come out even where their field begins anew.

#include <bit>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "schedule/advice_text.h"
#include "schedule/duration.h"

namespace cron::schedule {
namespace {

struct FieldWords {
    std::string_view whole;  // what the values of the field make up
    std::string_view unit;   // of which a value is one
    seconds unit_length{};   // 0 where it varies
};

// In the order of the fields.
constexpr std::array<FieldWords, kMaskCount> kWords = {{{"minute", "second", seconds{1}},
                                                        {"hour", "minute", minutes{1}},
                                                        {"day", "hour", hours{1}},
                                                        {"month", "day", hours{24}},
                                                        {"year", "month", seconds{0}},
                                                        {"week", "day", hours{24}}}};

struct Stepped {
    Word item;
    std::uint64_t step = 0;
};

bool is_whole_range(std::size_t index, std::string_view low, std::string_view high) {
    const auto first = parse_decimal(low);
    const auto last = parse_decimal(high);
    if (!first || !last) return false;
    return *last - *first + 1 >= size_of(index) && *first <= *last;
}

// Whether the step of an item runs through the whole field: "*", "0-59", "H", "~".
bool is_whole(std::size_t index, std::string_view base) {
    if (base == "*" || base == "~" || base == "H" || base == "h") return true;
    const std::size_t mark = base.find_first_of("-~");
    return mark != std::string_view::npos &&
           is_whole_range(index, base.substr(0, mark), base.substr(mark + 1));
}

// The one item of a field, where it is a step through the whole.
std::optional<Stepped> whole_step(std::size_t index, const Word& field) {
    const std::size_t slash = field.text.find('/');
    if (slash == std::string_view::npos || field.text.find(',') != std::string_view::npos) {
        return std::nullopt;
    }
    const auto step = parse_decimal(field.text.substr(slash + 1));
    if (!step || !is_whole(index, field.text.substr(0, slash))) return std::nullopt;
    return Stepped{field, *step};
}

bool names_all(const Fields& fields, std::size_t index) {
    return values_of(fields, index).bits == all_bits(index);
}

// Whether the field, when it has come to its end, begins anew at once.
bool goes_on(const Fields& fields, std::size_t index) {
    const auto neighbours = [&](std::size_t field) {
        return has_neighbours(field, values_of(fields, field).bits);
    };
    switch (index) {
        case kSecond:
            return neighbours(kMinute);
        case kMinute:
            return neighbours(kHour);
        case kHour:
            return neighbours(kDayOfMonth) && neighbours(kDayOfWeek);
        case kDayOfMonth:
            return neighbours(kMonth) && names_all(fields, kDayOfWeek);
        case kDayOfWeek:
            return names_all(fields, kDayOfMonth);
        default:
            return true;
    }
}

std::string value_text(std::size_t index, unsigned value) {
    if (index == kMonth) return std::string(month_name(value));
    if (index == kDayOfWeek) return std::string(weekday_name(value));
    if (index == kDayOfMonth) return "the " + ordinal(value);
    return fmt::format("{} {}", kFields[index].name, value);
}

std::string count_text(std::uint64_t count, std::string_view unit) {
    return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
}

// "'@every 45m' keeps its step"; empty where it cannot say so.
std::string every_hint(std::size_t index, std::uint64_t step) {
    const seconds unit = kWords.at(index).unit_length;
    if (unit == seconds{0} || step > static_cast<std::uint64_t>(kDurationMax / unit)) return {};
    std::string_view anchor;
    if (unit >= hours{1}) anchor = ", counted in UTC";
    if (unit >= hours{24}) anchor = ", at 00:00 UTC";
    return fmt::format("'@every {}' keeps its step{}",
                       print_duration(unit * static_cast<std::int64_t>(step)), anchor);
}

// The steps nearest to `step` that divide the field.
std::string even_hint(std::size_t index, std::uint64_t step) {
    const std::size_t size = size_of(index);
    std::size_t below = step;
    std::size_t above = step;
    while (size % below != 0) --below;
    while (size % above != 0) ++above;
    const std::string steps =
        below == 1 ? std::to_string(above) : fmt::format("{} or {}", below, above);
    return fmt::format("{} would come out even", steps);
}

// Two values of a field, the second the next after the first.
struct Gap {
    unsigned from = 0;
    unsigned to = 0;
    std::size_t length = 0;
};

// The gap in the field's round that differs from the step.
Gap odd_gap(std::size_t index, const Stepped& stepped, std::uint64_t bits) {
    const auto first = static_cast<unsigned>(std::countr_zero(bits));
    unsigned from = first;
    for (std::uint64_t rest = bits & (bits - 1); rest != 0; rest &= rest - 1) {
        const auto to = static_cast<unsigned>(std::countr_zero(rest));
        if (to - from != stepped.step) return {from, to, to - from};
        from = to;
    }
    return {from, first, size_of(index) - (from - first)};
}

Advice uneven(std::size_t index, const Stepped& stepped, std::uint64_t bits) {
    const Gap gap = odd_gap(index, stepped, bits);
    const FieldWords& words = kWords.at(index);
    std::string message =
        fmt::format("{} '{}' is uneven: after {} comes {}{}, {}{} later", kFields[index].name,
                    stepped.item.text, value_text(index, gap.from), value_text(index, gap.to),
                    index == kDayOfWeek ? "" : fmt::format(" of the next {}", words.whole),
                    index == kDayOfMonth && gap.length > 1 ? "at most " : "",
                    count_text(gap.length, words.unit));
    std::string hint = every_hint(index, stepped.step);
    if (index == kDayOfWeek) hint = "name the days, as in '1,3,5'";
    if (index == kMonth) hint = even_hint(index, stepped.step);
    if (index <= kHour) hint = even_hint(index, stepped.step) + "; " + hint;
    return advice_at(stepped.item, "uneven-step", std::move(message), std::move(hint));
}

Advice too_long(std::size_t index, const Stepped& stepped, std::uint64_t bits) {
    const auto value = static_cast<unsigned>(std::countr_zero(bits));
    const FieldWords& words = kWords.at(index);
    std::string hint = every_hint(index, stepped.step);
    if (hint.empty()) hint = "let the command test the date";
    return advice_at(
        stepped.item, "step-too-long",
        fmt::format("{} '{}' is {} alone: a step counts within one {}", kFields[index].name,
                    stepped.item.text, value_text(index, value), words.whole),
        std::move(hint));
}

}  // namespace

std::vector<Advice> advise_on_steps(const FieldTexts& texts, const Fields& fields) {
    std::vector<Advice> found;
    for (std::size_t index = 0; index < kMaskCount; ++index) {
        const auto stepped = whole_step(index, texts[index]);
        if (!stepped || stepped->step == 1) continue;
        const std::uint64_t bits = values_of(fields, index).bits;
        const std::size_t size = size_of(index);
        if (stepped->step > size) {
            found.push_back(too_long(index, *stepped, bits));
        } else if (size % stepped->step != 0 && goes_on(fields, index)) {
            found.push_back(uneven(index, *stepped, bits));
        }
    }
    return found;
}

}  // namespace cron::schedule
