// The tables of the ledger's database, by version. docs/ledger.md describes them for people.
#pragma once

#include "base/error.h"
#include "ledger/database.h"

namespace cron::ledger {

inline constexpr std::int64_t kSchemaVersion = 1;

// Makes the tables of a new database, and brings those of an older version to the present one, in
// one transaction. A database of a newer version, or of another program, is an error of the code
// `denied`, and stays as it is.
Result<void> prepare_schema(Database& database);

}  // namespace cron::ledger
