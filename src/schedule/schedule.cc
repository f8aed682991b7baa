#include "schedule/schedule.h"

#include "base/check.h"
#include "schedule/duration.h"
#include "schedule/field.h"

namespace cron::schedule {
namespace {

constexpr std::uint64_t kEveryMinute = (std::uint64_t{1} << 60) - 1;
constexpr std::uint32_t kEveryHour = (std::uint32_t{1} << 24) - 1;

}  // namespace

Schedule Schedule::of_fields(const Fields& fields) {
    for (std::size_t index = 0; index < kFieldCount; ++index) {
        const FieldValues values = values_of(fields, index);
        CRON_CHECK(values.bits != 0 && (values.bits & ~all_bits(index)) == 0);
        // Whatever starts with `*` names the first value of its field.
        CRON_CHECK(!values.star || (values.bits >> kFields[index].first & 1) != 0);
    }
    Schedule schedule;
    schedule.kind_ = Kind::fields;
    schedule.fields_ = fields;
    return schedule;
}

Schedule Schedule::every(seconds interval) {
    CRON_CHECK(interval >= seconds{1} && interval <= kDurationMax);
    Schedule schedule;
    schedule.kind_ = Kind::every;
    schedule.interval_ = interval;
    return schedule;
}

Schedule Schedule::at_reboot() { return Schedule(); }

bool Schedule::is_wildcard() const {
    switch (kind_) {
        case Kind::fields:
            return fields_.minute_star || fields_.hour_star || fields_.minutes == kEveryMinute ||
                   fields_.hours == kEveryHour;
        case Kind::every:
            return true;
        case Kind::reboot:
            return false;
    }
    return false;
}

}  // namespace cron::schedule
