#include "ledger/database.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/unique_fd.h"

namespace cron::ledger {
namespace {

// A reader in another process may hold what we want for so long, and no longer.
constexpr int kBusyMilliseconds = 2'000;

ErrorCode code_of(int result) {
    switch (result & 0xFF) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return ErrorCode::damaged;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return ErrorCode::busy;
        case SQLITE_READONLY:
        case SQLITE_PERM:
            return ErrorCode::denied;
        case SQLITE_FULL:
            return ErrorCode::limit;
        default:
            return ErrorCode::system;
    }
}

tl::unexpected<Error> failure_of(sqlite3* database) {
    const int result = sqlite3_extended_errcode(database);
    const int number = sqlite3_system_errno(database);
    std::string message = fmt::format("{} ({})", sqlite3_errmsg(database), result);
    return tl::unexpected<Error>(Error{code_of(result), std::move(message), number});
}

// SQLite would let everybody read what runs here. Its other files take the mode of this one.
Result<void> make_private(const std::string& path) {
    constexpr int kFlags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const UniqueFd fd(::open(path.c_str(), kFlags, 0600));
    return fd ? Result<void>{} : system_failure(errno, "open", path);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int parameter, std::int64_t value) {
    CRON_CHECK(sqlite3_bind_int64(statement_.get(), parameter, value) == SQLITE_OK);
    return *this;
}

Statement& Statement::bind(int parameter, std::optional<std::int64_t> value) {
    if (value) return bind(parameter, *value);
    CRON_CHECK(sqlite3_bind_null(statement_.get(), parameter) == SQLITE_OK);
    return *this;
}

Statement& Statement::bind_text(int parameter, std::string_view text) {
    CRON_CHECK(sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(),
                                   SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK);
    return *this;
}

Statement& Statement::bind_bytes(int parameter, std::string_view bytes) {
    CRON_CHECK(sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(),
                                   SQLITE_STATIC) == SQLITE_OK);
    return *this;
}

Result<bool> Statement::step() {
    const int result = sqlite3_step(statement_.get());
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) {
        sqlite3_reset(statement_.get());
        return false;
    }
    auto failed = failure_of(sqlite3_db_handle(statement_.get()));
    sqlite3_reset(statement_.get());
    return failed;
}

Result<void> Statement::run() {
    const Result<bool> row = step();
    if (!row) return tl::unexpected(row.error());
    CRON_CHECK(!*row);
    return {};
}

std::int64_t Statement::number(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::optional<std::int64_t> Statement::optional_number(int column) const {
    if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
    return number(column);
}

std::string Statement::bytes(int column) const {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr
               ? std::string()
               : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Database> Database::open(const Options& options) {
    if (options.vfs.empty() && !options.read_only) {
        if (auto made = make_private(options.path); !made) return tl::unexpected(made.error());
    }
    const int mode =
        options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite3* handle = nullptr;
    const int result =
        sqlite3_open_v2(options.path.c_str(), &handle,
                        mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
                        options.vfs.empty() ? nullptr : options.vfs.c_str());
    if (handle == nullptr) return failure(ErrorCode::system, "no memory for a database");
    Database database(handle);
    if (result != SQLITE_OK) return failure_of(handle);
    sqlite3_busy_timeout(handle, kBusyMilliseconds);
    return database;
}

Result<void> Database::run(const char* sql) {
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return failure_of(database_.get());
}

Result<Statement> Database::prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                           nullptr) != SQLITE_OK) {
        return failure_of(database_.get());
    }
    return Statement(statement);
}

std::int64_t Database::last_row() const { return sqlite3_last_insert_rowid(database_.get()); }

std::int64_t Database::changes() const { return sqlite3_changes64(database_.get()); }

Result<Transaction> Transaction::begin(Database& database) {
    // The write lock at once: a transaction that only finds out later would be half done.
    if (auto begun = database.run("BEGIN IMMEDIATE"); !begun) return tl::unexpected(begun.error());
    return Transaction(database);
}

Result<void> Transaction::commit() {
    Result<void> committed = database_->run("COMMIT");
    if (committed) database_ = nullptr;
    return committed;
}

Transaction::~Transaction() {
    // An error may have undone it already; then there is nothing to undo.
    if (database_ != nullptr) (void)database_->run("ROLLBACK");
}

}  // namespace cron::ledger
