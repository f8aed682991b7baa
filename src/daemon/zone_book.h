// The zones in force: the daemon's own and those that tables name, kept in step with their files.
// All of it may wait for a disk: it belongs on the worker.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "calendar/zone.h"
#include "spool/file.h"
#include "spool/watch.h"
#include "zones/load.h"

namespace cron::daemon {

class ZoneBook {
  public:
    // `own` is the daemon's zone, as found by `sources`.
    ZoneBook(zones::Sources sources, calendar::Zone own)
        : sources_(std::move(sources)), own_(std::move(own)) {}

    struct News {
        std::optional<calendar::Zone> own;  // the daemon's zone is another one, or has other data
        std::string before;                 // what it was called; with `own` only
        bool named = false;   // a zone that tables name has other data: they are to be read again
        std::string trouble;  // why the daemon's zone cannot be had now; told once

        bool is_new() const { return own || named; }
    };
    // Looks at the files' stamps, and loads what may have changed. A zone whose file is gone or
    // broken stays as it was. `anew`: the daemon's is loaded whatever its stamp, and trouble that
    // was told before is told again.
    News look(Instant now, bool anew);

    // The zone that CRON_TZ names, as the last look found it. Its file is read once for all tables.
    Result<calendar::Zone> find(std::string_view name);
    // For Watcher: where a change may give the daemon another zone. The zones that tables name are
    // left to the slow rescan.
    const std::vector<spool::Watched>& watched() const { return watched_; }

  private:
    // What tells whether a file is as it was; none where there is none.
    struct Mark {
        std::optional<spool::Stamp> stamp;
        bool is_settled = false;  // the same stamp again means the same file

        friend bool operator==(const Mark&, const Mark&) = default;
    };
    struct Named {
        calendar::Zone zone;
        Mark mark;
    };

    static Mark mark_of(const std::optional<spool::Stamp>& stamp, Instant now);
    std::string own_path() const;
    void look_at_own(Instant now, bool anew, News& news);
    void load_own(News& news);
    void tell(const std::string& trouble, News& news);
    bool refresh(const std::string& name, Named& known, Instant now) const;

    zones::Sources sources_;
    calendar::Zone own_;
    std::optional<Mark> own_mark_;  // none before the first look
    bool has_file_ = false;         // own_ came from one
    std::string told_;              // the last trouble
    std::map<std::string, Named, std::less<>> named_;
    std::vector<spool::Watched> watched_;
};

}  // namespace cron::daemon
