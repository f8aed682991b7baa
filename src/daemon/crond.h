// The daemon: brings what happens to the engine as events, and carries out its effects.
#pragma once

#include <unistd.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/accounts.h"
#include "daemon/after_run.h"
#include "daemon/clock.h"
#include "daemon/clock_notice.h"
#include "daemon/config_file.h"
#include "daemon/control.h"
#include "daemon/customs.h"
#include "daemon/daemonize.h"
#include "daemon/event_loop.h"
#include "daemon/facts.h"
#include "daemon/keeper.h"
#include "daemon/lock_file.h"
#include "daemon/log.h"
#include "daemon/metrics_server.h"
#include "daemon/notifier.h"
#include "daemon/options.h"
#include "daemon/pulse.h"
#include "daemon/runs.h"
#include "daemon/setting.h"
#include "daemon/signals.h"
#include "daemon/supercronic.h"
#include "daemon/table_log.h"
#include "daemon/table_reader.h"
#include "daemon/upgrade.h"
#include "daemon/worker.h"
#include "engine/engine.h"
#include "process/launch.h"

namespace cron::daemon {

// As a handover calls them.
inline constexpr const char* kPidfileLock = "pidfile";
inline constexpr const char* kSpoolLock = "spool-lock";
inline constexpr const char* kControlSocket = "control-socket";

class Crond {
  public:
    // Takes the locks and the signals and reads the zone: what can fail and is for who started us
    // to know.
    // `inherited`: what it goes on with where another crond has become this one.
    static Result<std::unique_ptr<Crond>> create(const Setting& setting,
                                                 std::optional<Inherited> inherited);

    // Runs until it is told to stop. Says `ready` when the tables are loaded. An error is one of
    // the loop itself, or of a crontab that supercronic would not start with.
    Result<void> run(Readiness& readiness);
    // Where run() gave no error: 0, or what the run of --once says.
    int exit_status() const;

  private:
    // What has no state of its own yet, made before the rest.
    struct Locks {
        LockFile pidfile;
        LockFile spool;
    };
    struct Base {
        std::optional<Locks> locks;
        std::optional<LockFile> state_lock;  // of the folder of --state
        EventLoop loop;
        Timers timers;
        Signals signals;
        Worker table_worker;
        Worker account_worker;  // of its own: a slow table must not hold up the starts
        Worker ledger_worker;   // likewise
        Worker mail_worker;     // likewise
        process::Launcher launcher;
    };

    Crond(const Setting& setting, Base base, const calendar::Zone& zone,
          std::optional<Inherited> inherited);
    // The settings that crond starts with, with what is doubtful in them. The error ends the start.
    // A daemon that runs already goes on without them.
    static Result<ConfigReading> first_config(const Setting& setting, bool is_running);
    static Result<Locks> take_locks(const Paths& paths, std::optional<Inherited>& inherited);
    // With tables as arguments: that these are there, and the lock of the folder of --state.
    static Result<std::optional<LockFile>> lock_state(const Setting& setting);
    Result<void> open(const calendar::Zone& zone, const ConfigReading& config);
    Result<void> open_record();
    std::optional<Error> start_failure(const spool::Changes& changes) const;
    Result<void> open_control(const calendar::Zone& zone);
    Result<void> watch(int fd, void (Crond::*handler)());

    void tables_changed(TableReader::Reading reading);
    void started(const crontab::Entries& entries);
    void tell_service_manager(bool is_reload);
    bool are_boot_entries_due();

    void on_timer();
    void on_signal();
    void on_files();
    void on_tables() { base_.table_worker.finish(); }
    void on_accounts();
    void on_ledger();
    void on_mail();
    void on_control();
    void on_pulse() { pulse_->answer(); }
    void on_child();
    void reload();
    void config_read(const ConfigReading& reading);
    void tell(const ConfigReading& reading);
    // The one place where settings take effect: at the start, before tables are read, and whenever
    // SIGHUP brings others.
    void use(const Config& config);
    void use_pam();
    void report();
    void stop(int signal);
    void end_if_done();
    // crond_stop.cc
    Monotonic end_of_mail(Monotonic now) const;
    bool is_rest_over(Monotonic now);
    void tell_passed_over();
    void stop_control();
    void open_pulse();

    // The one run of --once (crond_once.cc).
    void ask_once(const crontab::Entries& entries);
    void once_ended(const engine::Outcome& outcome);
    bool is_once() const { return setting_.options.once.has_value(); }

    // Called as supercronic (crond_supercronic.cc); else nothing.
    std::unique_ptr<RunFormat> supercronic_words();
    void tell_signal(int signal);
    void tell_crontab(const TableReader::Reading& reading);
    std::optional<Error> refusal(const spool::Changes& changes) const;
    Result<void> open_metrics();
    void on_metrics();

    // A live upgrade (crond_upgrade.cc).
    void upgrade();
    void checked(const Result<std::string>& version);
    std::optional<std::string> objection_to_upgrade() const;
    void refuse_upgrade(const std::string& reason);
    void give_up_upgrade();
    void go_on_upgrading();
    void put_off_upgrade(std::string_view cause, Monotonic now);
    void release();
    bool pause_control();
    void go_on_with_control();
    Result<void> settle_disk();
    void become_next();
    void tell_upgraded();
    // As process::process_start; and of a child that has ended and is not collected yet.
    std::optional<std::uint64_t> process_start_of(int pid) const;

    // Hands an event to the engine, and all that follows from it, until nothing follows.
    void happened(engine::Event event);
    void handle_events();
    void arm();
    void carry_out(engine::Decide& order);
    void carry_out(engine::OpenPass& order);
    void carry_out(engine::Spawn& order) { runs_->start(order); }
    void carry_out(engine::Adopt& order) { runs_->adopt(order); }
    void carry_out(engine::Cancel& order) { runs_->cancel(order); }
    void carry_out(engine::Signal& order) { runs_->signal(order); }
    void carry_out(engine::Finish& order);
    void carry_out(engine::Deliver& order);
    void carry_out(engine::Wake& order) { wake_ = order; }
    void carry_out(engine::Postpone& order) { outputs_->tell(RunPostponed{order}); }
    void carry_out(engine::Retry& order);
    void carry_out(engine::Quit& order);

    bool has_own_tables() const { return !setting_.options.tables.empty(); }
    bool keeps_record() const { return setting_.options.keeps_record(); }
    // Where we are all there is, jobs end with us; the machine's daemon may be back in a moment.
    bool ends_jobs() const { return has_own_tables() || ::getpid() == 1; }
    void write(const Record& record) { log_.write(record, read_clock().instant); }

    // Of an upgrade that was asked for, until the program is another one or the upgrade refused.
    struct Upgrading {
        Monotonic since{};
        bool is_checked = false;
        std::optional<Monotonic> held_until;  // what ends meanwhile waits to be collected
        Monotonic next_hold{};
        bool told_waiting = false;
    };

    Setting setting_;
    std::optional<Inherited> inherited_;  // until the tables are loaded
    Config config_;
    Customs customs_;
    Base base_;
    Log log_;
    engine::Engine engine_;
    Keeper keeper_;
    Accounts accounts_;
    std::unique_ptr<Outputs> outputs_;
    Supercronic* supercronic_ = nullptr;  // the words of outputs_, where we are called so
    std::unique_ptr<AfterRun> after_run_;
    std::unique_ptr<Runs> runs_;
    std::unique_ptr<TableReader> tables_;
    ConfigReader config_reader_;
    TableLog table_log_;
    ClockNotice clock_notice_;
    std::unique_ptr<Control> control_;  // none with tables as arguments, or where it cannot be had
    std::unique_ptr<MetricsServer> metrics_;  // none where nobody asked for it
    std::optional<Pulse> pulse_;              // with tables as arguments
    Notifier notifier_;
    std::vector<EventLoop::Watch> watches_;

    std::deque<engine::Event> events_;
    bool is_handling_ = false;
    engine::Wake wake_;
    Upgrade upgrade_;
    std::optional<Upgrading> upgrading_;
    bool is_upgrade_asked_ = false;  // while we start
    bool may_have_orphans_ = false;
    bool is_stopping_ = false;
    std::optional<int> once_status_;       // known: the run of --once is over, or never will be
    Monotonic grace_end_{};                // when stopping
    std::optional<Monotonic> quit_at_;     // the engine is done; until then mailers may end
    bool is_after_over_ = false;           // so they have
    std::optional<Monotonic> rest_until_;  // then what is left after all of these, too
    Readiness* readiness_ = nullptr;       // until it was said
    std::optional<Error> start_failure_;
};

}  // namespace cron::daemon
