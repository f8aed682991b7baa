// Keeps the daemon in step with the tables and the zones on disk: reads and parses them on the
// worker when a change is noticed, when it is asked to, and now and then.
#pragma once

#include <functional>
#include <memory>

#include "base/error.h"
#include "calendar/instant.h"
#include "daemon/worker.h"
#include "daemon/zone_book.h"
#include "spool/tables.h"
#include "spool/watch.h"

namespace cron::daemon {

inline constexpr std::chrono::milliseconds kSettleTime{
    50};  // from a change to its reading: editors write in steps
inline constexpr minutes kRescanInterval{5};  // for changes that give no event
inline constexpr minutes kUnwatchedRescanInterval{1};
inline constexpr seconds kFirstRetry{5};  // after a user or a file that could not be had
inline constexpr seconds kRetryMax{60};

class TableReader {
  public:
    struct Reading {
        ZoneBook::News zone;
        spool::Changes changes;
        bool is_reload = false;
    };
    using Changed = std::function<void(Reading reading)>;

    // Zones are found in `zones`, whatever `settings` say. `changed` is called after each reading,
    // with what it found, be it nothing. Files that are not `watched` are looked at more often.
    static Result<std::unique_ptr<TableReader>> create(Worker& worker, spool::Settings settings,
                                                       ZoneBook zones, Changed changed,
                                                       bool is_watched = true);

    // Readable when a file may have changed: call notice(), which may bring next_look() nearer.
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
    Monotonic next_look() const { return is_reading_ ? Monotonic::max() : next_look_; }

  private:
    // What the worker uses; it may outlive the reader.
    class Shared;

    TableReader(Worker& worker, std::shared_ptr<Shared> shared, Changed changed,
                minutes rescan_interval)
        : worker_(worker),
          shared_(std::move(shared)),
          changed_(std::move(changed)),
          rescan_interval_(rescan_interval) {}

    void read();
    void done(Reading reading, bool look_again);

    Worker& worker_;
    std::shared_ptr<Shared> shared_;
    Changed changed_;
    minutes rescan_interval_;
    crontab::Flavour flavour_ = crontab::Flavour::debian;
    bool is_reload_asked_ = false;
    bool is_reading_ = false;
    Monotonic next_look_{};
    seconds retry_pause_ = kFirstRetry;
};

}  // namespace cron::daemon
