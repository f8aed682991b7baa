#include "daemon/table_reader.h"

#include <algorithm>
#include <utility>

#include "daemon/clock.h"

namespace cron::daemon {

class TableReader::Shared {
  public:
    Shared(ZoneBook zones, spool::Settings settings, spool::Watcher watcher, bool is_watched)
        : is_watched_(is_watched),
          zones_(std::move(zones)),
          tables_(with_zones(std::move(settings))),
          watcher_(std::move(watcher)) {}
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

    spool::Watcher& watcher() { return watcher_; }

    Reading read(Instant now, crontab::Flavour flavour, bool is_reload) {
        Reading reading;
        const bool is_new_flavour = tables_.set_flavour(flavour);
        reading.zone = zones_.look(now, is_reload);
        if (reading.zone.own) tables_.set_zone(*reading.zone.own);
        // Watched before it is read: what changes meanwhile is noticed.
        watch();
        const bool is_anew = is_reload || is_new_flavour || reading.zone.is_new();
        reading.changes = is_anew ? tables_.reload_all(now, is_reload) : tables_.scan(now);
        return reading;
    }

    // Whether something is watched only from now on.
    bool watch() {
        if (!is_watched_) return false;
        std::vector<spool::Watched> wanted = tables_.watched();
        wanted.insert(wanted.end(), zones_.watched().begin(), zones_.watched().end());
        return watcher_.watch(wanted).added;
    }

  private:
    spool::Settings with_zones(spool::Settings settings) {
        settings.find_zone = [this](std::string_view name) { return zones_.find(name); };
        return settings;
    }

    bool is_watched_;
    ZoneBook zones_;
    spool::Tables tables_;
    spool::Watcher watcher_;
};

Result<std::unique_ptr<TableReader>> TableReader::create(Worker& worker, spool::Settings settings,
                                                         ZoneBook zones, Changed changed,
                                                         bool is_watched) {
    Result<spool::Watcher> watcher = spool::Watcher::create();
    if (!watcher) return tl::unexpected(watcher.error());
    const crontab::Flavour flavour = settings.flavour;
    auto shared = std::make_shared<Shared>(std::move(zones), std::move(settings),
                                           *std::move(watcher), is_watched);
    std::unique_ptr<TableReader> reader(
        new TableReader(worker, std::move(shared), std::move(changed),
                        is_watched ? kRescanInterval : kUnwatchedRescanInterval));
    reader->flavour_ = flavour;
    return reader;
}

int TableReader::fd() const { return shared_->watcher().fd(); }

void TableReader::notice() {
    if (shared_->watcher().drain()) soon();
}

void TableReader::set_flavour(crontab::Flavour flavour) {
    if (std::exchange(flavour_, flavour) != flavour) soon();
}

void TableReader::reload() {
    is_reload_asked_ = true;
    next_look_ = Monotonic{};
    look(read_clock().monotonic);
}

void TableReader::look(Monotonic now) {
    if (is_reading_ || now < next_look_) return;
    read();
}

void TableReader::soon() {
    next_look_ = std::min(next_look_, read_clock().monotonic + kSettleTime);
}

void TableReader::read() {
    const Instant now = read_clock().instant;
    const bool is_posted = worker_.post([this, shared = shared_, now, flavour = flavour_,
                                         is_reload = is_reload_asked_]() -> Worker::Continuation {
        Reading reading = shared->read(now, flavour, is_reload);
        reading.is_reload = is_reload;
        const bool look_again = shared->watch();
        return [this, reading = std::move(reading), look_again]() mutable {
            done(std::move(reading), look_again);
        };
    });
    // A worker that has no room for this has enough to do.
    is_reading_ = is_posted;
    if (is_posted) is_reload_asked_ = false;
    next_look_ = read_clock().monotonic;
    next_look_ += is_posted ? microseconds{rescan_interval_} : microseconds{kFirstRetry};
}

void TableReader::done(Reading reading, bool look_again) {
    is_reading_ = false;
    const Monotonic now = read_clock().monotonic;
    if (reading.changes.retry) {
        next_look_ = std::min(next_look_, now + retry_pause_);
        retry_pause_ = std::min(retry_pause_ * 2, kRetryMax);
    } else {
        retry_pause_ = kFirstRetry;
    }
    if (look_again) soon();
    if (is_reload_asked_) next_look_ = now;
    changed_(std::move(reading));
}

}  // namespace cron::daemon
