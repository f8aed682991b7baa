#include "daemon/crond.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "daemon/boot.h"
#include "daemon/facts.h"
#include "daemon/orphans.h"
#include "process/user.h"
#include "zones/load.h"

namespace cron::daemon {
namespace {

constexpr seconds kMailWait{10};  // for mailers, when stopping
constexpr seconds kLogWait{2};    // for whoever reads the log, when stopping
constexpr std::size_t kReportedJobsMax = 1'000;

// A clock that reads an earlier time has not been set: there was no belfry yet.
constexpr Instant kEarliestCredible{std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}};

// With its parents, where they are missing. One that is there stays as it is.
Result<void> make_folder(const std::string& path, mode_t mode) {
    if (path.empty() || ::access(path.c_str(), F_OK) == 0) return {};
    if (auto parent = make_folder(path.substr(0, path.rfind('/')), 0755); !parent) return parent;
    if (::mkdir(path.c_str(), mode) != 0) {
        return errno == EEXIST ? Result<void>{} : system_failure(errno, "mkdir", path);
    }
    // The umask may have taken something.
    if (::chmod(path.c_str(), mode) != 0) return system_failure(errno, "chmod", path);
    return {};
}

// The name up to the first dot, as the subject of cron's mail has always had it.
std::string short_host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    const std::string host = name.data();
    return host.substr(0, host.find('.'));
}

// A run takes three descriptors, and a burst has many runs. Jobs keep the limit that we were given.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

LogOptions log_options(const Options& options) {
    LogOptions log;
    log.format = options.log;
    log.threshold = options.log_level;
    log.pid = ::getpid();
    return log;
}

engine::Limits limits(const Options& options) {
    engine::Limits limits;
    limits.earliest_credible = kEarliestCredible;
    limits.grace = options.grace;
    limits.keeps_runs = options.tables.empty();
    return limits;
}

}  // namespace

Result<Crond::Locks> Crond::take_locks(const Paths& paths) {
    const std::string pid_folder = paths.pidfile.substr(0, paths.pidfile.rfind('/'));
    const std::string marker_folder = paths.reboot_marker.substr(0, paths.reboot_marker.rfind('/'));
    for (const std::string& folder : {paths.spool, pid_folder, marker_folder}) {
        if (auto made = make_folder(folder, 0755); !made) return tl::unexpected(made.error());
    }
    // As Debian has it: who may add a table cannot see the others.
    if (auto made = make_folder(paths.crontabs, 01730); !made) return tl::unexpected(made.error());
    if (::chdir(paths.spool.c_str()) != 0) return system_failure(errno, "chdir", paths.spool);

    auto pidfile = LockFile::acquire(paths.pidfile);
    if (!pidfile) return tl::unexpected(pidfile.error());
    auto spool = LockFile::acquire(paths.spool_lock);
    if (!spool) return tl::unexpected(spool.error());
    for (LockFile* lock : {&*pidfile, &*spool}) {
        if (auto written = lock->write_pid(); !written) return tl::unexpected(written.error());
    }
    return Locks{*std::move(pidfile), *std::move(spool)};
}

Result<std::unique_ptr<Crond>> Crond::create(const Setting& setting) {
    const auto zone = zones::local_zone(setting.zones);
    if (!zone) return tl::unexpected(zone.error());
    const auto config = first_config(setting);
    if (!config) return tl::unexpected(config.error());
    std::optional<Locks> locks;
    if (setting.options.tables.empty()) {
        auto taken = take_locks(setting.paths);
        if (!taken) return tl::unexpected(taken.error());
        locks.emplace(*std::move(taken));
    }
    auto signals = Signals::take(::getpid() == 1);
    if (!signals) return tl::unexpected(signals.error());
    auto loop = EventLoop::create();
    if (!loop) return tl::unexpected(loop.error());
    auto timers = Timers::create();
    if (!timers) return tl::unexpected(timers.error());
    auto table_worker = Worker::create();
    if (!table_worker) return tl::unexpected(table_worker.error());
    auto account_worker = Worker::create();
    if (!account_worker) return tl::unexpected(account_worker.error());
    auto ledger_worker = Worker::create();
    if (!ledger_worker) return tl::unexpected(ledger_worker.error());
    auto mail_worker = Worker::create();
    if (!mail_worker) return tl::unexpected(mail_worker.error());
    auto launcher = process::Launcher::create(setting.job_program);
    if (!launcher) return tl::unexpected(launcher.error());
    raise_descriptor_limit();

    std::unique_ptr<Crond> crond(
        new Crond(setting,
                  Base{std::move(locks), *std::move(loop), *std::move(timers), *std::move(signals),
                       *std::move(table_worker), *std::move(account_worker),
                       *std::move(ledger_worker), *std::move(mail_worker), *std::move(launcher)},
                  *zone));
    if (auto opened = crond->open(*zone, *config); !opened) return tl::unexpected(opened.error());
    return crond;
}

Crond::Crond(const Setting& setting, Base base, const calendar::Zone& zone)
    : setting_(setting),
      base_(std::move(base)),
      log_(log_options(setting.options)),
      engine_(limits(setting.options)),
      keeper_(base_.ledger_worker, {[this](engine::Decided answer) { happened(std::move(answer)); },
                                    [this](const Record& record) { write(record); }}),
      accounts_(base_.account_worker),
      config_reader_(base_.table_worker, config_file(setting),
                     [this](const ConfigReading& reading) { config_read(reading); }) {
    log_.attach(base_.loop);
    log_.set_zone(zone);
}

Result<void> Crond::open(const calendar::Zone& zone, const ConfigReading& config) {
    auto settings = spool_settings(setting_, zone);
    if (!settings) return tl::unexpected(settings.error());

    process::CgroupTree cgroups = process::CgroupTree::open();
    settings->unenforced = unenforced(cgroups);
    auto groups = RunGroups::create(base_.loop, log_, std::move(cgroups));
    if (!groups) return tl::unexpected(groups.error());
    // Who runs tables of their own may have no spool.
    auto outputs = Outputs::create(
        base_.loop, log_, {setting_.options.output, setting_.paths.output, has_own_tables()});
    if (!outputs) return tl::unexpected(outputs.error());
    outputs_ = *std::move(outputs);
    std::optional<process::Identity> caller;
    if (has_own_tables()) {
        auto user = process::current_user(setting_.home_variable);
        if (!user) return tl::unexpected(user.error());
        caller = *std::move(user);
    }
    const bool changes_user = !caller && ::geteuid() == 0;
    after_run_ = std::make_unique<AfterRun>(
        base_.loop, base_.launcher, log_, accounts_, base_.mail_worker, *outputs_,
        AfterRun::Settings{
            caller, changes_user, {short_host_name(), setting_.paths.mailer, changes_user}},
        [this] {
            end_if_done();
            arm();
        });
    auto runs = Runs::create(
        base_.loop, accounts_, base_.launcher, log_, *outputs_, *std::move(groups),
        std::move(caller), [this](engine::Event event) { happened(std::move(event)); },
        {[this](const auto& spawn) { keeper_.mark(spawn); },
         [this](const auto& spawn, const auto& process) { keeper_.add_process(spawn, process); },
         [this](const auto& spawn) { keeper_.unmark(spawn); }});
    if (!runs) return tl::unexpected(runs.error());
    runs_ = *std::move(runs);

    // Tables as arguments are run anew by whoever gives them: there is nothing to go on from.
    if (!has_own_tables()) {
        auto kept = keeper_.open({{setting_.paths.ledger, "", read_boot_id().value_or("")},
                                  setting_.paths.ledger + "-marks"});
        if (!kept) return kept;
        if (auto mail = after_run_->keep_mail_in(setting_.paths.mail); !mail) {
            write(said(Level::error, "mail-not-kept",
                       "mail that cannot be sent goes to the log: " + mail.error().message));
        }
    }
    auto tables = TableReader::create(
        base_.table_worker, *std::move(settings), ZoneBook(setting_.zones, zone),
        [this](TableReader::Reading reading) { tables_changed(std::move(reading)); });
    if (!tables) return tl::unexpected(tables.error());
    tables_ = *std::move(tables);
    tell(config);
    use(config.config.value_or(Config{}));

    for (const auto& [fd, handler] : {std::pair{base_.timers.realtime_fd(), &Crond::on_timer},
                                      std::pair{base_.timers.monotonic_fd(), &Crond::on_timer},
                                      std::pair{base_.signals.fd(), &Crond::on_signal},
                                      std::pair{base_.table_worker.fd(), &Crond::on_tables},
                                      std::pair{tables_->fd(), &Crond::on_files},
                                      std::pair{base_.account_worker.fd(), &Crond::on_accounts},
                                      std::pair{base_.ledger_worker.fd(), &Crond::on_ledger},
                                      std::pair{base_.mail_worker.fd(), &Crond::on_mail}}) {
        if (auto watched = watch(fd, handler); !watched) return watched;
    }
    return {};
}

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
    const Result<void> ran = base_.loop.run();
    after_run_->give_up(ends_jobs());
    runs_->leave();
    outputs_->finish();
    write(shut_down());
    log_.finish(kLogWait);
    base_.table_worker.abandon();
    base_.account_worker.abandon();
    base_.ledger_worker.abandon();
    base_.mail_worker.abandon();
    return ran;
}

// ---- tables ----

void Crond::tables_changed(TableReader::Reading reading) {
    if (reading.zone.own) log_.set_zone(*reading.zone.own);
    for (const Record& record : table_log_.tell(reading, readiness_ != nullptr)) write(record);
    if (readiness_ != nullptr) {
        happened(engine::Started{keeper_.recall(), are_boot_entries_due()});
    }
    engine::TablesChanged event;
    event.removed = std::move(reading.changes.removed);
    for (spool::Loaded& loaded : reading.changes.loaded) {
        event.loaded.push_back({loaded.name, std::move(loaded.table.entries), loaded.since_start});
    }
    if (!event.loaded.empty() || !event.removed.empty()) happened(std::move(event));
    if (readiness_ != nullptr) {
        write(started_up(setting_.version, setting_.options.foreground));
        std::exchange(readiness_, nullptr)->ready();
    }
    arm();
}

// Once a boot for the machine's daemon; at every start with tables as arguments.
bool Crond::are_boot_entries_due() {
    if (has_own_tables()) return true;
    const Result<bool> claimed =
        claim_reboot(setting_.paths.reboot_marker, read_boot_id().value_or(""));
    if (!claimed) {
        write(said(Level::error, "reboot-unknown",
                   "@reboot entries do not run, they might have: " + claimed.error().message));
        return false;
    }
    write(said(Level::info, "reboot",
               *claimed ? "Running @reboot jobs" : "Skipping @reboot jobs -- not system startup"));
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
    after_run_->expire(now);
    runs_->expire(now);
    keeper_.expire(now);
    if (readiness_ == nullptr) happened(engine::Woken{});
    end_if_done();
    arm();
}

void Crond::on_signal() {
    while (true) {
        const auto received = base_.signals.next();
        if (!received) write(said(Level::error, "signal", received.error().message));
        if (!received || !*received) return;
        switch ((*received)->number) {
            case SIGHUP:
            case SIGURG:
                reload();
                break;
            case SIGUSR1:
                report();
                break;
            case SIGTERM:
            case SIGINT:
                stop();
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

// Orphans of the container; our own are collected by their pidfds.
void Crond::on_child() {
    reap_orphans([this](pid_t pid) { return runs_->has_child(pid) || after_run_->has_child(pid); });
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

void Crond::stop() {
    if (readiness_ != nullptr) {
        base_.loop.stop();
        return;
    }
    if (quit_at_) {
        quit_at_ = Monotonic{};
        end_if_done();
        return;
    }
    using Manner = engine::StopAsked::Manner;
    happened(engine::StopAsked{ends_jobs() ? Manner::drain : Manner::leave});
}

void Crond::end_if_done() {
    if (!quit_at_) return;
    // Mailers and hooks are processes of their own: where we leave jobs running we leave them too,
    // but for those of kept mail, which the next daemon would send again.
    const bool is_rest_done = ends_jobs() ? after_run_->is_idle() : after_run_->is_settled();
    const bool is_done = is_rest_done && keeper_.is_settled();
    if (is_done || read_clock().monotonic >= *quit_at_) base_.loop.stop();
}

// ---- the engine ----

void Crond::happened(engine::Event event) {
    events_.push_back(std::move(event));
    if (is_handling_) return;
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
    for (const auto& other : {wake_.monotonic, quit_at_, accounts_.deadline(),
                              after_run_->deadline(), keeper_.deadline(), runs_->deadline()}) {
        if (other) monotonic = std::min(*monotonic, *other);
    }
    if (auto armed = base_.timers.arm(wake_.instant, monotonic); !armed) {
        write(said(Level::error, "timer", armed.error().message));
    }
}

void Crond::carry_out(engine::Decide& order) {
    for (const engine::Verdict& verdict : order.verdicts) {
        if (verdict.fate != engine::Fate::start) {
            write(not_run(verdict));
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
    write(run_finished(order, runs_->pid_of(order.run)));
    keeper_.finish(std::move(order));
}

void Crond::carry_out(engine::Retry& order) {
    write(run_retried(order));
    runs_->keep(order.run);
    keeper_.retry(std::move(order));
}

void Crond::carry_out(engine::Deliver& order) {
    const engine::RunNumber run = order.run;
    after_run_->follow(std::move(order), runs_->take(run));
}

void Crond::carry_out(engine::Quit&) {
    quit_at_ = read_clock().monotonic + kMailWait;
    after_run_->rest();
    end_if_done();
}

}  // namespace cron::daemon
