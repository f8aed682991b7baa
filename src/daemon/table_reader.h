// Keeps the tables on disk in step with the daemon: reads and parses them on the worker when a
// change is noticed, when it is asked to, and now and then.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/error.h"
#include "calendar/instant.h"
#include "daemon/event_loop.h"
#include "daemon/worker.h"
#include "spool/tables.h"
#include "spool/watch.h"

namespace cron::daemon {

inline constexpr std::chrono::milliseconds kSettleTime{
    50};  // from a change to its reading: editors write in steps
inline constexpr minutes kRescanInterval{5};  // for changes that give no event
inline constexpr seconds kFirstRetry{5};      // after a user or a file that could not be had
inline constexpr seconds kRetryMax{60};

class TableReader {
  public:
    using Changed = std::function<void(spool::Changes changes)>;

    // `changed` is called after each reading, with what it found, be it nothing.
    static Result<std::unique_ptr<TableReader>> create(EventLoop& loop, Worker& worker,
                                                       spool::Settings settings, Changed changed);

    // Reads all anew, for entries in `zone` where they name none.
    void reload(const calendar::Zone& zone);
    // Reads what has changed, if it is time to.
    void look(Monotonic now);
    // When look() wants to be called.
    Monotonic next_look() const { return is_reading_ ? Monotonic::max() : next_look_; }

  private:
    // What the worker uses; it may outlive the reader.
    struct Shared {
        spool::Tables tables;
        spool::Watcher watcher;
    };

    TableReader(Worker& worker, std::shared_ptr<Shared> shared, Changed changed)
        : worker_(worker), shared_(std::move(shared)), changed_(std::move(changed)) {}

    void soon();
    void read();
    void done(spool::Changes changes, bool look_again);

    Worker& worker_;
    std::shared_ptr<Shared> shared_;
    Changed changed_;
    EventLoop::Watch watch_;
    std::optional<calendar::Zone> reload_zone_;  // a reload is asked for
    bool is_reading_ = false;
    Monotonic next_look_{};
    seconds retry_pause_ = kFirstRetry;
};

}  // namespace cron::daemon
