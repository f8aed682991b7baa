// Random tables in several zones, and random changes to them.
#pragma once

#include <string>
#include <vector>

#include "calendar/zone.h"
#include "engine/event.h"
#include "random.h"
#include "random_schedules.h"

namespace cron::sim {

class RandomTables {
  public:
    // The simulation starts at `begin` and goes on for `length`.
    RandomTables(Random& random, Density density, unsigned jobs, Instant begin,
                 microseconds length);

    // All that is there, each as one loaded table.
    std::vector<engine::LoadedTable> all() const;
    std::size_t job_count() const;

    // Some tables change, come or go; now and then nothing is different.
    engine::TablesChanged change(Random& random);
    // The daemon's zone is another one, for the lines that name none: all is read again.
    engine::TablesChanged change_zone(Random& random);
    const std::string& zone_name() const { return daemon_zone_.name(); }

  private:
    struct Line {
        std::string name;  // empty: it is named by its schedule and command
        Written schedule;
        std::string command;
        calendar::Zone zone;
        bool names_zone = false;  // else it is in the daemon's
        crontab::Policy policy;
        seconds delay{};
    };
    struct Table {
        std::string name;
        std::vector<Line> lines;
        bool present = true;
    };

    Line random_line(Random& random);
    Written random_schedule(Random& random, const Line& line);
    void change(Random& random, Table& table);
    const calendar::Zone& zone_of(const Line& line) const {
        return line.names_zone ? line.zone : daemon_zone_;
    }
    engine::LoadedTable load(const Table& table) const;

    Density density_;
    Instant begin_;
    std::vector<calendar::Zone> zones_;
    calendar::Zone daemon_zone_;
    std::vector<Table> tables_;
    std::uint64_t last_command_ = 0;
};

}  // namespace cron::sim
