// What makes a file on disk a table: its name, its type, its owner, its mode, its links. No system
// call. Source: DESIGN, Names on disk; run-parts(8) and cron(8) of Debian; crond(8) of cronie.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "crontab/table.h"

namespace cron::spool {

// Why a file gives no table now, and what becomes of the version read before.
enum class Trouble {
    gone,        // not there: removed
    refused,     // against the rules: removed, it must not run
    unresolved,  // its user is not known: removed, and tried again
    unreadable,  // a failure that may pass: kept, and tried again
    not_a_file,  // a folder, FIFO, socket or device in its place: kept
};

struct Problem {
    Trouble trouble = Trouble::refused;
    std::string event;   // as the classics log it: "WRONG FILE OWNER"
    std::string detail;  // one clause: what is, and what would be right
};

template <class T>
using Checked = tl::expected<T, Problem>;

enum class Place { user_folder, system_table, system_folder, argument };
inline constexpr std::size_t kPlaces = 4;

struct Rules {
    Place place = Place::user_folder;
    uid_t user = 0;     // user_folder: who the table is for
    uid_t trusted = 0;  // whose files are good beside root's: the uid of crond
    std::size_t bytes_max = crontab::kTableBytesMax;
    std::string_view noun = "a table";  // what the file is, for messages
    bool permits_any = false;           // whoever owns it, writes to it or has a link to it
};

// Root and crond's own user.
bool is_trusted(uid_t owner, uid_t trusted);

// The rule that a file of this status breaks; none if it may be read as a table.
std::optional<Problem> violation(const struct stat& status, const Rules& rules);

// Why `name` in /etc/cron.d is not the name of a table; none if it is one.
std::optional<std::string> name_violation(std::string_view name, crontab::FileNames names);

// Names that are no table and need no word: hidden files and temporaries in crontabs/, and
// /etc/cron.d/.placeholder, which Debian ships.
bool is_silent_name(std::string_view name, Place place);

}  // namespace cron::spool
