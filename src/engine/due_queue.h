// When which jobs are due next. Jobs with equal schedule and zone form a group that is computed
// once, so a tick costs what is due and not what is loaded.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/job_table.h"

namespace cron::engine {

class DueQueue {
  public:
    struct Group {
        schedule::Schedule schedule;
        calendar::Zone zone;
        std::vector<Job*> members;
        Instant after{};              // `next` is the first due time after this
        std::optional<Instant> next;  // none: never again
    };

    DueQueue() = default;

    // The job, whose `decided` and entry are set, joins the group of its schedule. Not for @reboot.
    void add(Job& job);
    // Does nothing for a job that is in no group.
    void remove(Job& job);

    std::optional<Instant> next_due() const;
    // The group with the earliest next due time, if that is not after `horizon`.
    const Group* front(Instant horizon) const;
    // All of the front group up to `horizon` has been dealt with.
    void advance_front(Instant horizon);
    // The clock was set back to `now`: what comes after it is ahead again, be it for wildcard
    // schedules only.
    void rewind(Instant now, bool fixed_too);

    std::optional<Instant> next_due(const Job& job) const;

  private:
    GroupId group_for(const crontab::Entry& entry);
    void move_to(GroupId id, Instant after);

    std::vector<Group> groups_;
    std::vector<GroupId> free_;
    std::multimap<std::string, GroupId> by_schedule_;
    std::set<std::pair<Instant, GroupId>> queue_;
};

}  // namespace cron::engine
