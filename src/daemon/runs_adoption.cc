// Runs that pass from one daemon to the next: from one that is gone, and from one that becomes
// another program and stays their parent.
#include <algorithm>
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
    live.child.pid = pid;
    live.process_start = order.process.process_start;
    const HandedRun* const handed = handed_run(order.process);
    if (handed != nullptr) take_over(*handed, live);
    if (!live.child.pidfd) live.child.pidfd = process::open_pidfd(pid);
    if (!live.remains.output) live.remains.output = outputs_.reopen(order);
    if (live.remains.output) outputs_.watch(*order.entry, order.key, *live.remains.output);
    if (auto session = outputs_.reopen_session(order.process)) live.session = *std::move(session);
    live.child.is_session = live.session.has_value();
    // Asked when the descriptor is there: it is that of no later process with this pid.
    const bool is_it = live.child.pidfd &&
                       (handed != nullptr || process::process_start(pid) == live.process_start);
    // A daemon that has become us and told us nothing was its parent all the same.
    live.is_child = is_it && process::look(live.child.pidfd.get());
    if (!is_it || !watch(live)) return collect_adopted(live);
    groups_->adopt(order, live.session ? live.session->job().value_or(pid) : pid);
    if (live.kill_at) {
        const microseconds left = *live.kill_at - read_clock().monotonic;
        groups_->signal({order.run, 0, std::max(left, microseconds{1})});
    }
    if (handed == nullptr) outputs_.tell(RunAdopted{live.spawn, pid});
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

const HandedRun* Runs::handed_run(const engine::LiveProcess& process) const {
    if (inherited_ == nullptr) return nullptr;
    const auto& runs = inherited_->facts().runs;
    const auto found = std::find_if(runs.begin(), runs.end(), [&](const HandedRun& run) {
        return run.pid == process.pid && run.process_start == process.process_start;
    });
    return found == runs.end() ? nullptr : &*found;
}

void Runs::take_over(const HandedRun& handed, Live& live) {
    live.child.pidfd = inherited_->descriptor(handed.pidfd);
    live.child.report = inherited_->descriptor(handed.report);
    live.report_done = !live.child.report;
    live.kill_at = handed.kill_at;
    // One in a folder is opened again by its name, to be removed with it.
    if (UniqueFd session = inherited_->descriptor(handed.session)) {
        live.session = process::SessionFile(std::move(session), process::OutputName());
    }
    live.remains.output = outputs_.take_over(*inherited_, handed.output);
}

void Runs::take_over(Inherited& inherited) {
    inherited_ = &inherited;
    for (const HandedRemnant& remnant : inherited.facts().remnants) {
        process::Child child;
        child.pid = remnant.pid;
        child.pidfd = inherited.descriptor(remnant.pidfd);
        if (child.pidfd) lingering_.emplace(remnant.kill_at, std::move(child));
    }
    for (const HandedRetry& retry : inherited.facts().retries) {
        inherited_kept_.push_back({retry.key, outputs_.take_over(inherited, retry.output)});
    }
    groups_->take_over(inherited.facts().groups);
}

// Of a run that has come to its number with us.
void Runs::find_kept(engine::RunNumber run, const engine::RunKey& key) {
    const auto found = std::find_if(inherited_kept_.begin(), inherited_kept_.end(),
                                    [&](const Kept& kept) { return kept.key == key; });
    if (found == inherited_kept_.end()) return;
    kept_.insert_or_assign(run, std::move(*found));
    inherited_kept_.erase(found);
}

bool Runs::hold() {
    const bool has_failed_start = std::any_of(live_.begin(), live_.end(), [](const auto& live) {
        return live.second.failure.has_value();
    });
    if (has_failed_start) return false;
    is_held_ = true;
    for (auto& [run, live] : live_) {
        live.report_watch.reset();
        live.end_watch.reset();
    }
    return true;
}

void Runs::release() {
    if (!std::exchange(is_held_, false)) return;
    for (auto& [run, live] : live_) {
        if (const auto watched = watch(live); !watched) {
            log_.write(said(Level::error, "run-unwatched", watched.error().message),
                       read_clock().instant);
        }
    }
}

void Runs::hand_over(Handover& handover) const {
    const auto outputs_of = [](const std::optional<OutputFiles>& files) {
        return files ? std::optional(files->hand_over()) : std::nullopt;
    };
    for (const auto& [number, live] : live_) {
        HandedRun run{live.child.pid,
                      live.process_start,
                      live.child.pidfd.get(),
                      live.child.report.get(),
                      live.session ? live.session->fd() : -1,
                      live.kill_at,
                      outputs_of(live.remains.output)};
        handover.runs.push_back(std::move(run));
    }
    const auto add_kept = [&](const Kept& kept) {
        if (kept.output) handover.retries.push_back({kept.key, kept.output->hand_over()});
    };
    for (const auto& [number, kept] : kept_) add_kept(kept);
    for (const Kept& kept : inherited_kept_) add_kept(kept);
    for (const auto& [kill_at, child] : lingering_) {
        handover.remnants.push_back({child.pid, child.pidfd.get(), kill_at});
    }
    handover.groups = groups_->hand_over();
}

}  // namespace cron::daemon
