#include "ledger/state_row.h"

namespace cron::ledger {

Result<StateRow> read_state(Database& database) {
    auto statement = database.prepare(
        "SELECT ledger_id, boot_id, boot, decided_until, fixed_decided_until FROM state "
        "WHERE id = 1");
    if (!statement) return tl::unexpected(statement.error());
    const Result<bool> found = statement->step();
    if (!found) return tl::unexpected(found.error());
    if (!*found) return failure(ErrorCode::damaged, "the row of its state is missing");
    return StateRow{statement->bytes(0), statement->bytes(1), statement->number(2),
                    to_instant(statement->optional_number(3)),
                    to_instant(statement->optional_number(4))};
}

Result<void> write_state(Database& database, const StateRow& row) {
    auto statement = database.prepare(
        "UPDATE state SET boot_id = ?1, boot = ?2, decided_until = ?3, fixed_decided_until = ?4 "
        "WHERE id = 1");
    if (!statement) return tl::unexpected(statement.error());
    return statement->bind_text(1, row.boot_id)
        .bind(2, row.boot)
        .bind(3, count(row.decided_until))
        .bind(4, count(row.fixed_decided_until))
        .run();
}

}  // namespace cron::ledger
