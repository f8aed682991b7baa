// Where tables are unless somebody says otherwise, and what all of them hold.
#include <fmt/format.h>

#include "spool/tables.h"

namespace cron::spool {

Places places_below(std::string_view root) {
    const auto at = [&](std::string_view path) { return fmt::format("{}{}", root, path); };
    return {at("/var/spool/cron/crontabs"), at("/etc/crontab"), at("/etc/cron.d")};
}

crontab::Entries entries_of(const std::vector<Loaded>& tables) {
    crontab::Entries entries;
    for (const Loaded& loaded : tables) {
        entries.insert(entries.end(), loaded.table.entries.begin(), loaded.table.entries.end());
    }
    return entries;
}

}  // namespace cron::spool
