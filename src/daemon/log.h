// The log of the daemon: one line per fact, to the machine's log or to stderr. Writing to it never
// blocks and never fails.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "calendar/zone.h"
#include "crontab/table.h"
#include "daemon/event_loop.h"
#include "daemon/outbox.h"
#include "daemon/record.h"
#include "daemon/system_log.h"

namespace cron::daemon {

struct LogOptions {
    LogFormat format = LogFormat::text;
    Level threshold = Level::info;
    crontab::Flavour flavour = crontab::Flavour::debian;
    int pid = 0;                                // the daemon's
    std::string journal_path = kJournalSocket;  // format syslog: where that is there
    std::string syslog_path = kSyslogSocket;    // likewise: where it is not
    int fd = 2;                                 // the other formats; not closed
    std::optional<int> low_fd{};                // of what is less than a warning; none: `fd`
};

// For the loop's thread.
class Log {
  public:
    explicit Log(const LogOptions& options);

    // What cannot be written at once is written when `loop` finds room for it; without a loop, when
    // more is written. The log dies before the loop.
    void attach(EventLoop& loop);
    // The zone in which times are written; UTC before.
    void set_zone(const calendar::Zone& zone) { zone_ = zone; }
    // Whose idents lines have from now on.
    void set_flavour(crontab::Flavour flavour) { options_.flavour = flavour; }

    // The way of its lines where they go to the same pipe, socket or terminal as what is written to
    // `fd`; null where they do not.
    Outbox* outbox_of(int fd);

    bool accepts(Level level) const { return level <= options_.threshold; }
    // One line, if the level is accepted. When more waits than a bound, lines are dropped and
    // counted, and the next one that finds room stands behind one that tells the count.
    void write(const Record& record, Instant now);
    // Writes what waits, for up to `patience`. Before the end of the process.
    void finish(std::chrono::milliseconds patience);

    // Lines lost since the start.
    std::uint64_t dropped() const;

  private:
    std::string line(const Record& record, Instant now) const;

    LogOptions options_;
    calendar::Zone zone_;
    std::unique_ptr<Outbox> outbox_;
    std::unique_ptr<Outbox> low_outbox_;  // null: the other one
    std::uint64_t dropped_told_ = 0;
};

}  // namespace cron::daemon
