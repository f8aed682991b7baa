// The table language: the text of a crontab → its entries and what is wrong with it. Pure.
// Source: crontab(5) of Vixie cron, Debian's cron, cronie and OpenBSD; DESIGN, The table language.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/job_id.h"
#include "calendar/zone.h"
#include "crontab/diagnostic.h"
#include "crontab/dialect.h"
#include "crontab/flavour.h"
#include "crontab/policy.h"
#include "schedule/schedule.h"

namespace cron::crontab {

struct Assignment {
    std::string name;
    std::string value;

    friend bool operator==(const Assignment&, const Assignment&) = default;
};

// In file order; a name set again stands once, with the later value, at its first place.
using Environment = std::vector<Assignment>;

// Whether each run has this variable by itself, whatever a table says: its user, and what it is.
bool is_fixed_variable(std::string_view name);

// The value of `name`; null if it is not set.
const std::string* find(const Environment& environment, std::string_view name);

// One line that schedules, with what holds for it.
struct Entry {
    JobId id;
    std::size_t line = 0;
    std::string schedule_text;  // as written, but for blanks: one space between words
    schedule::Schedule schedule;
    calendar::Zone zone;
    std::string
        user;  // the table's owner; in system tables the entry's user column, a name as written
    std::size_t user_begin = 0;  // the column of the user in its line; system tables only
    std::string command;         // up to the first unescaped %, with \% made %
    std::string input;  // what follows, each unescaped % a newline, with a newline at its end;
                        // empty: no input
    std::shared_ptr<const Environment> environment;  // never null
    // Never null. The flags -s and -n (OpenBSD, cronie) are in it: overlap and mail.
    std::shared_ptr<const Policy> policy;
    seconds delay{};     // its own part of CRON_JITTER and RANDOM_DELAY: it starts so much later
    bool quiet = false;  // -q (OpenBSD), a leading - on the line (cronie): not logged
};

using Entries = std::vector<std::shared_ptr<const Entry>>;

struct Table {
    Entries entries;                      // in file order
    std::vector<Diagnostic> diagnostics;  // in line order; the last may say that there are more
    // Those that were only counted.
    std::size_t errors_not_shown = 0;
    std::size_t warnings_not_shown = 0;

    bool has_errors() const;
    // Shown or not.
    std::size_t count(Severity severity) const;
};

enum class Kind { user, system };  // system: a user column before the command

struct Options {
    Kind kind = Kind::user;
    std::string owner;  // the user of a user table; "root" or what owns the file for a system table
    std::string name;   // of the table, part of the identity of its jobs: its path
    bool is_owner_in_ids = true;  // likewise; else another owner's jobs would be the same ones
    std::string machine_id;
    Flavour flavour = Flavour::debian;
    Dialect dialect = Dialect::cron;
    calendar::Zone zone;  // of the daemon: for entries below no CRON_TZ
    // Finds the zone that CRON_TZ names. Its error is shown to the user.
    std::function<Result<calendar::Zone>(std::string_view name)> find_zone;
    Instant now{};  // a schedule that is never due after it, for its years are past, is warned of
    // Where set, what is probably not meant is warned of too, with the changes of clocks in the
    // year from then on.
    std::optional<Instant> advise_from;
    // Settings that the machine cannot enforce, each with the reason: a table that uses one is
    // warned of it once.
    std::map<std::string, std::string, std::less<>> unenforced;
    Overlap overlap = Overlap::allow;  // where CRON_OVERLAP is not set
};

// Bounds, far above real use; passing one is an error of the table that says which.
inline constexpr std::size_t kTableBytesMax = 16U << 20;
inline constexpr std::size_t kLinesMax = 1'000'000;
inline constexpr std::size_t kZonesMax = 100;                   // different ones in one table
inline constexpr std::size_t kPoliciesMax = 100'000;            // different ones in one table
inline constexpr std::size_t kLineBytesMax = (128U << 10) - 1;  // as MAX_ARG_STRLEN of the kernel
inline constexpr std::size_t kEnvironmentBytesMax = 1U << 20;
inline constexpr std::size_t kEnvironmentsBytesMax = 64U << 20;  // of all that differ in one table
inline constexpr std::size_t kDiagnosticsMax = 1'000;            // errors, and as many warnings

// Never fails: what cannot be understood is a diagnostic, and every other line counts.
Table parse(std::string_view text, const Options& options);

}  // namespace cron::crontab
