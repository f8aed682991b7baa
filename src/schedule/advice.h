// What is probably not meant in a schedule that is no error. Each kind has a name that stays.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "calendar/zone.h"
#include "schedule/schedule.h"

namespace cron::schedule {

struct Advice {
    std::string_view name;  // "never-due", "every-minute-of-hour", ...
    std::size_t begin = 0;  // byte columns of the text, [begin, end)
    std::size_t end = 0;
    std::string message;
    std::string hint;
};

// `text` is what parsed to `schedule`, without blanks before it. In the order of their columns.
std::vector<Advice> advise(std::string_view text, Form form, const Schedule& schedule);

// On due times that a change of the zone's clock in the year after `from` skips or repeats.
std::vector<Advice> advise_on_clock(std::string_view text, Form form, const Schedule& schedule,
                                    const calendar::Zone& zone, Instant from);

// The part of `advise` that tells of a schedule that no date fits. Costs next to nothing for any
// other.
std::optional<Advice> advise_if_never_due(std::string_view text, Form form,
                                          const Schedule& schedule);

// On a schedule that was due, but will not be after `now`: its years are past.
std::optional<Advice> advise_if_past(std::string_view text, Form form, const Schedule& schedule,
                                     const calendar::Zone& zone, Instant now);

}  // namespace cron::schedule
