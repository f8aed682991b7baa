#include "random_tables.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "random_policies.h"
#include "random_zones.h"

namespace cron::sim {
namespace {

constexpr std::uint64_t kChangesMax = 3;  // of a table at once
constexpr std::size_t kLinesMax = 30;     // of a table to which changes add lines
constexpr std::uint64_t kEntriesPerUnknown = 20;

}  // namespace

RandomTables::RandomTables(const Script& script, const Random& random, Density density,
                           unsigned jobs, Instant begin, microseconds length)
    : script_(script), density_(density), begin_(begin) {
    Random chance = random.stream("tables");
    zones_ = draw_zones(chance, begin, length);
    daemon_zone_ = chance.pick(zones_);
    tables_.resize(1 + chance.below(5));
    for (std::size_t i = 0; i < tables_.size(); ++i) tables_[i].name = fmt::format("table{}", i);
    for (unsigned i = 1; i <= jobs; ++i) {
        Random of_line = random.stream("line", i);
        auto& lines = tables_[of_line.below(tables_.size())].lines;
        lines.push_back(draw_line(of_line, {0, i}));
    }
}

RandomTables::Line RandomTables::draw_line(Random random, LineNumber number) {
    Line line;
    line.number = number;
    if (!script_.has_job(number)) return line;
    line.command = fmt::format("command{}", sim::print(number));
    if (random.one_in(4)) line.name = fmt::format("name{}", sim::print(number));
    line.settings.zone = random.pick(zones_);
    line.names_zone = random.one_in(2);
    line.schedule = draw_schedule_of(random.stream("schedule"), line);
    line.settings.policy = draw_policy(random);
    line.settings.delay = draw_delay(random);
    note(line);
    return line;
}

Written RandomTables::draw_schedule_of(Random random, const Line& line) const {
    const std::uint64_t seed = random.below(std::uint64_t{1} << 32U);
    return draw_schedule(random, density_, zone_of(line), begin_, seed);
}

void RandomTables::note(const Line& line) {
    JobSettings settings = line.settings;
    settings.zone = zone_of(line);
    auto& names = known_[line.number];
    for (const auto& [name, value] : settings_of(settings)) names.insert(name);
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
    for (const Table& table : tables_) {
        for (const Line& line : table.lines) count += script_.has_job(line.number) ? 1 : 0;
    }
    return count;
}

engine::TablesChanged RandomTables::change(const Random& random, std::uint64_t fault) {
    engine::TablesChanged changed;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
        Table& table = tables_[i];
        Random of_table = random.stream("table", i);
        if (of_table.one_in(2)) continue;
        if (of_table.one_in(8)) table.present = !table.present;
        if (!of_table.one_in(4)) change(of_table, i, fault);
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
    for (const Table& table : tables_) {
        for (const Line& line : table.lines) {
            if (script_.has_job(line.number)) note(line);
        }
    }
    return {all(), {}};
}

// What a line draws: they are picked by that, and not by their places, which are others where a
// change is left out.
std::uint64_t RandomTables::draw(const Random& random, const Line& line) {
    return random.stream("pick", line.number.fault, line.number.index).below(UINT64_MAX);
}

std::shared_ptr<const crontab::Entry> RandomTables::draw_entry(Random random) const {
    const Table* table_of = nullptr;
    const Line* picked = nullptr;
    for (const Table& table : tables_) {
        for (const Line& line : table.lines) {
            if (picked != nullptr && draw(random, line) <= draw(random, *picked)) continue;
            table_of = &table;
            picked = &line;
        }
    }
    if (picked == nullptr || !script_.has_job(picked->number)) return nullptr;
    auto entry = std::make_shared<crontab::Entry>(entry_of(*table_of, *picked));
    if (random.one_in(kEntriesPerUnknown)) entry->id = JobId::named("user", "table0", "unknown");
    return entry;
}

void RandomTables::change(Random random, std::size_t table, std::uint64_t fault) {
    auto& lines = tables_[table].lines;
    const auto pick = [&lines](const Random& from) {
        return std::max_element(lines.begin(), lines.end(), [&from](const Line& a, const Line& b) {
            return draw(from, a) < draw(from, b);
        });
    };
    for (auto count = 1 + random.below(kChangesMax); count > 0; --count) {
        Random of_change = random.stream("change", count);
        const bool adds = of_change.one_in(5);
        if (lines.empty() || (adds && lines.size() < kLinesMax)) {
            lines.push_back(draw_line(of_change, {fault, table * kChangesMax + count}));
            continue;
        }
        const auto line = pick(of_change);
        switch (of_change.below(6)) {
            case 0:
                std::swap(*line, *pick(of_change.stream("other")));
                break;
            case 1:
                lines.erase(line);
                break;
            default:
                if (script_.has_job(line->number)) change_line(of_change, *line, fault);
        }
    }
}

void RandomTables::change_line(Random random, Line& line, std::uint64_t fault) {
    switch (random.below(4)) {
        case 0:
            line.settings.zone = random.pick(zones_);
            line.names_zone = !random.one_in(3);
            break;
        case 1:
            line.schedule = draw_schedule_of(random, line);
            break;
        case 2:
            line.settings.policy = draw_policy(random);
            break;
        case 3:
            line.command = fmt::format("command{}_{}", sim::print(line.number), fault);
            break;
    }
    note(line);
}

// Without those that the script leaves at their defaults.
JobSettings RandomTables::settings_left(const Line& line) const {
    JobSettings settings = line.settings;
    settings.zone = zone_of(line);
    // Where the clock may not be set yet, a delay is not by the clock.
    if (line.schedule.schedule.kind() == schedule::Schedule::Kind::reboot)
        set_default(settings, "CRON_JITTER");
    const auto defaults = script_.defaults.find(line.number);
    if (defaults == script_.defaults.end()) return settings;
    for (const std::string& name : defaults->second) set_default(settings, name);
    return settings;
}

crontab::Entry RandomTables::entry_of(const Table& table, const Line& line) const {
    crontab::Entry entry;
    const std::string owner = "user";
    const std::string& text = line.schedule.text;
    JobSettings settings = settings_left(line);
    entry.id = line.name.empty() ? JobId::of_line(owner, table.name, text, line.command, 0)
                                 : JobId::named(owner, table.name, line.name);
    entry.schedule_text = text;
    entry.schedule = line.schedule.schedule;
    entry.zone = std::move(settings.zone);
    entry.user = owner;
    entry.command = line.command;
    entry.environment = std::make_shared<const crontab::Environment>();
    entry.policy = std::make_shared<const crontab::Policy>(std::move(settings.policy));
    entry.delay = settings.delay;
    return entry;
}

engine::LoadedTable RandomTables::load(const Table& table) const {
    engine::LoadedTable loaded;
    loaded.name = table.name;
    for (const Line& line : table.lines) {
        if (!script_.has_job(line.number)) continue;
        crontab::Entry entry = entry_of(table, line);
        entry.line = loaded.entries.size() + 1;
        loaded.entries.push_back(std::make_shared<const crontab::Entry>(std::move(entry)));
    }
    return loaded;
}

// A setting holds for the lines below it: what the next line does not have is set back.
std::string RandomTables::print() const {
    std::string text;
    for (const Table& table : tables_) {
        if (!table.present) continue;
        std::map<std::string, std::string> holds;
        bool is_first = true;
        for (const Line& line : table.lines) {
            if (!script_.has_job(line.number)) continue;
            if (std::exchange(is_first, false)) text += fmt::format("# {}\n", table.name);
            const auto settings = settings_of(settings_left(line));
            for (const auto& [name, value] : holds) {
                if (!settings.contains(name)) text += fmt::format("{}=\"\"\n", name);
            }
            for (const auto& [name, value] : settings) {
                if (!holds.contains(name) || holds.at(name) != value)
                    text += fmt::format("{}={}\n", name, value);
            }
            holds = settings;
            if (!line.name.empty()) text += fmt::format("CRON_NAME={}\n", line.name);
            text += fmt::format("{} {}\n", line.schedule.text, line.command);
        }
    }
    return text;
}

}  // namespace cron::sim
