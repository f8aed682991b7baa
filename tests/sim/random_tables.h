// Random tables in several zones, and random changes to them, without what a script leaves out: it
// keeps its place, so that changes hit the same lines, and is not there for the engine.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "calendar/zone.h"
#include "engine/event.h"
#include "job_settings.h"
#include "random.h"
#include "random_schedules.h"
#include "script.h"

namespace cron::sim {

class RandomTables {
  public:
    // The simulation starts at `begin` and goes on for `length`.
    RandomTables(const Script& script, const Random& random, Density density, unsigned jobs,
                 Instant begin, microseconds length);

    // All that is there, each as one loaded table.
    std::vector<engine::LoadedTable> all() const;
    std::size_t job_count() const;

    // Some tables change, come or go by this fault; now and then nothing is different.
    engine::TablesChanged change(const Random& random, std::uint64_t fault);
    // The daemon's zone is another one, for the lines that name none: all is read again.
    engine::TablesChanged change_zone(Random& random);
    // One that is there, or is not: its table is gone, or it never was. None: the script leaves it
    // out.
    std::shared_ptr<const crontab::Entry> draw_entry(Random random) const;
    const std::string& zone_name() const { return daemon_zone_.name(); }

    // All that is there, to read as a crontab.
    std::string print() const;
    // Every line that ever was there, with the names of the settings that it ever had.
    const std::map<LineNumber, std::set<std::string>>& lines() const { return known_; }

  private:
    struct Line {
        LineNumber number;
        std::string name;  // empty: it is named by its schedule and command
        Written schedule;
        std::string command;
        JobSettings settings;
        bool names_zone = false;  // else it is in the daemon's
    };
    struct Table {
        std::string name;
        std::vector<Line> lines;
        bool present = true;
    };

    Line draw_line(Random random, LineNumber number);
    static std::uint64_t draw(const Random& random, const Line& line);
    Written draw_schedule_of(Random random, const Line& line) const;
    void change(Random random, std::size_t table, std::uint64_t fault);
    void change_line(Random random, Line& line, std::uint64_t fault);
    void note(const Line& line);
    const calendar::Zone& zone_of(const Line& line) const {
        return line.names_zone ? line.settings.zone : daemon_zone_;
    }
    JobSettings settings_left(const Line& line) const;
    crontab::Entry entry_of(const Table& table, const Line& line) const;
    engine::LoadedTable load(const Table& table) const;

    Script script_;
    Density density_;
    Instant begin_;
    std::vector<calendar::Zone> zones_;
    calendar::Zone daemon_zone_;
    std::vector<Table> tables_;
    std::map<LineNumber, std::set<std::string>> known_;
};

}  // namespace cron::sim
