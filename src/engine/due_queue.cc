#include "engine/due_queue.h"

#include <algorithm>

#include "base/check.h"

namespace cron::engine {
namespace {

std::string key_of(const schedule::Schedule& schedule, const calendar::Zone& zone) {
    return schedule::print(schedule) + '\0' + zone.name();
}

}  // namespace

GroupId DueQueue::group_for(const crontab::Entry& entry) {
    std::string key = key_of(entry.schedule, entry.zone);
    const auto [begin, end] = by_schedule_.equal_range(key);
    for (auto known = begin; known != end; ++known) {
        const Group& group = groups_[known->second];
        if (group.zone == entry.zone && group.schedule == entry.schedule) return known->second;
    }
    GroupId id = static_cast<GroupId>(groups_.size());
    if (free_.empty()) {
        groups_.emplace_back();
    } else {
        id = free_.back();
        free_.pop_back();
    }
    groups_[id] = Group{entry.schedule, entry.zone, {}, Instant::max(), std::nullopt};
    by_schedule_.emplace(std::move(key), id);
    return id;
}

void DueQueue::move_to(GroupId id, Instant after) {
    Group& group = groups_[id];
    if (group.next) queue_.erase({*group.next, id});
    group.after = after;
    group.next = schedule::next_after(group.schedule, group.zone, after);
    if (group.next) queue_.insert({*group.next, id});
}

void DueQueue::add(Job& job) {
    CRON_CHECK(job.group == kNoGroup);
    job.group = group_for(*job.entry);
    Group& group = groups_[job.group];
    job.member = group.members.size();
    group.members.push_back(&job);
    if (job.decided < group.after) move_to(job.group, job.decided);
}

void DueQueue::remove(Job& job) {
    if (job.group == kNoGroup) return;
    const GroupId id = job.group;
    Group& group = groups_[id];
    group.members.back()->member = job.member;
    std::swap(group.members[job.member], group.members.back());
    group.members.pop_back();
    job.group = kNoGroup;
    if (!group.members.empty()) return;

    if (group.next) queue_.erase({*group.next, id});
    const auto [begin, end] = by_schedule_.equal_range(key_of(group.schedule, group.zone));
    by_schedule_.erase(
        std::find_if(begin, end, [&](const auto& known) { return known.second == id; }));
    group = Group{};
    free_.push_back(id);
}

std::optional<Instant> DueQueue::next_due() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.begin()->first;
}

const DueQueue::Group* DueQueue::front(Instant horizon) const {
    if (queue_.empty() || queue_.begin()->first > horizon) return nullptr;
    return &groups_[queue_.begin()->second];
}

void DueQueue::advance_front(Instant horizon) {
    CRON_CHECK(!queue_.empty());
    move_to(queue_.begin()->second, horizon);
}

void DueQueue::rewind(Instant now, bool fixed_too) {
    for (GroupId id = 0; id < groups_.size(); ++id) {
        const Group& group = groups_[id];
        if (group.members.empty() || group.after <= now) continue;
        if (fixed_too || group.schedule.is_wildcard()) move_to(id, now);
    }
}

std::optional<Instant> DueQueue::next_due(const Job& job) const {
    if (job.group == kNoGroup) return std::nullopt;
    const Group& group = groups_[job.group];
    if (group.next && *group.next > job.decided) return group.next;
    return schedule::next_after(group.schedule, group.zone, job.decided);
}

}  // namespace cron::engine
