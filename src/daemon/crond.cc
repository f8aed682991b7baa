#include "daemon/crond.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "daemon/boot.h"
#include "daemon/facts.h"
#include "daemon/once.h"
#include "daemon/orphans.h"
#include "daemon/output_facts.h"

namespace cron::daemon {
namespace {

constexpr seconds kLogWait{1};  // for whoever reads the log, when stopping
constexpr std::size_t kReportedJobsMax = 1'000;

}  // namespace

Result<void> Crond::watch(int fd, void (Crond::*handler)()) {
    auto watch =
        base_.loop.add(fd, EPOLLIN, [this, handler](std::uint32_t) { (this->*handler)(); });
    if (!watch) return tl::unexpected(watch.error());
    watches_.push_back(*std::move(watch));
    return {};
}

Result<void> Crond::run(Readiness& readiness) {
    readiness_ = &readiness;
    tables_->look(read_clock().monotonic);
    arm();
    Result<void> ran;
    while (ran && !base_.loop.is_stopped()) {
        ran = base_.loop.turn(std::nullopt);
        // Here no event is at work.
        if (upgrading_) go_on_upgrading();
    }
    if (start_failure_) ran = tl::unexpected(*start_failure_);
    if (is_stopping_) tell_passed_over();
    stop_control();
    after_run_->give_up(ends_jobs());
    runs_->leave();
    outputs_->finish();
    if (ran) write(supercronic_ != nullptr ? exits() : shut_down());
    log_.finish(kLogWait);
    base_.table_worker.abandon();
    base_.account_worker.abandon();
    base_.ledger_worker.abandon();
    base_.mail_worker.abandon();
    return ran;
}

// ---- tables ----

void Crond::tables_changed(TableReader::Reading reading) {
    // One run is as its table was when it began.
    if (is_once() && readiness_ == nullptr) return;
    const crontab::Entries entries =
        is_once() ? spool::entries_of(reading.changes.loaded) : crontab::Entries();
    if (reading.zone.own) {
        log_.set_zone(*reading.zone.own);
        outputs_->set_zone(*reading.zone.own);
    }
    tell_crontab(reading);
    for (const Record& record : table_log_.tell(reading, readiness_ != nullptr, customs_.ways()))
        write(record);
    if (readiness_ != nullptr) {
        start_failure_ = start_failure(reading.changes);
        if (start_failure_) return base_.loop.stop();
        happened(engine::Started{keeper_.recall(), are_boot_entries_due()});
    }
    engine::TablesChanged event;
    event.removed = std::move(reading.changes.removed);
    for (spool::Loaded& loaded : reading.changes.loaded) {
        event.loaded.push_back({loaded.name, std::move(loaded.table.entries), loaded.since_start});
    }
    if (!event.loaded.empty() || !event.removed.empty()) happened(std::move(event));
    tell_service_manager(reading.is_reload);
    if (readiness_ != nullptr) started(entries);
    arm();
}

// The tables are read for the first time; `entries` where --once has to find its job.
void Crond::started(const crontab::Entries& entries) {
    if (inherited_) {
        tell_upgraded();
    } else {
        write(started_up(setting_.version, setting_.options.foreground, customs_.ways()));
    }
    std::exchange(readiness_, nullptr)->ready();
    if (setting_.options.output != OutputFormat::mail && !setting_.is_stdout_open) {
        write(output_closed(Stream::output, "it was not open when crond started", 0, 0));
    }
    if (has_own_tables()) write(holds(engine_.snapshot(0)));
    if (has_own_tables() && !is_once()) open_pulse();
    on_child();
    if (std::exchange(is_upgrade_asked_, false)) upgrade();
    if (is_once()) ask_once(entries);
}

// That tables were read, the first time, again, or because they changed.
void Crond::tell_service_manager(bool is_reload) {
    const engine::Snapshot snapshot = engine_.snapshot(0);
    notifier_.loaded(snapshot.job_count, snapshot.tables);
    if (readiness_ != nullptr || is_reload) notifier_.ready(read_clock().monotonic);
}

// Once a boot for the machine's daemon; at every start with tables as arguments.
bool Crond::are_boot_entries_due() {
    if (has_own_tables()) return !is_once();
    if (inherited_) return false;
    const Result<bool> claimed =
        claim_reboot(setting_.paths.reboot_marker, read_boot_id().value_or(""));
    if (!claimed) {
        write(said(Level::error, "reboot-unknown",
                   "@reboot entries do not run, they might have: " + claimed.error().message));
        return false;
    }
    write(said(Level::info, "reboot",
               *claimed ? "Running @reboot jobs" : std::string(customs_.ways().not_startup)));
    return *claimed;
}

// ---- what happens ----

void Crond::on_files() {
    tables_->notice();
    arm();
}

void Crond::on_timer() {
    const Monotonic now = read_clock().monotonic;
    const auto reading = base_.timers.read();
    if (!reading) {
        write(said(Level::error, "timer", reading.error().message));
    } else if (reading->clock_was_set) {
        if (const auto notice = clock_notice_.was_set(now)) write(*notice);
    }
    tables_->look(now);
    accounts_.expire(now);
    upgrade_.expire(now);
    after_run_->expire(now);
    runs_->expire(now);
    keeper_.expire(now);
    notifier_.beat(now);
    if (readiness_ == nullptr) happened(engine::Woken{});
    end_if_done();
    arm();
}

void Crond::on_signal() {
    while (true) {
        const auto received = base_.signals.next();
        if (!received) write(said(Level::error, "signal", received.error().message));
        if (!received || !*received) return;
        tell_signal((*received)->number);
        switch ((*received)->number) {
            case SIGHUP:
            case SIGURG:
                reload();
                break;
            case SIGUSR1:
                report();
                break;
            case SIGUSR2:
                supercronic_ != nullptr ? reload() : upgrade();
                break;
            case SIGTERM:
            case SIGINT:
            case SIGQUIT:
                stop((*received)->number);
                break;
            case SIGCHLD:
                on_child();
                break;
            default:
                break;
        }
    }
}

// A mailer may have been started, or what waited for its user be done.
void Crond::on_accounts() {
    base_.account_worker.finish();
    end_if_done();
    arm();
}

void Crond::on_mail() {
    base_.mail_worker.finish();
    end_if_done();
    arm();
}

void Crond::on_ledger() {
    base_.ledger_worker.finish();
    end_if_done();
    arm();
}

// Orphans of the container, and children of the program before us that nobody has told us of; our
// own are collected by their pidfds.
void Crond::on_child() {
    // Until all runs are known that go on.
    if (!may_have_orphans_ || readiness_ != nullptr) return;
    const auto is_ours = [this](pid_t pid) {
        return runs_->has_child(pid) || after_run_->has_child(pid) || upgrade_.has_child(pid);
    };
    if (::getpid() != 1) {
        may_have_orphans_ = reap_listed(is_ours) > 0;
        return;
    }
    reap_orphans(is_ours);
    end_if_done();
    arm();
}

void Crond::report() {
    const engine::Snapshot snapshot = engine_.snapshot(kReportedJobsMax);
    write(holds(snapshot));
    for (const engine::Snapshot::Job& job : snapshot.jobs) write(holds_job(job));
    if (snapshot.job_count > snapshot.jobs.size()) {
        write(said(Level::info, "holds-more",
                   fmt::format("and {} more", snapshot.job_count - snapshot.jobs.size())));
    }
}

void Crond::stop(int signal) {
    if (is_once() && !once_status_) once_status_ = kSignalStatus + signal;
    notifier_.stopping();
    if (readiness_ != nullptr) {
        base_.loop.stop();
        return;
    }
    const Monotonic now = read_clock().monotonic;
    // The second time: without grace.
    const bool is_again = std::exchange(is_stopping_, true);
    const seconds grace = is_again ? seconds{0} : setting_.options.grace;
    grace_end_ = now + grace;
    if (supercronic_ == nullptr) {
        const std::size_t running = engine_.snapshot(0).running;
        write(stopping(signal, running, ends_jobs() ? std::optional(grace) : std::nullopt));
    }
    if (is_again && ends_jobs()) {
        runs_->expire(Monotonic::max());
        rest_until_ = now;
    }
    if (quit_at_) {
        quit_at_ = Monotonic{};
        end_if_done();
        return arm();
    }
    give_up_upgrade();
    using Manner = engine::StopAsked::Manner;
    happened(engine::StopAsked{ends_jobs() ? Manner::drain : Manner::leave});
}

void Crond::end_if_done() {
    if (!quit_at_) return;
    // Hooks are processes of their own: where we leave jobs running we leave them too. Of mailers
    // we want to know whether they took their mail.
    const bool is_rest_done = ends_jobs() ? after_run_->is_idle() : after_run_->is_settled();
    const bool is_done = is_rest_done && keeper_.is_settled();
    const Monotonic now = read_clock().monotonic;
    is_after_over_ = is_after_over_ || is_done || now >= *quit_at_;
    if (is_after_over_ && is_rest_over(now)) base_.loop.stop();
}

// ---- the engine ----

void Crond::happened(engine::Event event) {
    events_.push_back(std::move(event));
    if (!is_handling_) handle_events();
}

void Crond::handle_events() {
    is_handling_ = true;
    while (!events_.empty()) {
        const engine::Event next = std::move(events_.front());
        events_.pop_front();
        for (engine::Effect& effect : engine_.handle(next, read_clock())) {
            std::visit([this](auto& order) { carry_out(order); }, effect);
        }
    }
    is_handling_ = false;
    arm();
}

void Crond::arm() {
    std::optional<Monotonic> monotonic = tables_->next_look();
    for (const auto& other : {wake_.monotonic, is_after_over_ ? rest_until_ : quit_at_,
                              accounts_.deadline(), after_run_->deadline(), keeper_.deadline(),
                              runs_->deadline(), notifier_.deadline(), upgrade_.deadline()}) {
        if (other) monotonic = std::min(*monotonic, *other);
    }
    if (upgrading_ && upgrading_->is_checked) {
        monotonic = std::min(*monotonic, upgrading_->held_until.value_or(upgrading_->next_hold));
    }
    if (auto armed = base_.timers.arm(wake_.instant, monotonic); !armed) {
        write(said(Level::error, "timer", armed.error().message));
    }
}

void Crond::carry_out(engine::Decide& order) {
    for (const engine::Verdict& verdict : order.verdicts) {
        if (verdict.fate != engine::Fate::start) {
            outputs_->tell(DueNotRun{verdict});
        } else {
            runs_->prepare(std::string(verdict.key.job.owner()));
        }
    }
    keeper_.decide(std::move(order));
}

void Crond::carry_out(engine::OpenPass& order) {
    write(clock_set_back(order));
    keeper_.open_pass(order);
}

void Crond::carry_out(engine::Finish& order) {
    outputs_->tell(RunFinished{order, runs_->pid_of(order.run)});
    if (is_once()) once_ended(order.outcome);
    keeper_.finish(std::move(order));
}

void Crond::carry_out(engine::Retry& order) {
    outputs_->tell(RunRetried{order, runs_->pid_of(order.run)});
    runs_->keep(order.run);
    keeper_.retry(std::move(order));
}

void Crond::carry_out(engine::Deliver& order) {
    Remains remains = runs_->take(order.run, order.key);
    after_run_->follow(std::move(order), std::move(remains));
}

void Crond::carry_out(engine::Quit&) {
    quit_at_ = end_of_mail(read_clock().monotonic);
    after_run_->rest();
    end_if_done();
}

}  // namespace cron::daemon
