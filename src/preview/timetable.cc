#include "preview/timetable.h"

#include <algorithm>
#include <map>
#include <string>

namespace cron::preview {

Timetable::Timetable(const crontab::Entries& entries, Instant from, Direction direction)
    : from_(from), direction_(direction) {
    std::multimap<std::string, std::size_t> known;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const crontab::Entry& entry = *entries[i];
        std::string key = schedule::print(entry.schedule) + '\0' + entry.zone.name();
        const auto [begin, end] = known.equal_range(key);
        auto found = std::find_if(begin, end, [&](const auto& one) {
            const Group& group = groups_[one.second];
            return group.schedule == entry.schedule && group.zone == entry.zone;
        });
        if (found == end) {
            found = known.emplace(std::move(key), groups_.size());
            groups_.push_back({entry.schedule, entry.zone, {}});
        }
        groups_[found->second].entries.push_back(i);
    }
    for (std::size_t group = 0; group < groups_.size(); ++group) await(group, from);
}

void Timetable::await(std::size_t group, Instant from) {
    const auto& [schedule, zone, entries] = groups_[group];
    if (direction_ == Direction::forward) {
        if (const auto due = schedule::next_after(schedule, zone, from))
            coming_.push({*due - from_, group});
    } else if (const auto due = schedule::previous_before(schedule, zone, from)) {
        coming_.push({from_ - *due, group});
    }
}

bool Timetable::refill() {
    for (const std::size_t group : current_groups_) await(group, at_);
    current_groups_.clear();
    current_.clear();
    given_ = 0;
    if (coming_.empty()) return false;
    const microseconds distance = coming_.top().distance;
    at_ = direction_ == Direction::forward ? from_ + distance : from_ - distance;
    while (!coming_.empty() && coming_.top().distance == distance) {
        const Group& group = groups_[coming_.top().group];
        current_.insert(current_.end(), group.entries.begin(), group.entries.end());
        current_groups_.push_back(coming_.top().group);
        coming_.pop();
    }
    if (direction_ == Direction::forward) {
        std::sort(current_.begin(), current_.end());
    } else {
        std::sort(current_.begin(), current_.end(), std::greater<>());
    }
    return true;
}

std::optional<Due> Timetable::next() {
    if (given_ == current_.size() && !refill()) return std::nullopt;
    return Due{at_, current_[given_++]};
}

}  // namespace cron::preview
