// The daemon as it starts: locks, folders, and all that can fail while its starter still listens.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "daemon/boot.h"
#include "daemon/capabilities.h"
#include "daemon/crond.h"
#include "daemon/facts.h"
#include "daemon/mail_setting.h"
#include "daemon/state_folder.h"
#include "process/user.h"
#include "zones/load.h"

namespace cron::daemon {
namespace {

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

// A run takes three descriptors, and a burst has many runs. Jobs keep the limit that we were given.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

engine::Limits limits(const Options& options) {
    engine::Limits limits;
    limits.earliest_credible = kEarliestCredible;
    limits.grace = options.grace;
    limits.keeps_runs = options.keeps_record() && !options.once;
    limits.only_asked = options.once.has_value();
    return limits;
}

// What comes by NFS, FUSE or the lower layer of an overlay gives no event: tables as arguments, of
// which there are few, are looked at more often.
Looks looks_of(const Options& options) {
    Looks looks{options.watches_files, kRescanInterval};
    if (!options.watches_files || !options.tables.empty()) looks.interval = kShortRescanInterval;
    if (!options.reloads_on_change) looks = {false, std::nullopt};
    return looks;
}

}  // namespace

Result<Crond::Locks> Crond::take_locks(const Paths& paths, std::optional<Inherited>& inherited) {
    const std::string pid_folder = paths.pidfile.substr(0, paths.pidfile.rfind('/'));
    const std::string marker_folder = paths.reboot_marker.substr(0, paths.reboot_marker.rfind('/'));
    for (const std::string& folder : {paths.spool, pid_folder, marker_folder}) {
        if (auto made = make_folder(folder, 0755); !made) return tl::unexpected(made.error());
    }
    // As Debian has it: who may add a table cannot see the others.
    if (auto made = make_folder(paths.crontabs, 01730); !made) return tl::unexpected(made.error());
    if (::chdir(paths.spool.c_str()) != 0) return system_failure(errno, "chdir", paths.spool);

    const auto take = [&](const std::string& name, const std::string& path) {
        UniqueFd held = inherited ? inherited->descriptor(name) : UniqueFd();
        if (held) {
            auto taken = LockFile::take_over(std::move(held), path);
            if (taken) return taken;
        }
        return LockFile::acquire(path);
    };
    auto pidfile = take(kPidfileLock, paths.pidfile);
    if (!pidfile) return tl::unexpected(pidfile.error());
    auto spool = take(kSpoolLock, paths.spool_lock);
    if (!spool) return tl::unexpected(spool.error());
    for (LockFile* lock : {&*pidfile, &*spool}) {
        if (auto written = lock->write_pid(); !written) return tl::unexpected(written.error());
    }
    return Locks{*std::move(pidfile), *std::move(spool)};
}

// Whoever holds it may be in another container, or on another machine: the one that is to take its
// place waits best where it is started again and again, which shows.
Result<std::optional<LockFile>> Crond::lock_state(const Setting& setting) {
    const Options& options = setting.options;
    if (auto checked = check_argument_tables(options.tables); !checked) {
        return tl::unexpected(checked.error());
    }
    if (!options.state) return std::nullopt;
    if (auto made = make_state_folder(*options.state); !made) return tl::unexpected(made.error());
    auto taken = LockFile::acquire(setting.paths.spool_lock);
    if (!taken) {
        return failure(taken.error().code, fmt::format("--state {}: {} (as uid {})", *options.state,
                                                       taken.error().message, ::geteuid()));
    }
    if (auto written = taken->write_pid(host_name()); !written) {
        return tl::unexpected(written.error());
    }
    return std::optional<LockFile>(*std::move(taken));
}

Result<std::unique_ptr<Crond>> Crond::create(const Setting& setting,
                                             std::optional<Inherited> inherited) {
    // Before the pidfile tells anybody whom to send them to.
    const bool is_first = ::getpid() == 1;
    const bool ends_jobs = is_first || !setting.options.tables.empty();
    auto signals = ends_jobs   ? Signals::take({SIGCHLD, SIGQUIT})
                   : inherited ? Signals::take({SIGCHLD})
                               : Signals::take();
    if (!signals) return tl::unexpected(signals.error());
    const auto zone = zones::local_zone(setting.zones);
    if (!zone) return tl::unexpected(zone.error());
    const auto config = first_config(setting, inherited.has_value());
    if (!config) return tl::unexpected(config.error());
    std::optional<Locks> locks;
    if (setting.options.tables.empty()) {
        auto taken = take_locks(setting.paths, inherited);
        if (!taken) return tl::unexpected(taken.error());
        locks.emplace(*std::move(taken));
    }
    auto state_lock = lock_state(setting);
    if (!state_lock) return tl::unexpected(state_lock.error());
    // Before there are workers: each thread has its own.
    const auto dropped = drop_capabilities();
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
    auto launcher = process::Launcher::create(setting.job_program, setting.session_program);
    if (!launcher) return tl::unexpected(launcher.error());
    if (is_first) {
        // Orphans come to this thread.
        if (auto used = launcher->use_parent_thread(); !used) return tl::unexpected(used.error());
    }
    if (inherited && inherited->facts().descriptors_soft > 0) {
        launcher->set_descriptor_limit(
            {inherited->facts().descriptors_soft, inherited->facts().descriptors_hard});
    }
    raise_descriptor_limit();

    std::unique_ptr<Crond> crond(new Crond(
        setting,
        Base{std::move(locks), *std::move(state_lock), *std::move(loop), *std::move(timers),
             *std::move(signals), *std::move(table_worker), *std::move(account_worker),
             *std::move(ledger_worker), *std::move(mail_worker), *std::move(launcher)},
        *zone, std::move(inherited)));
    if (!dropped) {
        crond->write(said(Level::warning, "capabilities-kept", dropped.error().message));
    }
    if (auto opened = crond->open(*zone, *config); !opened) return tl::unexpected(opened.error());
    return crond;
}

Crond::Crond(const Setting& setting, Base base, const calendar::Zone& zone,
             std::optional<Inherited> inherited)
    : setting_(setting),
      inherited_(std::move(inherited)),
      base_(std::move(base)),
      log_(log_options(setting.options)),
      engine_(limits(setting.options)),
      keeper_(base_.ledger_worker,
              {[this](engine::Decided answer) { happened(std::move(answer)); },
               [this](const Record& record) { write(record); },
               [this](const engine::RunKey& key, std::string_view why) {
                   outputs_->tell(RunLost{key, why});
               }},
              [this](int pid) { return process_start_of(pid); }),
      accounts_(base_.account_worker),
      config_reader_(base_.table_worker, config_file(setting),
                     [this](const ConfigReading& reading) { config_read(reading); }),
      notifier_(Notifier::address_here(), ::getpid()),
      upgrade_(base_.loop, base_.launcher, setting.origin,
               [this](const Result<std::string>& version) { checked(version); }) {
    may_have_orphans_ = ::getpid() == 1 || inherited_;
    log_.attach(base_.loop);
    log_.set_zone(zone);
    customs_.run_lines = setting_.options.run_lines;
    customs_.inherited_path = setting_.inherited_path;
    customs_.variables = pass_variables(setting_.options.passed_environment.all,
                                        setting_.options.passed_environment.names,
                                        setting_.origin.environment, ::geteuid());
    for (const std::string& name : customs_.variables.unset) {
        write(said(Level::warning, "env-not-set",
                   fmt::format("--env names {}, which is not set for crond", name)));
    }
}

Result<void> Crond::open(const calendar::Zone& zone, const ConfigReading& config) {
    auto settings = spool_settings(setting_, zone);
    if (!settings) return tl::unexpected(settings.error());

    process::CgroupTree cgroups = process::CgroupTree::open();
    settings->unenforced = unenforced(cgroups);
    auto groups = RunGroups::create(base_.loop, log_, std::move(cgroups));
    if (!groups) return tl::unexpected(groups.error());
    // Who runs tables of their own may have no spool.
    auto outputs =
        Outputs::create(base_.loop, log_, customs_,
                        {setting_.options.output, keeps_record() ? setting_.paths.output : "",
                         has_own_tables(), inherited_.has_value(), supercronic_words()});
    if (!outputs) return tl::unexpected(outputs.error());
    outputs_ = *std::move(outputs);
    outputs_->set_zone(zone);
    std::optional<process::Identity> caller;
    if (has_own_tables()) {
        auto user = process::current_user(setting_.home_variable);
        if (!user) return tl::unexpected(user.error());
        accounts_.know(*user);
        // Where it is not root, entries of others were left out.
        const bool obeys_column = setting_.options.has_user_column && user->uid == 0;
        if (!obeys_column) caller = *std::move(user);
    }
    const bool changes_user = !caller && ::geteuid() == 0;
    after_run_ = std::make_unique<AfterRun>(
        base_.loop, base_.launcher, log_, accounts_, base_.mail_worker, *outputs_,
        AfterRun::Settings{caller, changes_user, mail_settings(setting_, changes_user)},
        [this] {
            end_if_done();
            arm();
        },
        customs_);
    auto runs = Runs::create(
        base_.loop, accounts_, base_.launcher, log_, *outputs_, *std::move(groups),
        std::move(caller), [this](engine::Event event) { happened(std::move(event)); },
        {[this](const auto& spawn) { keeper_.mark(spawn); },
         [this](const auto& spawn, const auto& process) { keeper_.add_process(spawn, process); },
         [this](const auto& spawn) { keeper_.unmark(spawn); }},
        customs_);
    if (!runs) return tl::unexpected(runs.error());
    runs_ = *std::move(runs);
    if (inherited_) runs_->take_over(*inherited_);

    if (auto record = open_record(); !record) return record;
    tables_ = TableReader::create(
        base_.table_worker, *std::move(settings), ZoneBook(setting_.zones, zone),
        [this](TableReader::Reading reading) { tables_changed(std::move(reading)); },
        looks_of(setting_.options));
    tell(config);
    use(config.config.value_or(Config{}));
    if (runs_->pam() && !base_.launcher.may_have_sessions()) {
        return failure(ErrorCode::not_found,
                       fmt::format("jobs are to have PAM sessions, and {} is missing",
                                   setting_.session_program));
    }
    if (base_.locks && customs_.ways().tells_pidfile) {
        write(pidfile_held(base_.locks->pidfile.fd()));
    }

    for (const auto& [fd, handler] : {std::pair{base_.timers.realtime_fd(), &Crond::on_timer},
                                      std::pair{base_.timers.monotonic_fd(), &Crond::on_timer},
                                      std::pair{base_.signals.fd(), &Crond::on_signal},
                                      std::pair{base_.table_worker.fd(), &Crond::on_tables},
                                      std::pair{tables_->fd(), &Crond::on_files},
                                      std::pair{base_.account_worker.fd(), &Crond::on_accounts},
                                      std::pair{base_.ledger_worker.fd(), &Crond::on_ledger},
                                      std::pair{base_.mail_worker.fd(), &Crond::on_mail}}) {
        if (fd < 0) continue;
        if (auto watched = watch(fd, handler); !watched) return watched;
    }
    if (auto metrics = open_metrics(); !metrics) return metrics;
    return has_own_tables() ? Result<void>{} : open_control(zone);
}

// The ledger, and the mail that is tried again.
Result<void> Crond::open_record() {
    if (!keeps_record()) {
        if (!is_once()) write(record_in_memory());
        return {};
    }
    using Boots = ledger::Store::Boots;
    const Boots boots = is_once() ? Boots::none : has_own_tables() ? Boots::by_start : Boots::by_id;
    auto kept = keeper_.open({{setting_.paths.ledger, "", read_boot_id().value_or(""), boots},
                              setting_.paths.ledger + "-marks",
                              [this](std::uint64_t output, std::uint64_t number) {
                                  return outputs_->has_session_end(output, number);
                              },
                              pid_namespace()});
    // What is tried again is for the one that stays.
    if (!kept || is_once()) return kept;
    if (auto mail = after_run_->keep_mail_in(setting_.paths.mail); !mail) {
        write(said(Level::error, "mail-not-kept",
                   "mail that cannot be sent goes to the log: " + mail.error().message));
    }
    return {};
}

// Whoever starts a container with a table wants to know at once that it is not there.
std::optional<Error> Crond::start_failure(const spool::Changes& changes) const {
    if (auto refused = refusal(changes)) return refused;
    for (const std::string& path : setting_.options.tables) {
        const bool is_loaded =
            std::any_of(changes.loaded.begin(), changes.loaded.end(),
                        [&](const spool::Loaded& loaded) { return loaded.name == path; });
        if (!is_loaded) return Error{ErrorCode::not_found, "no table could be read from " + path};
    }
    return std::nullopt;
}

}  // namespace cron::daemon
