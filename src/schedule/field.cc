#include "schedule/field.h"

#include "base/check.h"

namespace cron::schedule {
namespace {

constexpr std::string_view kMonthNames[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                            "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kWeekdayNames[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

}  // namespace

const std::array<FieldSpec, kFieldCount> kFields = {{
    {"second", 0, 59, {}},
    {"minute", 0, 59, {}},
    {"hour", 0, 23, {}},
    {"day of month", 1, 31, {}},
    {"month", 1, 12, kMonthNames},
    {"day of week", 0, 7, kWeekdayNames},
    {"year", kYearFirst, kYearLast, {}},
}};

FieldValues values_of(const Fields& fields, std::size_t index) {
    switch (index) {
        case kSecond:
            return {fields.seconds, false};  // no rule asks for its star, nor for the month's
        case kMinute:
            return {fields.minutes, fields.minute_star};
        case kHour:
            return {fields.hours, fields.hour_star};
        case kDayOfMonth:
            return {fields.days_of_month, fields.day_of_month_star};
        case kMonth:
            return {fields.months, false};
        default:
            return {fields.days_of_week, fields.day_of_week_star};
    }
}

void set_values(Fields& fields, std::size_t index, const FieldValues& values) {
    switch (index) {
        case kSecond:
            fields.seconds = values.bits;
            break;
        case kMinute:
            fields.minutes = values.bits;
            fields.minute_star = values.star;
            break;
        case kHour:
            fields.hours = static_cast<std::uint32_t>(values.bits);
            fields.hour_star = values.star;
            break;
        case kDayOfMonth:
            fields.days_of_month = static_cast<std::uint32_t>(values.bits);
            fields.day_of_month_star = values.star;
            break;
        case kMonth:
            fields.months = static_cast<std::uint16_t>(values.bits);
            break;
        default:
            fields.days_of_week = static_cast<std::uint8_t>(values.bits);
            fields.day_of_week_star = values.star;
            break;
    }
}

std::uint64_t stepped_bits(std::size_t index, unsigned low, unsigned high, std::uint64_t step) {
    CRON_CHECK(step >= 1 && low <= high && high < 64);
    std::uint64_t bits = 0;
    for (std::uint64_t value = low; value <= high; value += step) bits |= std::uint64_t{1} << value;
    if (index == kDayOfWeek) bits = (bits | bits >> 7) & 0x7F;
    return bits;
}

std::uint64_t all_bits(std::size_t index) {
    return stepped_bits(index, kFields[index].first, kFields[index].last, 1);
}

}  // namespace cron::schedule
