#include "schedule/schedule.h"

#include <bit>

#include "base/check.h"
#include "schedule/duration.h"
#include "schedule/field.h"

namespace cron::schedule {
namespace {

constexpr std::uint64_t kEveryMinute = (std::uint64_t{1} << 60) - 1;
constexpr std::uint32_t kEveryHour = (std::uint32_t{1} << 24) - 1;

}  // namespace

Schedule Schedule::of_fields(const Fields& fields) {
    for (std::size_t index = 0; index < kMaskCount; ++index) {
        const FieldValues values = values_of(fields, index);
        const bool has_month_days = (index == kDayOfMonth && fields.month_days.any_of_month()) ||
                                    (index == kDayOfWeek && fields.month_days.any_of_week());
        CRON_CHECK(values.bits != 0 || has_month_days);
        CRON_CHECK((values.bits & ~all_bits(index)) == 0);
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

bool Schedule::is_finer_than_a_minute() const {
    switch (kind_) {
        case Kind::fields:
            return std::popcount(fields_.seconds) > 1;
        case Kind::every:
            return interval_ < seconds{60};
        case Kind::reboot:
            return false;
    }
    return false;
}

Form form_of(const Schedule& schedule) {
    if (schedule.kind() != Schedule::Kind::fields) return Form::five_fields;
    if (schedule.fields().years.is_limited()) return Form::supercronic;
    return schedule.fields().seconds != 1 ? Form::six_fields : Form::five_fields;
}

}  // namespace cron::schedule
