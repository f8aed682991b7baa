// What the advisers share: the fields of a schedule's text, and its months.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/advice.h"
#include "schedule/field.h"
#include "schedule/field_reader.h"
#include "schedule/words.h"

namespace cron::schedule {

// The fields as written; empty ones where there is no field for seconds, or for years.
class FieldTexts {
  public:
    FieldTexts(std::string_view text, Form form);

    const Word& operator[](std::size_t index) const { return words_.at(index); }
    // From the field `first` to the field `last`, both included.
    Word between(std::size_t first, std::size_t last) const;

  private:
    std::string_view text_;
    std::array<Word, kFieldCount> words_{};
};

// The parts between the commas.
std::vector<Word> items_of(const Word& field);

Advice advice_at(const Word& place, std::string_view name, std::string message, std::string hint);

// In a leap year.
unsigned last_day(unsigned month);
// Those of the months `months`, one bit each, that never have the day `day`.
std::vector<std::string> months_without(std::uint16_t months, unsigned day);

// Whether two of the values follow each other, the first upon the last.
bool has_neighbours(std::size_t field, std::uint64_t bits);

// What counts as every value of the field: a week has seven days.
std::size_t size_of(std::size_t field);

std::vector<Advice> advise_on_steps(const FieldTexts& texts, const Fields& fields);

}  // namespace cron::schedule
