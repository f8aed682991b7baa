// In words what a change of the clock did to a due time.
#pragma once

#include <string>
#include <string_view>

#include "preview/clocks.h"
#include "schedule/clock_change.h"

namespace cron::ctl {

// "moved: the clock skips 02:30"; empty where there is nothing to say. `due` as the clock reads it.
std::string mark_of(const preview::ClockNote& note, Local due, bool is_wildcard);

// "plain", "moved", "first-pass", "second-pass": stable.
std::string_view name_of(schedule::Passage passage);

// "none", "not-due", "moved", "due-twice", "due-once": stable.
std::string_view name_of(schedule::ClockChange::Effect effect);

// "due at 03:00 for 02:30, which does not come".
std::string effect_of(const schedule::ClockChange& change);

}  // namespace cron::ctl
