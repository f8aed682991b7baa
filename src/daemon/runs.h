// The runs that have a process: started, watched and collected, with their output.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/accounts.h"
#include "daemon/customs.h"
#include "daemon/event_loop.h"
#include "daemon/log.h"
#include "daemon/outputs.h"
#include "daemon/run_groups.h"
#include "daemon/start_queue.h"
#include "engine/effect.h"
#include "engine/event.h"
#include "process/launch.h"

namespace cron::daemon {

// What is left of a run when its process has ended: who it was, and what it printed.
struct Remains {
    process::Identity identity;
    std::optional<OutputFiles> output;  // OutputFormat::mail only
};

class Runs {
  public:
    // Told of each start, for whoever finds the runs after a crash; all may be empty.
    struct Marking {
        std::function<void(const engine::Spawn& spawn)> before;
        std::function<void(const engine::Spawn& spawn, const engine::LiveProcess& process)> made;
        std::function<void(const engine::Spawn& spawn)> undone;  // there was no job after all
    };
    using Happened = std::function<void(engine::Event event)>;

    // `caller`: whom all jobs run as, whatever their user column says; none: as their users.
    // What happens to runs is told to `happened`; from within a call only by cancel().
    static Result<std::unique_ptr<Runs>> create(EventLoop& loop, Accounts& accounts,
                                                process::Launcher& launcher, Log& log,
                                                Outputs& outputs, std::unique_ptr<RunGroups> groups,
                                                std::optional<process::Identity> caller,
                                                Happened happened, Marking marking,
                                                const Customs& customs);

    // From now on jobs are started in sessions of this service; none: without PAM.
    void use_pam(std::optional<process::PamService> service) { pam_ = std::move(service); }
    const std::optional<process::PamService>& pam() const { return pam_; }
    // The starts to come: lets their users be looked up.
    void prepare(const std::string& user);
    void start(const engine::Spawn& spawn);
    // A run that a daemon before has started: its end is told; how it was where that daemon has
    // become us.
    void adopt(const engine::Adopt& order);
    void cancel(const engine::Cancel& order);
    void signal(const engine::Signal& order);
    // The pid of the run's process, which may have ended; 0 where it has none.
    int pid_of(engine::RunNumber run) const;
    bool has_child(pid_t pid) const;
    // Forgets the run, whose end was told. Where it did not start there is nothing but what
    // attempts before have printed.
    Remains take(engine::RunNumber run, const engine::RunKey& key);
    // The run, whose end was told, is tried again: it goes on with the output that it has.
    void keep(engine::RunNumber run);
    // When expire() wants to be called: what outlived its run is killed then.
    std::optional<Monotonic> deadline() const;
    void expire(Monotonic now);
    // For a stop: whether something lives on in the group of a run that was told to end and is
    // over. Asks anew whenever deadline() comes.
    bool has_remnants(Monotonic now);
    // For an upgrade. On hold no end is collected: what has ended waits. False
    // where that would keep a start that failed from being told.
    bool hold();
    void release();
    void hand_over(Handover& handover) const;
    // Before the first start: what the program before us in this process knows of its runs, which
    // adopt() then goes on with. It dies with forget_inherited().
    void take_over(Inherited& inherited);
    void forget_inherited() { inherited_ = nullptr; }
    // The daemon ends: writes out what runs have printed, and says where the rest of it will be.
    void leave();

  private:
    struct Live {
        engine::Spawn spawn;
        Remains remains;
        process::Child child;
        std::optional<process::SessionFile> session;
        std::optional<process::LaunchFailure> failure;  // said by crond-job; told at its end
        bool report_done = false;
        bool ended = false;
        Piped piped;
        std::uint64_t process_start = 0;
        bool is_child = true;  // else only that it has ended can be known
        std::optional<Monotonic>
            kill_at;  // it was told to end: of its group nothing may outlive this
        EventLoop::Watch report_watch;
        EventLoop::Watch end_watch;
    };
    // The output of the attempts of a run that is tried again.
    struct Kept {
        engine::RunKey key;
        std::optional<OutputFiles> output;
    };
    Runs(EventLoop& loop, Accounts& accounts, process::Launcher& launcher, Log& log,
         Outputs& outputs, std::unique_ptr<RunGroups> groups,
         std::optional<process::Identity> caller, Happened happened, Marking marking,
         const Customs& customs);

    void start_next();
    void start_as(const engine::Spawn& spawn, const Result<process::Identity>& identity);
    tl::expected<Live, process::LaunchFailure> launch(const engine::Spawn& spawn,
                                                      const process::Identity& identity);
    void tell_made(Live& live);
    void unwatch(Live& live);
    engine::Printed printed(const Live& live);
    Result<void> watch(Live& live);
    Result<void> watch_end(Live& live);
    Result<void> watch_report(Live& live);
    const HandedRun* handed_run(const engine::LiveProcess& process) const;
    void take_over(const HandedRun& handed, Live& live);
    void find_kept(engine::RunNumber run, const engine::RunKey& key);
    void abort(Live& live);
    void read_report(engine::RunNumber run);
    void collect(engine::RunNumber run);
    void collect_adopted(Live& live);
    void forget(engine::RunNumber run);

    EventLoop& loop_;
    Accounts& accounts_;
    process::Launcher& launcher_;
    Log& log_;
    Outputs& outputs_;
    std::unique_ptr<RunGroups> groups_;
    std::optional<process::Identity> caller_;
    std::optional<process::PamService> pam_;
    bool told_of_pam_ = false;
    Happened happened_;
    Marking marking_;
    const Customs& customs_;
    StartQueue queue_;
    std::set<engine::RunNumber> looked_up_;  // taken from queue_, their user not known yet
    UniqueFd start_bell_;                    // readable while queue_ has something
    EventLoop::Watch start_watch_;
    std::map<engine::RunNumber, Live> live_;
    std::map<engine::RunNumber, Kept> kept_;
    std::vector<Kept> inherited_kept_;  // of runs that have no number with us yet
    Inherited* inherited_ = nullptr;    // until all that goes on is adopted
    bool is_held_ = false;
    std::multimap<Monotonic, process::Child> lingering_;  // ended, not collected: by when to kill
                                                          // their groups
    std::optional<Monotonic> next_probe_;                 // of these, by has_remnants()
};

}  // namespace cron::daemon
