// What the clocks of many entries read, and what they did to a due time. Made for instants that
// mostly rise or fall: what was looked up last is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "calendar/zone.h"
#include "crontab/table.h"
#include "schedule/clock_change.h"

namespace cron::preview {

// What a change of the clock did to one due time.
struct ClockNote {
    schedule::Passage passage = schedule::Passage::plain;
    // Matches that the clock skipped and that are due here too: of a moved due time all of its own.
    std::uint64_t skipped = 0;
    Local first_skipped{};

    bool is_plain() const { return passage == schedule::Passage::plain && skipped == 0; }
    friend bool operator==(const ClockNote&, const ClockNote&) = default;
};

// One zone, with the period that was looked up last.
class ZoneClock {
  public:
    explicit ZoneClock(calendar::Zone zone) : zone_(std::move(zone)) {}

    const calendar::Zone& zone() const { return zone_; }
    seconds offset_at(Instant instant) {
        look_up(instant);
        return period_.offset;
    }
    Local read(Instant instant) {
        return Local{floor_seconds(instant).time_since_epoch() + offset_at(instant)};
    }
    // `due` is a due time of the schedule in this zone.
    ClockNote note_of(const schedule::Schedule& schedule, Instant due);

  private:
    void look_up(Instant instant) {
        const auto second = floor_seconds(instant);
        if (second < period_.begin || second >= period_.end) period_ = zone_.period_at(second);
    }

    calendar::Zone zone_;
    calendar::Period period_;  // at first one without length
};

// The clock of each entry; entries of equal zones share one.
class Clocks {
  public:
    explicit Clocks(const crontab::Entries& entries);

    ZoneClock& of(std::size_t entry) { return clocks_[clock_of_[entry]]; }

  private:
    std::vector<ZoneClock> clocks_;
    std::vector<std::uint32_t> clock_of_;
};

}  // namespace cron::preview
