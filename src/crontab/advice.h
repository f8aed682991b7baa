// What is probably not meant in a line that is no error.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "calendar/zone.h"
#include "crontab/report.h"
#include "crontab/table.h"
#include "schedule/schedule.h"

namespace cron::crontab {

struct ScheduleText {
    std::string_view text;
    schedule::Form form = schedule::Form::five_fields;
};

struct ScheduleClock {
    const calendar::Zone* zone = nullptr;  // null: it is not known
    Instant now{};                         // the next two: as in Options
    std::optional<Instant> advise_from;
};

// Columns of findings are those of the text in question, in ascending order.

// With the clock changes of the zone. Without `advise_from` only never-due, which costs next to
// nothing.
std::vector<Finding> advise_on_schedule(const ScheduleText& text,
                                        const schedule::Schedule& schedule,
                                        const ScheduleClock& clock);

// `written` is a command as the table has it, for `shell`, the value of SHELL; null is /bin/sh.
std::vector<Finding> advise_on_command(std::string_view written, const std::string* shell,
                                       Flavour flavour, Dialect dialect);

// On the value of the variable `name`. `is_set` says of others whether a line above sets them.
std::vector<Finding> advise_on_value(std::string_view name, std::string_view value,
                                     const std::function<bool(std::string_view)>& is_set);

}  // namespace cron::crontab
