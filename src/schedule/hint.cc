#include "schedule/hint.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "schedule/field.h"

namespace cron::schedule {
namespace {

std::string value_text(const FieldSpec& spec, unsigned value, bool named) {
    const std::size_t index = value - spec.first;
    if (named && index < spec.value_names.size()) return std::string(spec.value_names[index]);
    return std::to_string(value);
}

std::string range_text(const FieldSpec& spec, const BackwardRange& range, bool named) {
    std::string text = value_text(spec, range.low, named);
    if (range.high < range.low + range.step) return text;
    text += "-" + value_text(spec, range.high, named);
    if (range.step > 1) text += fmt::format("/{}", range.step);
    return text;
}

}  // namespace

std::string backward_range_hint(std::size_t field, const BackwardRange& range, bool named) {
    const FieldSpec& spec = kFields[field];
    const unsigned last = field == kDayOfWeek ? spec.last - 1 : spec.last;
    const unsigned size = last - spec.first + 1;
    // Years do not begin anew.
    if (field == kYear)
        return fmt::format("write '{}'",
                           range_text(spec, {range.high, range.low, range.step}, named));
    // From Sunday as 7 a range runs forward as from 0.
    if (range.low > last) {
        return fmt::format("write '{}'",
                           range_text(spec, {spec.first, range.high, range.step}, named));
    }
    std::string text = range_text(spec, {range.low, last, range.step}, named);
    const std::uint64_t next =
        range.low + ((last - range.low) / range.step + 1) * range.step - size;
    if (next <= range.high) {
        text +=
            "," + range_text(spec, {static_cast<unsigned>(next), range.high, range.step}, named);
    }
    return fmt::format("write '{}'", text);
}

std::string value_hint(std::size_t field, std::string_view text) {
    const FieldSpec& spec = kFields[field];
    if (text.empty()) return "a range has a value on both sides";
    for (const std::string_view name : spec.value_names) {
        if (equal_ignoring_case(text.substr(0, name.size()), name) && text.size() > name.size() &&
            std::all_of(text.begin(), text.end(), is_alpha)) {
            return fmt::format("names have three letters: write '{}'", name);
        }
    }
    if (text.front() == '?') return "'?' stands alone, for '*'";
    if (text.find('#') != std::string_view::npos) return "'#' counts days of the week: '5#3'";
    if (text == "L" || text == "LW" || text == "W" ||
        (is_digit(text.front()) && (text.back() == 'L' || text.back() == 'W'))) {
        return "'L' and 'W' belong to the fields of days: 'L', 'LW', '15W'; '5L' as a weekday";
    }
    if (text.find_first_of(";:|.") != std::string_view::npos)
        return "the items of a list are separated by ','";
    if (std::all_of(text.begin(), text.end(), is_digit)) return {};
    if (spec.value_names.empty()) return {};
    return fmt::format("the names are {}",
                       fmt::join(spec.value_names.begin(), spec.value_names.end(), " "));
}

}  // namespace cron::schedule
