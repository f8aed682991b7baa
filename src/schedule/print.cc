// The writer of schedules: the shortest usual spelling that parses to an equal one.

#include <bit>

#include <fmt/format.h>

#include "schedule/duration.h"
#include "schedule/field.h"
#include "schedule/schedule.h"

namespace cron::schedule {
namespace {

// The values of `*/step` in the field.
std::uint64_t star_bits(std::size_t index, std::uint64_t step) {
    return stepped_bits(index, kFields[index].first, kFields[index].last, step);
}

// a,b or a-b for every run of neighbours.
std::string print_runs(std::uint64_t bits) {
    std::string text;
    while (bits != 0) {
        const int low = std::countr_zero(bits);
        const int size = std::countr_one(bits >> low);
        const int high = low + size - 1;
        if (!text.empty()) text += ',';
        text += std::to_string(low);
        if (size > 1) text += fmt::format("{}{}", size == 2 ? ',' : '-', high);
        bits &= bits + (std::uint64_t{1} << low);
    }
    return text;
}

// "5-50/15" where the values are at least three in equal steps, else their runs.
std::string print_list(std::uint64_t bits) {
    const int count = std::popcount(bits);
    const int low = std::countr_zero(bits);
    const int high = 63 - std::countl_zero(bits);
    if (count >= 3 && (high - low) % (count - 1) == 0) {
        const int step = (high - low) / (count - 1);
        std::uint64_t stepped = 0;
        for (int value = low; value <= high; value += step) stepped |= std::uint64_t{1} << value;
        if (step > 1 && stepped == bits) return fmt::format("{}-{}/{}", low, high, step);
    }
    return print_runs(bits);
}

// A `*` comes first where, and only where, it did in the text (no rule asks for that of the month).
std::string print_field(std::size_t index, const FieldValues& values) {
    if (!values.star && index != kMonth) return print_list(values.bits);
    if (values.bits == all_bits(index)) return "*";
    std::uint64_t step = 2;
    // The largest step leaves only the first value, which is there whenever the star is.
    const std::uint64_t last_step = kFields[index].last - kFields[index].first + 1;
    while (step < last_step && (star_bits(index, step) & ~values.bits) != 0) ++step;
    const std::uint64_t rest = values.bits & ~star_bits(index, step);
    if (index == kMonth && (rest != 0 || step == last_step)) return print_list(values.bits);
    std::string text = fmt::format("*/{}", step);
    if (rest != 0) text += "," + print_list(rest);
    return text;
}

}  // namespace

std::string print(const Schedule& schedule) {
    switch (schedule.kind()) {
        case Schedule::Kind::every:
            return "@every " + print_duration(schedule.interval());
        case Schedule::Kind::reboot:
            return "@reboot";
        case Schedule::Kind::fields:
            break;
    }
    std::string text;
    for (std::size_t index = 0; index < kFieldCount; ++index) {
        if (index > 0) text += ' ';
        text += print_field(index, values_of(schedule.fields(), index));
    }
    return text;
}

}  // namespace cron::schedule
