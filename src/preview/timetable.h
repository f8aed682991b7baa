// The due times of many entries, merged in the order of time. Entries of equal schedule and zone
// are computed once, and nothing that is not asked for.
#pragma once

#include <cstddef>
#include <optional>
#include <queue>
#include <vector>

#include "crontab/table.h"

namespace cron::preview {

struct Due {
    Instant at{};
    std::size_t entry = 0;  // its place among the entries given

    friend bool operator==(const Due&, const Due&) = default;
};

class Timetable {
  public:
    enum class Direction { forward, backward };

    // Forward: what is due strictly after `from`; backward: strictly before, the latest first. What
    // is due at once comes in the order of the entries, backward in the opposite one.
    Timetable(const crontab::Entries& entries, Instant from, Direction direction);

    // The next one; none: there are no more.
    std::optional<Due> next();

  private:
    struct Group {
        schedule::Schedule schedule;
        calendar::Zone zone;
        std::vector<std::size_t> entries;
    };
    // A group and when it is due next, as a span of time from `from` so that one order serves both
    // directions.
    struct Coming {
        microseconds distance{};
        std::size_t group = 0;

        friend bool operator>(const Coming& a, const Coming& b) {
            return a.distance != b.distance ? a.distance > b.distance : a.group > b.group;
        }
    };

    void await(std::size_t group, Instant from);
    bool refill();

    Instant from_;
    Direction direction_;
    std::vector<Group> groups_;
    std::priority_queue<Coming, std::vector<Coming>, std::greater<>> coming_;
    // What is due at once: its groups, which have not been looked up again, and their entries.
    Instant at_{};
    std::vector<std::size_t> current_groups_;
    std::vector<std::size_t> current_;
    std::size_t given_ = 0;  // of current_
};

}  // namespace cron::preview
