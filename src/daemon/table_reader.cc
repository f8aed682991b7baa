#include "daemon/table_reader.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "daemon/clock.h"

namespace cron::daemon {

Result<std::unique_ptr<TableReader>> TableReader::create(EventLoop& loop, Worker& worker,
                                                         spool::Settings settings,
                                                         Changed changed) {
    Result<spool::Watcher> watcher = spool::Watcher::create();
    if (!watcher) return tl::unexpected(watcher.error());
    auto shared =
        std::make_shared<Shared>(Shared{spool::Tables(std::move(settings)), *std::move(watcher)});
    std::unique_ptr<TableReader> reader(new TableReader(worker, shared, std::move(changed)));
    Result<EventLoop::Watch> watch =
        loop.add(shared->watcher.fd(), EPOLLIN, [self = reader.get()](std::uint32_t) {
            if (self->shared_->watcher.drain()) self->soon();
        });
    if (!watch) return tl::unexpected(watch.error());
    reader->watch_ = *std::move(watch);
    return reader;
}

void TableReader::reload(const calendar::Zone& zone) {
    reload_zone_ = zone;
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
    const bool is_posted =
        worker_.post([this, shared = shared_, zone = reload_zone_, now]() -> Worker::Continuation {
            if (zone) shared->tables.set_zone(*zone);
            // Watched before it is read: what changes meanwhile is noticed.
            shared->watcher.watch(shared->tables.watched());
            spool::Changes changes =
                zone ? shared->tables.reload_all(now) : shared->tables.scan(now);
            const spool::Watcher::Armed armed = shared->watcher.watch(shared->tables.watched());
            return [this, changes = std::move(changes), look_again = armed.added]() mutable {
                done(std::move(changes), look_again);
            };
        });
    // A worker that has no room for this has enough to do.
    is_reading_ = is_posted;
    if (is_posted) reload_zone_.reset();
    next_look_ = read_clock().monotonic;
    next_look_ += is_posted ? microseconds{kRescanInterval} : microseconds{kFirstRetry};
}

void TableReader::done(spool::Changes changes, bool look_again) {
    is_reading_ = false;
    const Monotonic now = read_clock().monotonic;
    if (changes.retry) {
        next_look_ = std::min(next_look_, now + retry_pause_);
        retry_pause_ = std::min(retry_pause_ * 2, kRetryMax);
    } else {
        retry_pause_ = kFirstRetry;
    }
    if (look_again) soon();
    if (reload_zone_) next_look_ = now;
    changed_(std::move(changes));
}

}  // namespace cron::daemon
