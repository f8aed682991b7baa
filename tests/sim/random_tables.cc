#include "random_tables.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "calendar/posix_rule.h"
#include "schedule/schedule.h"

namespace cron::sim {
namespace {

using calendar::Zone;

// Wildcard and fixed schedules, with a bias to the hours in which clocks change.
const std::vector<std::string> kSparse = {
    "0 * * * *",    "0 0-23 * * *", "30 * * * *",
    "7 */2 * * *",  "0 */6 * * *",  "@every 1h",
    "@every 7h",    "@every 1d",    "0 0 * * *",
    "30 2 * * *",   "0 3 * * *",    "15 1 * * *",
    "59 23 * * *",  "45 1 * * 0",   "30 1,2,3 * * *",
    "0 4 1 * *",    "0 12 * * 1-5", "0,15,30,45 1-3 * * 0",
    "30 2 29 2 *",  "0 0 31 2 *",   "0 0 1 1 *",
    "@reboot",      "@reboot",      "10 9,17 * * *",
    "0 2 8-14 3 0", "5 22 30 12 *", "@monthly",
    "0 0 29 2 *",
};
const std::vector<std::string> kByMinute = {"* * * * *",   "*/5 * * * *",         "@every 1m",
                                            "@every 90s",  "*/15 8-17 * * 1-5",   "1-59/2 * * * *",
                                            "* 1-3 * * *", "0,10,20,30 2,3 * * *"};
const std::vector<std::string> kBySecond = {"@every 1s", "@every 2s", "@every 7s", "@every 30s",
                                            "@every 59s"};

Zone posix(const char* name, const char* rule) {
    const auto parsed = calendar::parse_posix_rule(rule);
    CRON_CHECK(parsed.has_value());
    return Zone::from_rule(name, *parsed);
}

std::vector<Zone> make_zones(Instant begin) {
    const std::chrono::sys_seconds skip = floor_seconds(begin) + hours{24 * 20};
    return {
        Zone{},
        posix("New_York", "EST5EDT,M3.2.0,M11.1.0"),
        posix("Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"),
        posix("Troll", "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3"),
        posix("Dublin", "IST-1GMT0,M10.5.0,M3.5.0/1"),
        // As Apia did in 2011: from one side of the date line to the other.
        Zone::from_transitions("Apia", hours{-10}, {{skip, hours{14}}}, std::nullopt),
    };
}

std::vector<std::string> schedules_of(Density density) {
    std::vector<std::string> all = kSparse;
    if (density == Density::sparse) return all;
    for (int i = 0; i < 3; ++i) all.insert(all.end(), kByMinute.begin(), kByMinute.end());
    if (density == Density::by_minute) return all;
    for (int i = 0; i < 3; ++i) all.insert(all.end(), kBySecond.begin(), kBySecond.end());
    return all;
}

}  // namespace

RandomTables::RandomTables(Random& random, Density density, unsigned jobs, Instant begin)
    : schedules_(schedules_of(density)), zones_(make_zones(begin)) {
    tables_.resize(1 + random.below(5));
    for (std::size_t i = 0; i < tables_.size(); ++i) tables_[i].name = fmt::format("table{}", i);
    for (unsigned i = 0; i < jobs; ++i)
        tables_[random.below(tables_.size())].lines.push_back(random_line(random));
}

RandomTables::Line RandomTables::random_line(Random& random) {
    Line line;
    line.command = fmt::format("command{}", ++last_command_);
    if (random.one_in(4)) line.name = fmt::format("name{}", last_command_);
    line.schedule = random.pick(schedules_);
    line.zone = random.pick(zones_);
    line.single = random.one_in(3);
    return line;
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
                break;
            case 1:
                line.schedule = random.pick(schedules_);
                break;
            case 2:
                line.single = !line.single;
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
        entry.id = line.name.empty()
                       ? JobId::of_line(owner, table.name, line.schedule, line.command, 0)
                       : JobId::named(owner, table.name, line.name);
        const auto parsed = schedule::parse(line.schedule, 0);
        CRON_CHECK(parsed.has_value());
        entry.line = loaded.entries.size() + 1;
        entry.schedule_text = line.schedule;
        entry.schedule = parsed->schedule;
        entry.zone = line.zone;
        entry.user = owner;
        entry.command = line.command;
        entry.environment = std::make_shared<const crontab::Environment>();
        entry.single = line.single;
        loaded.entries.push_back(std::make_shared<const crontab::Entry>(std::move(entry)));
    }
    return loaded;
}

}  // namespace cron::sim
