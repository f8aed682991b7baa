#include "ledger/schema.h"

#include <array>

#include <fmt/format.h>

namespace cron::ledger {
namespace {

// "bfry", so that file(1) and we know the database from another program's.
constexpr std::int64_t kApplicationId = 0x62667279;

// From version 0, a new database. Instants and durations are microseconds, since the epoch or in
// length.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ledger_id TEXT NOT NULL,
    boot_id TEXT NOT NULL DEFAULT '',
    boot INTEGER NOT NULL DEFAULT 0,
    decided_until INTEGER,
    fixed_decided_until INTEGER
);
INSERT INTO state (id, ledger_id) VALUES (1, lower(hex(randomblob(16))));
CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE,
    reached INTEGER,
    reached_in INTEGER
);
CREATE TABLE decided (
    job INTEGER NOT NULL REFERENCES job,
    pass INTEGER NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (job, pass)
) WITHOUT ROWID;
CREATE TABLE pass (
    number INTEGER PRIMARY KEY,
    fixed_too INTEGER NOT NULL,
    reached INTEGER NOT NULL,
    set_to INTEGER NOT NULL
);
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES job,
    due INTEGER NOT NULL,
    pass INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    fate TEXT NOT NULL,
    cause TEXT NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    into_due INTEGER,
    attempt INTEGER,
    outcome TEXT,
    success INTEGER,
    exit_status INTEGER,
    signal INTEGER,
    pid INTEGER,
    started INTEGER,
    ended INTEGER,
    duration INTEGER,
    cpu_time INTEGER,
    peak_memory INTEGER,
    output_bytes INTEGER,
    output_left_out INTEGER,
    reason TEXT,
    retry_at INTEGER,
    UNIQUE (job, due, pass, boot)
);
CREATE INDEX run_open ON run (id) WHERE fate = 'start' AND outcome IS NULL;
)sql";

// Step n leads from version n to version n + 1.
constexpr std::array<const char*, kSchemaVersion> kSteps = {kVersion1};

Result<std::int64_t> read_number(Database& database, const char* sql) {
    auto statement = database.prepare(sql);
    if (!statement) return tl::unexpected(statement.error());
    const Result<bool> row = statement->step();
    if (!row) return tl::unexpected(row.error());
    return *row ? statement->number(0) : 0;
}

}  // namespace

Result<void> prepare_schema(Database& database) {
    const auto version = read_number(database, "PRAGMA user_version");
    if (!version) return tl::unexpected(version.error());
    const auto application = read_number(database, "PRAGMA application_id");
    if (!application) return tl::unexpected(application.error());
    const auto tables = read_number(database, "SELECT count(*) FROM sqlite_schema");
    if (!tables) return tl::unexpected(tables.error());
    const bool is_new = *version == 0 && *application == 0 && *tables == 0;
    if (!is_new && *application != kApplicationId) {
        return failure(ErrorCode::invalid, "it is the database of another program");
    }
    if (*version > kSchemaVersion) {
        return failure(ErrorCode::invalid,
                       fmt::format("it has version {} and this program knows up to {}: a newer "
                                   "belfry wrote it",
                                   *version, kSchemaVersion));
    }
    if (*version == kSchemaVersion) return {};
    auto transaction = Transaction::begin(database);
    if (!transaction) return tl::unexpected(transaction.error());
    for (auto step = static_cast<std::size_t>(*version); step < kSteps.size(); ++step) {
        if (auto made = database.run(kSteps[step]); !made) return made;
    }
    const std::string marks = fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                          kApplicationId, kSchemaVersion);
    if (auto marked = database.run(marks.c_str()); !marked) return marked;
    return transaction->commit();
}

}  // namespace cron::ledger
