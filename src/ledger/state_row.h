// The one row of the table state: how far the ledger has come. And instants as the database has
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "calendar/instant.h"
#include "ledger/database.h"

namespace cron::ledger {

struct StateRow {
    std::string ledger_id;  // chosen once, by chance
    std::string boot_id;
    std::int64_t boot = 0;  // the number of the boot, from 1
    std::optional<Instant> decided_until;
    std::optional<Instant> fixed_decided_until;
};

Result<StateRow> read_state(Database& database);
Result<void> write_state(Database& database, const StateRow& row);

// Microseconds since the epoch.
inline std::int64_t count(Instant instant) { return instant.time_since_epoch().count(); }
inline Instant to_instant(std::int64_t count) { return Instant{microseconds{count}}; }
inline std::optional<std::int64_t> count(std::optional<Instant> instant) {
    return instant ? std::optional<std::int64_t>(count(*instant)) : std::nullopt;
}
inline std::optional<Instant> to_instant(std::optional<std::int64_t> count) {
    return count ? std::optional<Instant>(to_instant(*count)) : std::nullopt;
}

}  // namespace cron::ledger
