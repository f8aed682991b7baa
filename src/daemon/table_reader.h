// Keeps the daemon in step with the tables and the zones on disk: reads and parses them on the
// worker when a change is noticed, when it is asked to, and now and then.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "calendar/instant.h"
#include "daemon/worker.h"
#include "daemon/zone_book.h"
#include "spool/tables.h"
#include "spool/watch.h"

namespace cron::daemon {

// From the last change to its reading: editors write in steps. Changes without end are read now and
// then, and who writes to a table has so long to close it.
inline constexpr std::chrono::milliseconds kSettleTime{50};
inline constexpr seconds kSettleMax{1};
inline constexpr seconds kWritingMax{5};
inline constexpr minutes kRescanInterval{5};  // for changes that give no event
inline constexpr minutes kShortRescanInterval{1};
inline constexpr seconds kFirstRetry{5};  // after a user or a file that could not be had
inline constexpr seconds kRetryMax{60};

// When files are looked at, besides when that is asked for.
struct Looks {
    bool on_events = true;                              // of inotify
    std::optional<minutes> interval = kRescanInterval;  // none: nor what could not be read is tried
};

class TableReader {
  public:
    struct Reading {
        ZoneBook::News zone;
        spool::Changes changes;
        bool is_reload = false;
        std::string unwatched;  // why changes may give no event, where they should
    };
    using Changed = std::function<void(Reading reading)>;

    // Zones are found in `zones`, whatever `settings` say. `changed` is called after each reading,
    // with what it found, be it nothing.
    static std::unique_ptr<TableReader> create(Worker& worker, spool::Settings settings,
                                               ZoneBook zones, Changed changed, Looks looks = {});

    // Readable when a file may have changed: call notice(), which may move next_look(). -1: there
    // are no events.
    int fd() const;
    void notice();

    // In which tables are read from now on; all are read anew where it is another one.
    void set_flavour(crontab::Flavour flavour);

    // A file has changed, in which nobody but us wrote.
    void soon();
    // Reads all anew, and the daemon's zone too.
    void reload();
    // Reads what has changed, if it is time to.
    void look(Monotonic now);
    // When look() wants to be called.
    Monotonic next_look() const;

  private:
    // What the worker uses; it may outlive the reader.
    class Shared;

    TableReader(Worker& worker, std::shared_ptr<Shared> shared, Changed changed,
                std::optional<minutes> interval)
        : worker_(worker),
          shared_(std::move(shared)),
          changed_(std::move(changed)),
          interval_(interval) {}

    void read();
    void done(Reading reading, bool look_again);

    Worker& worker_;
    std::shared_ptr<Shared> shared_;
    Changed changed_;
    std::optional<minutes> interval_;
    crontab::Flavour flavour_ = crontab::Flavour::debian;
    bool is_reload_asked_ = false;
    bool is_reading_ = false;
    Monotonic next_look_{};
    // Of a change that was noticed and not read yet; until it is settled nothing else is a reason
    // to look.
    std::optional<Monotonic> first_change_;
    Monotonic settled_{};
    seconds retry_pause_ = kFirstRetry;
};

}  // namespace cron::daemon
