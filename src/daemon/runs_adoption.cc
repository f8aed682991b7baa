// Runs that a daemon before has started: they are not our children.
#include <sys/epoll.h>

#include <utility>

#include "daemon/clock.h"
#include "daemon/facts.h"
#include "daemon/runs.h"

namespace cron::daemon {

void Runs::adopt(const engine::Adopt& order) {
    const int pid = order.process.pid;
    Live& live = live_[order.run];
    live.spawn = {order.run, order.key, order.attempt, engine::Cause::schedule, order.entry};
    live.report_done = true;
    live.adopted_start = order.process.process_start;
    live.child.pid = pid;
    live.child.pidfd = process::open_pidfd(pid);
    live.remains.output = outputs_.reopen(order);
    if (live.remains.output) outputs_.watch(*order.entry, order.key, *live.remains.output);
    live.session = outputs_.reopen_session(order.process);
    live.child.is_session = live.session.has_value();
    // Asked when the descriptor is there: it is that of no later process with this pid.
    const bool lives = live.child.pidfd && process::process_start(pid) == live.adopted_start;
    if (lives) {
        auto end = loop_.add(live.child.pidfd.get(), EPOLLIN,
                             [this, run = order.run](std::uint32_t) { collect(run); });
        if (end) {
            live.end_watch = *std::move(end);
            groups_->adopt(order, live.session ? live.session->job().value_or(pid) : pid);
            log_.write(run_adopted(live.spawn, pid), read_clock().instant);
            return;
        }
    }
    collect_adopted(live);
}

// Its end is all that can be known, but of a session.
void Runs::collect_adopted(Live& live) {
    live.ended = true;
    groups_->ended(live.spawn);
    live.end_watch.reset();
    live.child.pidfd.reset();
    unwatch(live);
    process::Ended ended{{false, 0, false}, {}};
    if (live.session) ended = live.session->end().value_or(ended);
    happened_(engine::Exited{live.spawn.run, ended.status, ended.usage, printed(live)});
}

}  // namespace cron::daemon
