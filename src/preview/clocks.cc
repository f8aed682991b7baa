#include "preview/clocks.h"

#include <algorithm>
#include <map>
#include <string>

namespace cron::preview {
namespace {

// More than any change of an offset: those of zone files lie between -26 and 26 hours.
constexpr hours kChangeMax{72};

bool is_far_from_changes(const calendar::Period& period, std::chrono::sys_seconds instant) {
    const bool after =
        period.begin == std::chrono::sys_seconds::min() || instant - period.begin > kChangeMax;
    const bool before =
        period.end == std::chrono::sys_seconds::max() || period.end - instant > kChangeMax;
    return after && before;
}

}  // namespace

ClockNote ZoneClock::note_of(const schedule::Schedule& schedule, Instant due) {
    look_up(due);
    const auto second = floor_seconds(due);
    if (is_far_from_changes(period_, second)) return {};
    ClockNote note;
    note.passage = schedule::passage_of(schedule, zone_, due);
    if (second != period_.begin) return note;
    const auto changes = schedule::clock_changes(schedule, zone_, due - seconds{1}, due, 1);
    if (changes.empty() || changes.front().effect != schedule::ClockChange::Effect::moved) {
        return note;
    }
    note.skipped = changes.front().matches;
    note.first_skipped = changes.front().first_match;
    return note;
}

Clocks::Clocks(const crontab::Entries& entries) {
    std::multimap<std::string, std::uint32_t> known;
    clock_of_.reserve(entries.size());
    for (const auto& entry : entries) {
        const auto [begin, end] = known.equal_range(entry->zone.name());
        auto found = std::find_if(
            begin, end, [&](const auto& one) { return clocks_[one.second].zone() == entry->zone; });
        if (found == end) {
            found = known.emplace(entry->zone.name(), static_cast<std::uint32_t>(clocks_.size()));
            clocks_.emplace_back(entry->zone);
        }
        clock_of_.push_back(found->second);
    }
}

}  // namespace cron::preview
