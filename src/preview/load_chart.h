// How many starts fall into each hour and each minute of the week.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "calendar/instant.h"
#include "calendar/zone.h"

namespace cron::preview {

inline constexpr std::size_t kWeekDays = 7;
inline constexpr std::size_t kDayHours = 24;
inline constexpr std::size_t kHourMinutes = 60;

class LoadChart {
  public:
    // Of the starts from `begin` up to `end`, by the clock of `zone`. A week begins on Monday.
    LoadChart(const calendar::Zone& zone, Instant begin, Instant end);

    // A start at `at`, when the clock reads `reading`; in the order of time. Outside of the span it
    // counts too.
    void add(Instant at, Local reading);

    struct Cell {
        std::uint64_t starts = 0;
        // How often this hour (or minute) of the week comes, in full or in part: twice where the
        // clock repeats it, not where the clock skips it.
        std::uint64_t times = 0;

        double average() const {
            return static_cast<double>(starts) / static_cast<double>(times == 0 ? 1 : times);
        }
    };
    Cell cell(std::size_t day, std::size_t hour) const;
    std::uint64_t starts() const { return starts_; }

    struct Minute {
        std::size_t day = 0;
        std::size_t hour = 0;
        std::size_t minute = 0;
        Cell cell;
        std::uint64_t most = 0;  // starts in one such minute
        Instant most_at{};       // the first start of the first one that had so many
    };
    // The times of day with the most starts, each on its busiest day, the busiest first.
    std::vector<Minute> busiest(std::size_t count_max) const;

  private:
    static constexpr std::size_t kMinutes = kWeekDays * kDayHours * kHourMinutes;
    struct Counter {
        std::uint64_t starts = 0;
        std::uint64_t most = 0;
        Instant most_at{};
        Instant last{Instant::min()};  // the first start of the minute that was counted last
        std::uint64_t in_last = 0;
    };

    std::size_t busiest_day_of(std::size_t minute_of_day) const;

    std::uint64_t starts_ = 0;
    std::vector<std::uint64_t> times_of_hours_;
    std::vector<std::uint64_t> times_of_minutes_;
    std::vector<Counter> minutes_ = std::vector<Counter>(kMinutes);
};

}  // namespace cron::preview
