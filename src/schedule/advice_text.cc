#include "schedule/advice_text.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::schedule {

FieldTexts::FieldTexts(std::string_view text, Form form) : text_(text) {
    std::vector<Word> words;
    for (std::size_t at = 0; words.size() < field_count_max(form);) {
        while (at < text.size() && is_blank(text[at])) ++at;
        const std::size_t begin = at;
        while (at < text.size() && !is_blank(text[at])) ++at;
        if (begin == at) break;
        words.push_back({begin, text.substr(begin, at - begin)});
    }
    std::copy(words.begin(), words.end(),
              words_.begin() + static_cast<std::ptrdiff_t>(first_field(form, words.size())));
}

Word FieldTexts::between(std::size_t first, std::size_t last) const {
    const std::size_t begin = words_.at(first).begin;
    return {begin, text_.substr(begin, words_.at(last).end() - begin)};
}

std::vector<Word> items_of(const Word& field) {
    std::vector<Word> items;
    for (std::size_t begin = 0; begin <= field.text.size();) {
        const std::size_t comma = std::min(field.text.find(',', begin), field.text.size());
        items.push_back(field.part(begin, comma - begin));
        begin = comma + 1;
    }
    return items;
}

Advice advice_at(const Word& place, std::string_view name, std::string message, std::string hint) {
    return {name, place.begin, place.end(), std::move(message), std::move(hint)};
}

unsigned last_day(unsigned month) {
    if (month == 2) return 29;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::vector<std::string> months_without(std::uint16_t months, unsigned day) {
    std::vector<std::string> found;
    for (unsigned month = 1; month <= 12; ++month) {
        if ((months >> month & 1) != 0 && last_day(month) < day) {
            found.emplace_back(month_name(month));
        }
    }
    return found;
}

std::size_t size_of(std::size_t field) {
    return static_cast<std::size_t>(std::popcount(all_bits(field)));
}

bool has_neighbours(std::size_t field, std::uint64_t bits) {
    const std::uint64_t values = bits >> (field == kDayOfWeek ? 0 : kFields[field].first);
    const std::uint64_t wrapped = values << 1 | values >> (size_of(field) - 1);
    return (values & wrapped) != 0;
}

}  // namespace cron::schedule
