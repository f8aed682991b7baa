#include "daemon/runs.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "daemon/clock.h"
#include "daemon/facts.h"
#include "daemon/pam.h"
#include "engine/run_variables.h"
#include "process/environment.h"
#include "process/input.h"

namespace cron::daemon {
namespace {

// Between two turns of the loop, so that a burst does not keep it from signals and ends.
constexpr int kStartsPerTurn = 16;

// What the system has too little of now it may have in a moment.
process::LaunchFailure no_resource(const Error& error) {
    return {{error.message, 0}, process::launch_failure("", error.system_errno).temporary};
}

process::LaunchFailure no_user(const Error& error) {
    // A user who does not exist will not be there in a second; a directory that is down may.
    const bool is_final = error.code == ErrorCode::not_found || error.code == ErrorCode::limit;
    return {{error.message, 0}, !is_final};
}

}  // namespace

Runs::Runs(EventLoop& loop, Accounts& accounts, process::Launcher& launcher, Log& log,
           Outputs& outputs, std::unique_ptr<RunGroups> groups,
           std::optional<process::Identity> caller, Happened happened, Marking marking,
           const Customs& customs)
    : loop_(loop),
      accounts_(accounts),
      launcher_(launcher),
      log_(log),
      outputs_(outputs),
      groups_(std::move(groups)),
      caller_(std::move(caller)),
      happened_(std::move(happened)),
      marking_(std::move(marking)),
      customs_(customs) {}

Result<std::unique_ptr<Runs>> Runs::create(EventLoop& loop, Accounts& accounts,
                                           process::Launcher& launcher, Log& log, Outputs& outputs,
                                           std::unique_ptr<RunGroups> groups,
                                           std::optional<process::Identity> caller,
                                           Happened happened, Marking marking,
                                           const Customs& customs) {
    std::unique_ptr<Runs> runs(new Runs(loop, accounts, launcher, log, outputs, std::move(groups),
                                        std::move(caller), std::move(happened), std::move(marking),
                                        customs));
    runs->start_bell_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!runs->start_bell_) return system_failure(errno, "eventfd", "");
    Result<EventLoop::Watch> watch =
        loop.add(runs->start_bell_.get(), EPOLLIN,
                 [self = runs.get()](std::uint32_t) { self->start_next(); });
    if (!watch) return tl::unexpected(watch.error());
    runs->start_watch_ = *std::move(watch);
    return runs;
}

void Runs::prepare(const std::string& user) {
    if (!caller_) accounts_.prepare(user);
}

void Runs::start(const engine::Spawn& spawn) {
    if (queue_.is_empty()) ::eventfd_write(start_bell_.get(), 1);
    queue_.push(spawn);
}

void Runs::cancel(const engine::Cancel& order) {
    if (queue_.erase(order.run) || looked_up_.erase(order.run) > 0) {
        happened_(engine::Cancelled{order.run});
    }
}

void Runs::start_next() {
    for (int i = 0; i < kStartsPerTurn; ++i) {
        const auto spawn = queue_.pop();
        if (!spawn) break;
        if (caller_) {
            start_as(*spawn, *caller_);
            continue;
        }
        looked_up_.insert(spawn->run);
        accounts_.find(spawn->entry->user, [this, spawn = *spawn](const auto& identity) {
            if (looked_up_.erase(spawn.run) > 0) start_as(spawn, identity);
        });
    }
    eventfd_t count = 0;
    if (queue_.is_empty()) ::eventfd_read(start_bell_.get(), &count);
}

void Runs::start_as(const engine::Spawn& spawn, const Result<process::Identity>& identity) {
    auto launched =
        identity
            ? launch(spawn, *identity)
            : tl::expected<Live, process::LaunchFailure>(tl::unexpected(no_user(identity.error())));
    if (!launched) {
        marking_.undone(spawn);
        happened_(
            engine::LaunchFailed{spawn.run, launched.error().error, launched.error().temporary});
        return;
    }
    Live& live = live_.insert_or_assign(spawn.run, *std::move(launched)).first->second;
    if (const auto watched = watch(live); !watched) {
        abort(live);
        forget(spawn.run);
        const process::LaunchFailure failure = no_resource(watched.error());
        happened_(engine::LaunchFailed{spawn.run, failure.error, failure.temporary});
        return;
    }
    if (live.remains.output) outputs_.watch(*spawn.entry, spawn.key, *live.remains.output);
    outputs_.tell(RunStarted{spawn, live.child.pid});
    happened_(engine::Launched{spawn.run, live.child.pid});
}

tl::expected<Runs::Live, process::LaunchFailure> Runs::launch(const engine::Spawn& spawn,
                                                              const process::Identity& identity) {
    const bool is_other = identity.uid != ::geteuid();
    if (is_other && ::geteuid() != 0) {
        return tl::unexpected(
            process::LaunchFailure{{"become user " + identity.name, EPERM}, false});
    }
    Live live;
    live.spawn = spawn;
    live.remains.identity = identity;
    // A run that is tried again goes on with the output that it has.
    find_kept(spawn.run, spawn.key);
    const auto kept = kept_.find(spawn.run);
    auto& files = kept == kept_.end() ? live.remains.output : kept->second.output;
    UniqueFd input;
    if (!spawn.entry->input.empty()) {
        auto made = process::make_input(spawn.entry->input);
        if (!made) return tl::unexpected(no_resource(made.error()));
        input = *std::move(made);
    }
    const auto descriptors = outputs_.open(spawn, identity, files);
    if (!descriptors) return tl::unexpected(no_resource(descriptors.error()));
    live.piped = descriptors->piped;

    const auto environment = process::build_environment(
        *spawn.entry->environment, identity, customs_.variables.to(identity.uid),
        engine::run_variables(spawn.key, spawn.attempt, *spawn.entry), customs_.default_path());
    process::LaunchOrder order;
    order.arguments = process::shell_arguments(environment.shell, spawn.entry->command);
    order.environment = environment.variables;
    order.identity = identity;
    order.change_user = !caller_ && ::geteuid() == 0;
    order.home = environment.home;
    const crontab::Policy::Launch& settings = spawn.entry->policy->launch;
    order.umask = settings.umask;
    order.nice = settings.nice;
    order.nice_as_user = settings.nice_as_user;
    order.io_priority = settings.io_priority;
    order.input_fd = input.get();
    order.output_fd = descriptors->output;
    order.error_fd = descriptors->error;
    const UniqueFd cgroup = groups_->make(spawn);
    order.cgroup_fd = cgroup.get();
    if (order.change_user && pam_) {
        auto session = outputs_.open_session(spawn.run);
        if (!session) return tl::unexpected(no_resource(session.error()));
        order.pam = pam_;
        order.session_fd = session->fd();
        live.session = *std::move(session);
    }
    marking_.before(spawn);
    auto child = launcher_.launch(order);
    if (!child) {
        groups_->ended(spawn);
        return tl::unexpected(child.error());
    }
    live.child = *std::move(child);
    tell_made(live);
    if (kept != kept_.end()) {
        live.remains.output = std::move(kept->second.output);
        kept_.erase(kept);
    }
    return live;
}

void Runs::tell_made(Live& live) {
    engine::LiveProcess process;
    process.pid = live.child.pid;
    live.process_start = process::process_start(live.child.pid).value_or(0);
    process.process_start = live.process_start;
    process.started = read_clock().instant;
    process.output = outputs_.tag();
    process.output_number = live.spawn.run;
    marking_.made(live.spawn, process);
}

void Runs::unwatch(Live& live) {
    if (!live.remains.output) return;
    outputs_.unwatch(*live.remains.output);
    const std::uint64_t left_out = live.remains.output->printed().left_out_bytes;
    if (left_out > 0) log_.write(output_cut(live.spawn, left_out), read_clock().instant);
}

engine::Printed Runs::printed(const Live& live) {
    if (live.remains.output) return live.remains.output->printed();
    return outputs_.take_printed(live.piped, *live.spawn.entry);
}

Result<void> Runs::watch_report(Live& live) {
    auto report = loop_.add(live.child.report.get(), EPOLLIN,
                            [this, run = live.spawn.run](std::uint32_t) { read_report(run); });
    if (!report) return tl::unexpected(report.error());
    live.report_watch = *std::move(report);
    return {};
}

Result<void> Runs::watch_end(Live& live) {
    auto end = loop_.add(live.child.pidfd.get(), EPOLLIN,
                         [this, run = live.spawn.run](std::uint32_t) { collect(run); });
    if (!end) return tl::unexpected(end.error());
    live.end_watch = *std::move(end);
    return {};
}

Result<void> Runs::watch(Live& live) {
    if (is_held_) return {};
    if (!live.report_done) {
        if (auto watched = watch_report(live); !watched) return watched;
    }
    return watch_end(live);
}

// A process whose end we could not see must not be: it has hardly begun.
void Runs::abort(Live& live) {
    static_cast<void>(process::signal_group(live.child, SIGKILL));
    process::wait_for_end(live.child);
    static_cast<void>(printed(live));
    groups_->ended(live.spawn);
}

void Runs::read_report(engine::RunNumber run) {
    Live& live = live_.at(run);
    if (live.report_done) return;
    const process::Report report = process::read_report(live.child.report.get());
    if (report.home_error) {
        log_.write(home_replaced(live.spawn, *report.home_error, live.child.pid),
                   read_clock().instant);
    }
    const auto warn_of_setting = [&](std::string_view name, const std::optional<int>& error) {
        if (!error) return;
        log_.write(setting_failed(live.spawn, name, *error, live.child.pid), read_clock().instant);
    };
    warn_of_setting("CRON_NICE", report.nice_error);
    warn_of_setting("CRON_IONICE", report.io_priority_error);
    if (report.cgroup_error) {
        log_.write(run_ungrouped(live.spawn, std::strerror(*report.cgroup_error), live.child.pid),
                   read_clock().instant);
    }
    if (report.state == process::Report::State::pending) return;
    if (report.state == process::Report::State::failed) live.failure = report.failure;
    if (report.failure.of_session && pam_ && !std::exchange(told_of_pam_, true)) {
        log_.write(said(Level::warning, "pam-refused", pam_advice(*pam_)), read_clock().instant);
    }
    live.report_done = true;
    live.report_watch.reset();
    live.child.report.reset();
}

void Runs::collect(engine::RunNumber run) {
    Live& live = live_.at(run);
    if (!live.is_child) return collect_adopted(live);
    const int pidfd = live.child.pidfd.get();
    Result<std::optional<process::Ended>> ended =
        live.kill_at ? process::look(pidfd) : process::reap(pidfd);
    if (ended && !*ended) return;
    // The usage is the job's, and not that of the session as well.
    if (ended && live.session) ended = live.session->end().value_or(**ended);
    read_report(run);  // what it said last
    unwatch(live);
    live.ended = true;
    groups_->ended(live.spawn);
    live.end_watch.reset();
    live.report_watch.reset();
    live.child.report.reset();
    if (live.kill_at && ended) {
        const pid_t pid = live.child.pid;
        lingering_.emplace(*live.kill_at, std::move(live.child));
        live.child.pid = pid;  // for the log
    }
    live.child.pidfd.reset();
    if (live.failure) {
        const process::LaunchFailure failure = *live.failure;
        forget(run);
        happened_(engine::LaunchFailed{run, failure.error, failure.temporary});
    } else if (ended) {
        happened_(engine::Exited{run, (*ended)->status, (*ended)->usage, printed(live)});
    } else {
        forget(run);
        happened_(engine::LaunchFailed{run, {ended.error().message, 0}, false});
    }
}

void Runs::signal(const engine::Signal& order) {
    const auto found = live_.find(order.run);
    if (found == live_.end() || found->second.ended) return;
    Live& live = found->second;
    // Its pid is not ours to keep: it may be another's by now.
    const bool is_gone =
        !live.is_child && process::process_start(live.child.pid) != live.process_start;
    if (is_gone) return;
    // A session does not end before the group of its job.
    const bool may_linger = live.is_child && !live.child.is_session;
    if (may_linger && order.kill_after > microseconds{0}) {
        const Monotonic kill_at = read_clock().monotonic + order.kill_after;
        live.kill_at = std::min(live.kill_at.value_or(kill_at), kill_at);
    }
    // Of its group nothing is left then.
    if (order.signal == SIGKILL) live.kill_at.reset();
    const Result<void> sent = process::signal_group(live.child, order.signal);
    if (!sent) {
        log_.write(said(Level::error, "signal-failed", sent.error().message), read_clock().instant);
    } else if (order.signal == SIGTERM) {
        // What is stopped could not end.
        static_cast<void>(process::signal_group(live.child, SIGCONT));
    }
    groups_->signal(order);
}

int Runs::pid_of(engine::RunNumber run) const {
    const auto found = live_.find(run);
    return found == live_.end() ? 0 : found->second.child.pid;
}

bool Runs::has_child(pid_t pid) const {
    return std::any_of(live_.begin(), live_.end(),
                       [pid](const auto& live) {
                           return live.second.child.pid == pid && !live.second.ended;
                       }) ||
           std::any_of(lingering_.begin(), lingering_.end(),
                       [pid](const auto& child) { return child.second.pid == pid; });
}

// Its start came to nothing.
void Runs::forget(engine::RunNumber run) {
    auto live = live_.extract(run);
    marking_.undone(live.mapped().spawn);
    if (live.mapped().spawn.attempt > 1) {
        kept_.insert_or_assign(
            run, Kept{live.mapped().spawn.key, std::move(live.mapped().remains.output)});
    }
}

void Runs::keep(engine::RunNumber run) {
    auto live = live_.extract(run);
    if (live.empty()) return;
    kept_.insert_or_assign(run,
                           Kept{live.mapped().spawn.key, std::move(live.mapped().remains.output)});
}

Remains Runs::take(engine::RunNumber run, const engine::RunKey& key) {
    if (auto live = live_.extract(run)) {
        CRON_CHECK(live.mapped().ended);
        return std::move(live.mapped().remains);
    }
    Remains remains;
    find_kept(run, key);
    if (auto kept = kept_.extract(run)) remains.output = std::move(kept.mapped().output);
    return remains;
}

void Runs::leave() {
    expire(Monotonic::max());  // nobody else would
    groups_->leave();
    for (auto& [run, live] : live_) {
        std::string path;
        if (live.remains.output) path = live.remains.output->keep();
        if (live.session) live.session->keep();
        outputs_.tell(RunLeft{live.spawn, live.child.pid, path});
    }
}

}  // namespace cron::daemon
