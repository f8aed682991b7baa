#include "daemon/table_reader.h"

#include <algorithm>
#include <utility>

#include "daemon/clock.h"

namespace cron::daemon {

class TableReader::Shared {
  public:
    Shared(ZoneBook zones, spool::Settings settings, bool is_watched)
        : zones_(std::move(zones)), tables_(with_zones(std::move(settings))) {
        if (!is_watched) return;
        auto watcher = spool::Watcher::create();
        if (watcher) {
            watcher_ = *std::move(watcher);
        } else {
            unwatched_ = watcher.error().message;
        }
    }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

    // None: nothing is watched.
    std::optional<spool::Watcher>& watcher() { return watcher_; }
    const std::string& unwatched() const { return unwatched_; }

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
        if (!watcher_) return false;
        std::vector<spool::Watched> wanted = tables_.watched();
        wanted.insert(wanted.end(), zones_.watched().begin(), zones_.watched().end());
        const spool::Watcher::Armed armed = watcher_->watch(wanted);
        unwatched_ = armed.error ? armed.error->message : "";
        return armed.added;
    }

  private:
    spool::Settings with_zones(spool::Settings settings) {
        settings.find_zone = [this](std::string_view name) { return zones_.find(name); };
        return settings;
    }

    ZoneBook zones_;
    spool::Tables tables_;
    std::optional<spool::Watcher> watcher_;
    std::string unwatched_;
};

std::unique_ptr<TableReader> TableReader::create(Worker& worker, spool::Settings settings,
                                                 ZoneBook zones, Changed changed, Looks looks) {
    const crontab::Flavour flavour = settings.flavour;
    auto shared = std::make_shared<Shared>(std::move(zones), std::move(settings), looks.on_events);
    std::unique_ptr<TableReader> reader(
        new TableReader(worker, std::move(shared), std::move(changed), looks.interval));
    reader->flavour_ = flavour;
    return reader;
}

int TableReader::fd() const { return shared_->watcher() ? shared_->watcher()->fd() : -1; }

void TableReader::notice() {
    spool::Watcher& watcher = *shared_->watcher();
    if (!watcher.drain()) return;
    const Monotonic now = read_clock().monotonic;
    if (!first_change_) first_change_ = now;
    settled_ = watcher.is_being_written()
                   ? *first_change_ + kWritingMax
                   : std::min<Monotonic>(now + kSettleTime, *first_change_ + kSettleMax);
}

Monotonic TableReader::next_look() const {
    if (is_reading_) return Monotonic::max();
    if (!first_change_) return next_look_;
    // Who asks for it does not want half of a table either.
    const bool waits = !is_reload_asked_ || shared_->watcher()->is_being_written();
    return waits ? settled_ : next_look_;
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
    if (now < next_look()) return;
    // Somebody may have begun to write, and the loop not have come to the news.
    if (shared_->watcher()) notice();
    if (now >= next_look()) read();
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
        const bool look_again = shared->watch() || reading.changes.is_unquiet;
        reading.unwatched = shared->unwatched();
        return [this, reading = std::move(reading), look_again]() mutable {
            done(std::move(reading), look_again);
        };
    });
    // A worker that has no room for this has enough to do.
    is_reading_ = is_posted;
    if (is_posted) is_reload_asked_ = false;
    first_change_.reset();
    if (shared_->watcher()) shared_->watcher()->forget_writers();
    const std::optional<microseconds> pause =
        is_posted ? std::optional<microseconds>(interval_) : kFirstRetry;
    next_look_ = pause ? read_clock().monotonic + *pause : Monotonic::max();
}

void TableReader::done(Reading reading, bool look_again) {
    is_reading_ = false;
    const Monotonic now = read_clock().monotonic;
    // What could give no event is looked at more often.
    if (interval_ && !reading.unwatched.empty()) {
        next_look_ = std::min<Monotonic>(next_look_, now + kShortRescanInterval);
    }
    if (reading.changes.retry && interval_) {
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
