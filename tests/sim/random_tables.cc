#include "random_tables.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "random_policies.h"
#include "random_zones.h"

namespace cron::sim {

RandomTables::RandomTables(Random& random, Density density, unsigned jobs, Instant begin,
                           microseconds length)
    : density_(density),
      begin_(begin),
      zones_(draw_zones(random, begin, length)),
      daemon_zone_(random.pick(zones_)) {
    tables_.resize(1 + random.below(5));
    for (std::size_t i = 0; i < tables_.size(); ++i) tables_[i].name = fmt::format("table{}", i);
    for (unsigned i = 0; i < jobs; ++i)
        tables_[random.below(tables_.size())].lines.push_back(random_line(random));
}

RandomTables::Line RandomTables::random_line(Random& random) {
    Line line;
    line.command = fmt::format("command{}", ++last_command_);
    if (random.one_in(4)) line.name = fmt::format("name{}", last_command_);
    line.zone = random.pick(zones_);
    line.names_zone = random.one_in(2);
    line.schedule = random_schedule(random, line);
    line.policy = draw_policy(random);
    line.delay = draw_delay(random);
    return line;
}

Written RandomTables::random_schedule(Random& random, const Line& line) {
    return draw_schedule(random, density_, zone_of(line), begin_, last_command_);
}

std::vector<engine::LoadedTable> RandomTables::all() const {
    std::vector<engine::LoadedTable> loaded;
    for (const Table& table : tables_) {
        if (table.present) loaded.push_back(load(table));
    }
    return loaded;
}

std::size_t RandomTables::job_count() const {
    std::size_t count = 0;
    for (const Table& table : tables_) count += table.lines.size();
    return count;
}

engine::TablesChanged RandomTables::change(Random& random) {
    engine::TablesChanged changed;
    for (Table& table : tables_) {
        if (random.one_in(2)) continue;
        if (random.one_in(8)) table.present = !table.present;
        if (!random.one_in(4)) change(random, table);
        if (table.present) {
            changed.loaded.push_back(load(table));
        } else {
            changed.removed.push_back(table.name);
        }
    }
    return changed;
}

engine::TablesChanged RandomTables::change_zone(Random& random) {
    daemon_zone_ = random.pick(zones_);
    return {all(), {}};
}

void RandomTables::change(Random& random, Table& table) {
    auto& lines = table.lines;
    for (auto count = 1 + random.below(3); count > 0; --count) {
        if (lines.empty() || (random.one_in(5) && lines.size() < 30)) {
            lines.push_back(random_line(random));
            continue;
        }
        const std::size_t at = random.below(lines.size());
        Line& line = lines[at];
        switch (random.below(6)) {
            case 0:
                line.zone = random.pick(zones_);
                line.names_zone = !random.one_in(3);
                break;
            case 1:
                line.schedule = random_schedule(random, line);
                break;
            case 2:
                line.policy = draw_policy(random);
                break;
            case 3:
                std::swap(line, lines[random.below(lines.size())]);
                break;
            case 4:
                lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
                break;
            case 5:
                line.command = fmt::format("command{}", ++last_command_);
                break;
        }
    }
}

engine::LoadedTable RandomTables::load(const Table& table) const {
    engine::LoadedTable loaded;
    loaded.name = table.name;
    for (const Line& line : table.lines) {
        crontab::Entry entry;
        const std::string owner = "user";
        const std::string& text = line.schedule.text;
        entry.id = line.name.empty() ? JobId::of_line(owner, table.name, text, line.command, 0)
                                     : JobId::named(owner, table.name, line.name);
        entry.line = loaded.entries.size() + 1;
        entry.schedule_text = text;
        entry.schedule = line.schedule.schedule;
        entry.zone = zone_of(line);
        entry.user = owner;
        entry.command = line.command;
        entry.environment = std::make_shared<const crontab::Environment>();
        entry.policy = std::make_shared<const crontab::Policy>(line.policy);
        // Where the clock may not be set yet, a delay is not by the clock.
        if (line.schedule.schedule.kind() != schedule::Schedule::Kind::reboot)
            entry.delay = line.delay;
        loaded.entries.push_back(std::make_shared<const crontab::Entry>(std::move(entry)));
    }
    return loaded;
}

}  // namespace cron::sim
