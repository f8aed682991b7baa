// The small change of descriptions: numbers, lists and series in English.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cron::schedule {

using Numbers = std::vector<unsigned>;  // ascending
using Phrases = std::vector<std::string>;

// The numbers of the bits that are set.
Numbers numbers_of(std::uint64_t bits);

// At least two numbers with equal steps between them.
struct Series {
    unsigned first = 0;
    unsigned last = 0;
    unsigned step = 1;
    std::size_t count = 0;

    // Whether it goes on without a break where [0, size) begins anew, from 0 or not.
    bool goes_round(unsigned size) const {
        return size % step == 0 && first < step && last + step >= size;
    }
};
std::optional<Series> series_of(const Numbers& numbers);

// Neighbours in one, where they are at least three: 1, 3-5, 8.
struct Run {
    unsigned first = 0;
    unsigned last = 0;
};
std::vector<Run> runs_of(const Numbers& numbers);

std::string ordinal(unsigned number);               // "1st"
std::string clock(unsigned hour, unsigned minute);  // "09:05"
std::string joined(const Phrases& phrases);         // "a, b and c"
std::string_view month_name(unsigned month);        // from 1
std::string_view weekday_name(unsigned weekday);    // 0 and 7 are Sunday

// "5, 10 to 12 and 45"
std::string list(const Numbers& numbers);

}  // namespace cron::schedule
