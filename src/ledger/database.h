// SQLite behind owners that close what they open. Everything here may wait for a disk: it belongs
// on a worker, one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cron::ledger {

// A prepared statement. Parameters count from 1, columns from 0; what is bound must live until the
// statement has run.
class Statement {
  public:
    Statement() = default;

    Statement& bind(int parameter, std::int64_t value);
    Statement& bind(int parameter, std::optional<std::int64_t> value);
    Statement& bind_text(int parameter, std::string_view text);
    Statement& bind_bytes(int parameter, std::string_view bytes);

    // True while there is a row to look at. After the last, or an error, it may be bound anew.
    Result<bool> step();
    // For a statement without rows.
    Result<void> run();

    std::int64_t number(int column) const;
    std::optional<std::int64_t> optional_number(int column) const;
    std::string bytes(int column) const;

  private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
  public:
    struct Options {
        std::string path;
        std::string vfs;         // the file layer; empty is the system's
        bool read_only = false;  // never writes, and waits for no writer
    };
    // A file that is no database, or a damaged one, is an error of the code `damaged`, here or at
    // any later step.
    static Result<Database> open(const Options& options);

    Result<void> run(const char* sql);  // one or more statements without parameters
    Result<Statement> prepare(const char* sql);
    std::int64_t last_row() const;
    std::int64_t changes() const;  // rows that the last statement changed

  private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    explicit Database(sqlite3* database) : database_(database) {}

    std::unique_ptr<sqlite3, Close> database_;
};

// Begins at birth; undone when it dies, unless it was committed.
class Transaction {
  public:
    static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept
        : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    // Durable when it returns without an error.
    Result<void> commit();

  private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace cron::ledger
