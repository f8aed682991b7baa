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
#include "process/user.h"
#include "zones/load.h"

namespace cron::daemon {
namespace {

constexpr seconds kMailWait{10};  // for mailers, when stopping
constexpr std::size_t kReportedJobsMax = 10'000;

// A clock that reads an earlier time has not been set: there was no belfry yet.
constexpr Instant kEarliestCredible{std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}};

Result<void> make_folder(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
    if (errno != ENOENT || path.find('/', 1) == std::string::npos) {
        return system_failure(errno, "mkdir", path);
    }
    if (auto parent = make_folder(path.substr(0, path.rfind('/')), 0755); !parent) return parent;
    return ::mkdir(path.c_str(), mode) == 0 ? Result<void>{} : system_failure(errno, "mkdir", path);
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
    return limits;
}

}  // namespace

Result<std::unique_ptr<Crond>> Crond::create(const Setting& setting) {
    const auto zone = zones::local_zone(setting.zones);
    if (!zone) return tl::unexpected(zone.error());

    std::optional<LockFile> pidfile;
    std::optional<LockFile> spool_lock;
    if (setting.options.tables.empty()) {
        const std::string& pid_path = setting.paths.pidfile;
        for (const auto& [path, mode] : {std::pair<std::string, mode_t>{setting.paths.spool, 0755},
                                         {setting.paths.crontabs, 01730},
                                         {pid_path.substr(0, pid_path.rfind('/')), 0755}}) {
            if (auto made = make_folder(path, mode); !made) return tl::unexpected(made.error());
        }
        if (::chdir(setting.paths.spool.c_str()) != 0) {
            return system_failure(errno, "chdir", setting.paths.spool);
        }
        for (const auto& [lock, path] : {std::pair{&pidfile, &setting.paths.pidfile},
                                         std::pair{&spool_lock, &setting.paths.spool_lock}}) {
            auto held = LockFile::acquire(*path);
            if (!held) return tl::unexpected(held.error());
            lock->emplace(*std::move(held));
        }
    }
    auto signals = Signals::take();
    if (!signals) return tl::unexpected(signals.error());
    auto loop = EventLoop::create();
    if (!loop) return tl::unexpected(loop.error());
    auto timers = Timers::create();
    if (!timers) return tl::unexpected(timers.error());
    auto worker = Worker::create();
    if (!worker) return tl::unexpected(worker.error());
    auto launcher = process::Launcher::create(setting.job_program);
    if (!launcher) return tl::unexpected(launcher.error());
    raise_descriptor_limit();

    Base base{std::move(pidfile),  std::move(spool_lock), *std::move(loop),    *std::move(timers),
              *std::move(signals), *std::move(worker),    *std::move(launcher)};
    std::unique_ptr<Crond> crond(new Crond(setting, std::move(base), *zone));
    if (auto opened = crond->open(*zone); !opened) return tl::unexpected(opened.error());
    return crond;
}

Crond::Crond(const Setting& setting, Base base, const calendar::Zone& zone)
    : setting_(setting),
      base_(std::move(base)),
      log_(log_options(setting.options)),
      engine_(limits(setting.options)),
      accounts_(base_.worker),
      delivery_(base_.loop, base_.launcher, log_, short_host_name(), setting.paths.mailer,
                setting.options.tables.empty() && ::geteuid() == 0, [this] { end_if_done(); }) {
    log_.attach(base_.loop);
    log_.set_zone(zone);
}

Result<void> Crond::open(const calendar::Zone& zone) {
    auto settings = spool_settings(setting_, zone);
    if (!settings) return tl::unexpected(settings.error());

    Runs::Settings run_settings;
    run_settings.output = setting_.options.output;
    run_settings.output_folder = setting_.paths.output;
    if (has_own_tables()) {
        auto caller = process::current_user(setting_.home_variable);
        if (!caller) return tl::unexpected(caller.error());
        run_settings.caller = *std::move(caller);
    }
    auto runs = Runs::create(base_.loop, accounts_, base_.launcher, log_, std::move(run_settings),
                             [this](engine::Event event) { happened(std::move(event)); });
    if (!runs) return tl::unexpected(runs.error());
    runs_ = *std::move(runs);

    auto tables =
        TableReader::create(base_.loop, base_.worker, *std::move(settings),
                            [this](spool::Changes changes) { tables_changed(std::move(changes)); });
    if (!tables) return tl::unexpected(tables.error());
    tables_ = *std::move(tables);

    for (const auto& [fd, handler] : {std::pair{base_.timers.realtime_fd(), &Crond::on_timer},
                                      std::pair{base_.timers.monotonic_fd(), &Crond::on_timer},
                                      std::pair{base_.signals.fd(), &Crond::on_signal},
                                      std::pair{base_.worker.fd(), &Crond::on_worker}}) {
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
    delivery_.give_up();
    runs_->flush();
    write(shut_down());
    log_.flush();
    base_.worker.abandon();
    return ran;
}

// ---- tables ----

void Crond::tables_changed(spool::Changes changes) {
    log_changes(changes);
    if (readiness_ != nullptr) {
        happened(engine::Started{ledger_.recall(false), are_boot_entries_due()});
    }
    engine::TablesChanged event;
    event.removed = std::move(changes.removed);
    for (spool::Loaded& loaded : changes.loaded) {
        event.loaded.push_back({loaded.name, std::move(loaded.table.entries), loaded.since_start});
    }
    if (!event.loaded.empty() || !event.removed.empty()) happened(std::move(event));
    if (readiness_ != nullptr) {
        write(started_up(setting_.version, setting_.options.foreground));
        std::exchange(readiness_, nullptr)->ready();
    }
    arm();
}

void Crond::log_changes(const spool::Changes& changes) {
    for (const spool::Notice& notice : changes.notices) write(table_notice(notice));
    for (const std::string& name : changes.removed) write(table_removed(name));
    for (const spool::Loaded& loaded : changes.loaded) {
        write(table_loaded(loaded, readiness_ != nullptr));
        for (const crontab::Diagnostic& diagnostic : loaded.table.diagnostics) {
            write(table_diagnostic(loaded, diagnostic));
        }
    }
}

// Once a boot for the machine's daemon; at every start with tables as arguments.
bool Crond::are_boot_entries_due() {
    if (has_own_tables()) return true;
    const Result<bool> claimed = claim_reboot(setting_.paths.reboot_marker);
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

void Crond::on_timer() {
    const auto reading = base_.timers.read();
    if (!reading) {
        write(said(Level::error, "timer", reading.error().message));
    } else if (reading->clock_was_set) {
        write(Record{Level::info, "clock-was-set", {}, {}, 0});
    }
    tables_->look(read_clock().monotonic);
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
            default:
                break;
        }
    }
}

void Crond::reload() {
    accounts_.drop();
    const auto zone = zones::local_zone(setting_.zones);
    if (!zone) {
        write(said(Level::error, "reload", "nothing is reloaded: " + zone.error().message));
        return;
    }
    write(Record{Level::info, "reload", {}, {}, 0});
    log_.set_zone(*zone);
    tables_->reload(*zone);
    arm();
}

void Crond::report() {
    const engine::Snapshot snapshot = engine_.snapshot();
    write(holds(snapshot));
    std::size_t told = 0;
    for (const engine::Snapshot::Job& job : snapshot.jobs) {
        if (++told > kReportedJobsMax) break;
        write(holds_job(job));
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
    // The machine's daemon leaves its jobs running: it may be back in a moment. Where we are all
    // there is, they end with us.
    const bool is_alone = has_own_tables() || ::getpid() == 1;
    using Manner = engine::StopAsked::Manner;
    happened(engine::StopAsked{is_alone ? Manner::drain : Manner::leave});
}

void Crond::end_if_done() {
    if (!quit_at_) return;
    if (delivery_.is_idle() || read_clock().monotonic >= *quit_at_) base_.loop.stop();
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
    for (const auto& other : {wake_.monotonic, quit_at_}) {
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
    events_.emplace_back(ledger_.decide(order));
}

void Crond::carry_out(engine::OpenPass& order) {
    write(clock_set_back(order));
    ledger_.open_pass(order);
}

void Crond::carry_out(engine::Spawn& order) { runs_->start(order); }

void Crond::carry_out(engine::Signal& order) { runs_->signal(order); }

void Crond::carry_out(engine::Finish& order) {
    write(run_finished(order, runs_->pid_of(order.run)));
}

void Crond::carry_out(engine::Deliver& order) {
    if (auto remains = runs_->take(order.run)) delivery_.deliver(order, *std::move(remains));
}

void Crond::carry_out(engine::Postpone& order) { write(run_postponed(order)); }

void Crond::carry_out(engine::Quit&) {
    quit_at_ = read_clock().monotonic + kMailWait;
    end_if_done();
}

}  // namespace cron::daemon
