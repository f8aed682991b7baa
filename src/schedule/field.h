// The fields of a schedule: what they are called, which values they take, and which names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "schedule/schedule.h"

namespace cron::schedule {

// One field as its text may say it: a weekday goes up to 7, the second name of Sunday.
struct FieldSpec {
    std::string_view name;  // as messages say it
    unsigned first = 0;
    unsigned last = 0;
    std::span<const std::string_view> value_names;  // of `first` and on; empty if there are none
};

// In the order of the text; five fields begin with the minute and end with the day of week.
inline constexpr std::size_t kSecond = 0;
inline constexpr std::size_t kMinute = 1;
inline constexpr std::size_t kHour = 2;
inline constexpr std::size_t kDayOfMonth = 3;
inline constexpr std::size_t kMonth = 4;
inline constexpr std::size_t kDayOfWeek = 5;
inline constexpr std::size_t kYear = 6;
inline constexpr std::size_t kFieldCount = 7;
inline constexpr std::size_t kMaskCount = kYear;  // of which so many fit a mask: see FieldValues

extern const std::array<FieldSpec, kFieldCount> kFields;

// The field with which `count` words begin.
constexpr std::size_t first_field(Form form, std::size_t count) {
    const bool has_second = form == Form::six_fields || count == kFieldCount;
    return has_second ? kSecond : kMinute;
}
// How many fields there are at least, and at most.
constexpr std::size_t field_count_min(Form form) { return form == Form::six_fields ? 6 : 5; }
constexpr std::size_t field_count_max(Form form) {
    return form == Form::supercronic ? kFieldCount : field_count_min(form);
}

// The values of a field other than the year, one bit each, and whether its text starts with `*`.
struct FieldValues {
    std::uint64_t bits = 0;
    bool star = false;

    friend bool operator==(const FieldValues&, const FieldValues&) = default;
};

FieldValues values_of(const Fields& fields, std::size_t index);
void set_values(Fields& fields, std::size_t index, const FieldValues& values);

// low, low + step and so on up to `high`. Of weekdays, 7 becomes 0.
std::uint64_t stepped_bits(std::size_t index, unsigned low, unsigned high, std::uint64_t step);

// Every value of the field.
std::uint64_t all_bits(std::size_t index);

}  // namespace cron::schedule
