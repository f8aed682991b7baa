// Random tables in several zones, and random changes to them.
#pragma once

#include <string>
#include <vector>

#include "calendar/zone.h"
#include "engine/event.h"
#include "random.h"

namespace cron::sim {

// Which schedules a simulation has: the denser, the shorter it must be.
enum class Density {
    sparse,     // hourly and rarer: for years
    by_minute,  // for days
    by_second,  // for hours
};

class RandomTables {
  public:
    // `begin` is when the simulation starts: one zone skips a day soon after.
    RandomTables(Random& random, Density density, unsigned jobs, Instant begin);

    // All that is there, each as one loaded table.
    std::vector<engine::LoadedTable> all() const;
    std::size_t job_count() const;

    // Some tables change, come or go; now and then nothing is different.
    engine::TablesChanged change(Random& random);

  private:
    struct Line {
        std::string name;  // empty: it is named by its schedule and command
        std::string schedule;
        std::string command;
        calendar::Zone zone;
        bool single = false;
    };
    struct Table {
        std::string name;
        std::vector<Line> lines;
        bool present = true;
    };

    Line random_line(Random& random);
    void change(Random& random, Table& table);
    engine::LoadedTable load(const Table& table) const;

    std::vector<std::string> schedules_;
    std::vector<calendar::Zone> zones_;
    std::vector<Table> tables_;
    std::uint64_t last_command_ = 0;
};

}  // namespace cron::sim
