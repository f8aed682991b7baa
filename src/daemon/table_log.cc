#include "daemon/table_log.h"

#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "daemon/facts.h"

namespace cron::daemon {
namespace {

std::uint64_t hash_of(const std::vector<crontab::Diagnostic>& diagnostics) {
    std::uint64_t hash = 0;
    for (const crontab::Diagnostic& diagnostic : diagnostics) {
        hash = stable_hash(fmt::format("{}:{}:{}:{}", diagnostic.line, diagnostic.begin,
                                       diagnostic.name, diagnostic.message),
                           hash);
    }
    return hash;
}

}  // namespace

std::vector<Record> TableLog::tell(const TableReader::Reading& reading, bool is_first,
                                   const crontab::Ways& ways) {
    std::vector<Record> records;
    const ZoneBook::News& zone = reading.zone;
    if (zone.own) records.push_back(zone_changed(zone.before, zone.own->name()));
    if (zone.named) records.push_back(zone_data_changed());
    if (!zone.trouble.empty()) records.push_back(zone_kept(zone.trouble));
    if (std::exchange(told_unwatched_, reading.unwatched) != reading.unwatched &&
        !reading.unwatched.empty()) {
        records.push_back(
            said(Level::warning, "not-watched",
                 "changes are noticed within a minute, and not at once: " + reading.unwatched));
    }
    for (const spool::Notice& notice : reading.changes.notices) {
        records.push_back(table_notice(notice));
    }
    for (const std::string& name : reading.changes.removed) {
        records.push_back(table_removed(name));
        told_.erase(name);
    }
    for (const spool::Loaded& loaded : reading.changes.loaded) {
        records.push_back(table_loaded(loaded, is_first, ways));
        tell_diagnostics(loaded, records);
    }
    return records;
}

void TableLog::tell_diagnostics(const spool::Loaded& loaded, std::vector<Record>& records) {
    const auto& diagnostics = loaded.table.diagnostics;
    const std::uint64_t hash = hash_of(diagnostics);
    const auto [told, is_new] = told_.try_emplace(loaded.name, hash);
    const bool is_told = !is_new && told->second == hash && loaded.same_text;
    told->second = hash;
    if (is_told) return;
    for (std::size_t i = 0; i < diagnostics.size() && i < kDiagnosticsLogged; ++i) {
        records.push_back(table_diagnostic(loaded, diagnostics[i]));
    }
    if (diagnostics.size() > kDiagnosticsLogged) {
        records.push_back(
            said(Level::warning, "table-errors-left-out",
                 fmt::format("{} has {} errors and warnings; crond --test shows them all",
                             loaded.name, diagnostics.size())));
    }
}

}  // namespace cron::daemon
