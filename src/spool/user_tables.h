// The tables of users as their editors see them: read, installed, removed, brought back. Every
// change is whole or not at all: a temporary file, fsync, rename, fsync of the folder. It may wait
// for a disk: in the daemon it belongs on a worker.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cron::spool {

// Whose table it is. The name comes from the directory of users, and was checked to be the name of
// a file.
struct TableOwner {
    std::string name;
    uid_t uid = 0;
};

struct StoredTable {
    std::string text;
    std::string version;  // of the text: equal for equal texts, never ""
};

struct UserTablesSettings {
    std::string crontabs;  // /var/spool/cron/crontabs
    std::string previous;  // the folder of the versions before the last change: SPOOL/previous
};

class UserTables {
  public:
    explicit UserTables(UserTablesSettings settings) : settings_(std::move(settings)) {}

    // None where there is no table. A file that breaks the rules of spool/rules.h is an error of
    // code denied.
    Result<std::optional<StoredTable>> read(const TableOwner& owner) const;

    // The version of what is installed then. `before`: what must be there now, as a version, "" for
    // no table; if it is another, an error of code busy and nothing is changed. Two who change at
    // once are one after the other. The text was checked by the caller; one that is installed
    // already changes nothing.
    Result<std::string> install(const TableOwner& owner, std::string_view text,
                                const std::optional<std::string>& before) const;

    // An error of code not_found where there is none.
    Result<void> remove(const TableOwner& owner, const std::optional<std::string>& before) const;

    // Brings back what was there before the last change, and keeps what is there now in its place;
    // so a removal comes back, and undo undoes itself. None: what was there before was no table. An
    // error of code not_found where nothing was changed yet.
    Result<std::optional<StoredTable>> undo(const TableOwner& owner) const;

  private:
    UserTablesSettings settings_;
};

}  // namespace cron::spool
