// How to write it right: hints for the texts that schedules are often written with by mistake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cron::schedule {

struct BackwardRange {
    unsigned low = 0;  // above high
    unsigned high = 0;
    std::uint64_t step = 1;
};

// What a range over the end of its field was meant to say: "write '22-23,0-2'". With names if
// `named`.
std::string backward_range_hint(std::size_t field, const BackwardRange& range, bool named);

// For a `text` that is no value of its field; empty if there is nothing to say.
std::string value_hint(std::size_t field, std::string_view text);

}  // namespace cron::schedule
