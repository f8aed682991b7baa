// The tables on disk: found, checked, read and parsed, and what has changed since they were last
// looked at. Everything here may wait for a disk or a directory of users: it belongs on a worker.
// One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "crontab/table.h"
#include "spool/file.h"
#include "spool/rules.h"
#include "spool/users.h"
#include "spool/watch.h"

namespace cron::spool {

inline constexpr std::size_t kFilesMax = 100'000;  // in one folder
// File systems keep times of up to 2 s: what was changed so shortly before a look may have changed
// again after it without a trace, so the next scan reads it once more.
inline constexpr seconds kSettled{3};
// An argument that was changed so shortly before a look may still be written to: the version read
// before stays until the next look, or until so many looks have found it thus.
inline constexpr std::chrono::milliseconds kQuiet{50};
inline constexpr int kUnquietLooksMax = 40;

// Absolute paths; an empty one is not used.
struct Places {
    std::string crontabs;       // /var/spool/cron/crontabs
    std::string system_table;   // /etc/crontab
    std::string system_folder;  // /etc/cron.d
};

// Where they are on a machine whose files lie below `root`; "" is /.
Places places_below(std::string_view root);

struct Settings {
    Places places;
    std::vector<std::string> arguments;  // files to run as the caller; absolute paths
    bool system_arguments = false;       // these have a user column
    // A job in them is the same one whoever the caller is: a container that comes back may have
    // another name for its user, or none.
    bool forgets_caller = false;
    std::optional<uid_t> only_user;  // entries of others cannot be run, and are left out
    uid_t trusted = 0;               // whose files are as good as root's: the user crond runs as
    std::string caller = "root";     // that user's name: the owner of system tables and arguments
    crontab::Flavour flavour = crontab::Flavour::debian;
    crontab::Dialect dialect = crontab::Dialect::cron;
    bool has_lsb_names = false;  // files of /etc/cron.d, whatever the flavour
    bool permits_any = false;    // as in Rules
    std::string machine_id;
    calendar::Zone zone;
    std::function<Result<calendar::Zone>(std::string_view name)> find_zone;
    FindUser find_user;
    std::optional<Instant> advise_from;  // the next two: as in crontab::Options
    std::map<std::string, std::string, std::less<>> unenforced;
    crontab::Overlap overlap = crontab::Overlap::allow;  // likewise
};

struct Loaded {
    std::string name;  // its path, and the table's part in the identity of its jobs
    std::string owner;
    std::string who;  // for the log: the user, or "*system*NAME"
    crontab::Table table;
    // The same content was there at the first scan, though its user may have become known only
    // later: its @reboot entries are due.
    bool since_start = false;
    bool same_text = false;  // as when it was loaded before
};

// A file (or a folder) from which no table comes, or a doubt about one that does: told once, until
// it changes.
struct Notice {
    crontab::Severity severity = crontab::Severity::warning;
    std::string who;  // as in Loaded
    // "WRONG FILE OWNER (/etc/cron.d/x): its owner is uid 7, and must be root"
    std::string message;
    std::string path;
};

// Sorted by path.
struct Changes {
    std::vector<Loaded> loaded;        // new, changed, or read again by reload_all
    std::vector<std::string> removed;  // names of tables loaded before
    std::vector<Notice> notices;
    // A user is not known yet, or a file or folder cannot be read now: scan again soon, with
    // growing pauses.
    bool retry = false;
    // An argument may still be written to: scan again in a moment.
    bool is_unquiet = false;
};

// Of all these tables, in their order.
crontab::Entries entries_of(const std::vector<Loaded>& tables);

// Counts since the start.
struct Statistics {
    std::uint64_t scans = 0;
    std::uint64_t reads = 0;   // files read
    std::uint64_t parses = 0;  // of which were parsed
};

// Remembers what it has seen: a file with the same stamps is not opened, one with the same content
// not parsed.
class Tables {
  public:
    explicit Tables(Settings settings);

    // What changed since the last scan; at first, everything. `now` tells whether times have
    // settled, and years are past.
    Changes scan(Instant now);
    // The same, but reads and parses everything anew, and tells again what was told. What cannot be
    // read keeps its last good version.
    Changes reload_all(Instant now, bool tell_again = true);
    // The daemon's zone, for what is parsed from now on.
    void set_zone(calendar::Zone zone) { settings_.zone = std::move(zone); }
    // Likewise; whether it is another than before, so that reload_all has something to do.
    bool set_flavour(crontab::Flavour flavour) {
        return std::exchange(settings_.flavour, flavour) != flavour;
    }

    // For Watcher: all that the last scan looked at.
    const std::vector<Watched>& watched() const { return watched_; }
    const Statistics& statistics() const { return statistics_; }

  private:
    // What is remembered of one file.
    struct Seen {
        Place place = Place::user_folder;
        std::uint64_t scan = 0;               // the last one that found it
        bool live = false;                    // a version of it was reported, and stands
        bool since_start = false;             // as Loaded's
        bool unreadable = false;              // at the last look
        Stamp stamp;                          // of the last look
        bool settled = false;                 // the same stamp again means the same file
        std::optional<ContentHash> hash;      // of the version last parsed
        std::optional<ContentHash> loaded;    // of the version last loaded
        std::vector<std::string> unresolved;  // users whom it or its entries wait for
        int unquiet_looks = 0;                // in a row
        std::string told;                     // the last notice
    };
    struct Source {
        Place place = Place::user_folder;
        const Folder& folder;
        const std::string& name;
        const std::string& path;
    };

    void scan_folder(Place place, const std::string& path);
    void no_folder(Place place, const std::string& path, int error);
    void scan_entry(Place place, const Folder& folder, const std::string& name);
    void scan_system_table(const std::string& path);
    void scan_arguments();
    void drop_missing();
    void visit(const Source& source);
    std::optional<Problem> examine(const Source& source, Seen& seen);
    void load(const Source& source, const Content& content, Seen& seen);
    void fail(const Source& source, const Problem& problem, Seen& seen);
    void remove(const std::string& path, Seen& seen);
    void tell(const Notice& notice, std::string_view consequence, std::string& told);
    void tell_of_folder(const std::string& path, const Error& error);
    bool resolves_now(const Seen& seen);
    bool is_settled(const Stamp& stamp) const;
    bool is_quiet(const Stamp& stamp) const;

    Settings settings_;
    Users users_;
    std::map<std::string, Seen, std::less<>> files_;  // by path
    std::array<bool, kPlaces> listed_{};  // in this scan: what was not found there is gone
    std::map<std::string, std::string> told_of_folders_;
    std::vector<Watched> watched_;
    Statistics statistics_;
    // Of the scan that runs.
    bool reload_ = false;
    Instant now_{};
    Changes changes_;
};

}  // namespace cron::spool
