// A machine that exists only here: it runs the real engine and the real ledger under a virtual
// clock, carries effects out in their order, and lets things go wrong. Its processes outlive the
// daemon, but not the boot. A script decides all.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "coverage.h"
#include "effort.h"
#include "engine/engine.h"
#include "faults.h"
#include "random_tables.h"
#include "record_checker.h"
#include "rule_checker.h"
#include "run_checker.h"
#include "script.h"
#include "sim_ledger.h"
#include "virtual_clock.h"

namespace cron::sim {

struct Totals {
    microseconds time{};
    std::uint64_t runs = 0;
    std::uint64_t asked = 0;  // of them
    std::uint64_t due_times = 0;
    std::uint64_t crashes = 0;
    std::uint64_t clock_steps = 0;
    std::uint64_t passes = 0;
    std::uint64_t reloads = 0;
    std::uint64_t stops = 0;
    std::uint64_t zone_changes = 0;
    std::uint64_t lines = 0;  // in a log, but for the starts
    std::uint64_t events = 0;

    void add(const Totals& other);
};

struct Report {
    Totals totals;
    std::uint64_t hash = 0;
    seconds length{};                                  // with faults
    std::uint64_t faults_planned = 0;                  // and asks, of those that are near them
    std::vector<std::uint64_t> faults;                 // whose time came
    std::vector<std::uint64_t> asks;                   // the same
    std::vector<std::string> notes;                    // on what these did
    std::map<LineNumber, std::set<std::string>> jobs;  // that were there, with settings to drop
    std::string rule;                                  // the first that is broken; empty: none is
    // Of that one only.
    std::string failure;
    std::optional<microseconds> faults_end;  // so long after the begin, if that was before the calm
    std::string tables;                      // as they were at the begin
    std::string tables_at_end;
    std::string tail;  // what happened before
};

class World {
  public:
    // Sees every effect before it is carried out: for rules that only one test has.
    using Watch = std::function<void(const engine::Effect&, Trace&)>;

    // With a `log`, all that happens is printed there.
    explicit World(const Script& script, std::FILE* log = nullptr, Watch watch = nullptr);

    // To the end, or to the first rule that is broken.
    Report run();

  private:
    // Of the machine, by its pid, which is used again.
    struct Process {
        engine::RunKey key;
        std::uint32_t attempt = 1;
        std::uint64_t start = 0;
        bool heeds_term = true;
        bool killed = false;
        Random chance{0};  // what else it does
        bool is_in_mark = false;
        std::optional<engine::RunNumber> watched_as;  // by the daemon that lives
        bool is_adopted = false;
        bool is_rivals = false;  // `watched_as` is its
    };
    // A second daemon beside the one that lives: the same tables, the same ledger.
    struct Rival {
        engine::Engine engine;
        engine::Wake wake;
        std::unordered_map<engine::RunNumber, int> pids;
    };
    // What the daemon that lives was told to start and has not seen the end of.
    struct Start {
        engine::Spawn spawn;
        enum class Fails { no, before, after } fails = Fails::no;  // before its process is made
        bool is_temporary = false;                                 // what it fails for
        int pid = 0;                                               // 0: it is not made yet
    };
    using Action = std::function<void()>;

    // What happens later. With the daemon: only while the one that lives now does.
    void later(microseconds delay, Action action);
    void later_with_daemon(microseconds delay, Action action);
    void later_event(microseconds delay, engine::Event event);

    void run_until(microseconds end);
    void step(microseconds end);
    std::optional<microseconds> until_wake() const;
    void fire_timers();
    void check_quiet();
    Report report();

    void start_daemon();
    void tell_tables();
    void tell_late_table();
    void deliver(const engine::Event& event);
    void execute(const engine::Effect& effect);
    void on(const engine::Decide& effect);
    void on(const engine::OpenPass& effect);
    void on(const engine::Spawn& effect);
    void on(const engine::Adopt& effect);
    void on(const engine::Cancel& effect);
    void on(const engine::Signal& effect);
    void on(const engine::Finish& effect);
    void on(const engine::Retry& effect);
    void on(const engine::Deliver& effect) { runs_.on_deliver(effect); }
    void on(const engine::Wake& effect) { wake_ = effect; }
    void on(const engine::Postpone& effect);
    void on(const engine::Quit&);
    void answer(const engine::Decide& decide, engine::Decided answer);
    void note_granted(const engine::Decide& decide, const engine::Decided& answer);
    void written(const Order& order);
    void note_ended(const Order& order);
    bool is_taken(const engine::Verdict& verdict);
    void recall(const SimLedger::Recalled& recalled);
    RecordChecker::Finding look_for(const engine::RecalledRun& run) const;
    std::optional<std::uint64_t> process_start(int pid) const;
    int free_pid() const;
    void mark(const engine::Spawn& spawn);
    int make_child(const engine::Spawn& spawn);
    void make_process(engine::RunNumber run);
    void fail_start(engine::RunNumber run);
    void end_process(int pid, microseconds delay, engine::ExitStatus status);

    void start_rival();
    void end_rival();
    void tell_rival(const engine::Event& event);
    void tell_rival_later(microseconds delay, engine::Event event);
    void let_rival_order(const Order& order);
    void let_rival_start(const engine::Spawn& spawn);

    // For one decision on these subjects. The others know nothing of it.
    template <class... Subjects>
    Random chance(std::string_view decision, const Subjects&... subjects) const {
        return seed_.stream(decision, subjects...);
    }
    microseconds gap_before(std::uint64_t fault) const;
    std::uint64_t faults_planned() const;
    void plan_fault(std::uint64_t number, microseconds after);
    void plan_ask(std::uint64_t number, microseconds before, microseconds fault);
    void ask(std::uint64_t number);
    microseconds draw_ask_delay(Random& random, const crontab::Entry& entry) const;
    void draw_and_fail(std::uint64_t number);
    void fail(Fault fault);
    Random chance_of_crash(const engine::Effect& effect) const;
    Random chance_of_crash(std::string_view step, const engine::Spawn& spawn) const;
    bool crashes(Random chance);
    void die_by(std::uint64_t fault);
    void set_clock(Instant instant);
    void step_clock();
    void step_far();
    void drift();
    void freeze();
    void change_zone();
    void stall();
    void die(microseconds down_time, bool new_boot);
    void ask_again();
    void forget(const std::vector<Order>& orders);
    void fail_disk();
    void boot_machine();
    void reload();
    void stop(engine::StopAsked::Manner manner, bool twice);
    bool is_troubled() const { return !calm_ && clock_.elapsed() < trouble_.until; }
    microseconds answer_delay();

    Script script_;
    Random seed_;
    std::uint64_t fault_ = 0;  // the number of the one at hand
    Random random_;            // what that one does
    Profile profile_;
    Trace trace_;
    Watch watch_;
    Instant begin_;
    VirtualClock clock_;
    engine::Limits limits_;
    RandomTables tables_;
    std::string tables_at_begin_;
    engine::Capacity capacity_;
    SimLedger ledger_;
    RecordChecker record_;
    Coverage coverage_;
    RuleChecker rules_;
    RunChecker runs_;
    StopChecker stop_;
    EffortChecker effort_;

    std::optional<engine::Engine> engine_;
    std::optional<Rival> rival_;
    std::uint64_t rival_number_ = 0;
    bool had_rival_ = false;   // this daemon
    std::uint64_t drift_ = 0;  // the number of the last one
    std::uint64_t life_ = 0;   // the number of the daemon, over all boots
    std::uint64_t boot_ = 0;
    bool is_off_ = true;  // the machine
    bool booted_ = true;  // and no daemon was there since
    std::optional<engine::Verdict> last_granted_;
    std::uint64_t granted_in_ = 0;  // in that life
    bool calm_ = false;
    bool quit_ = false;
    std::string late_table_;                       // not told yet
    std::vector<std::uint64_t> faults_;            // whose time has come
    std::vector<std::uint64_t> asks_;              // the same
    std::optional<Instant> asked_at_;              // what the clock read when a run was asked for
    std::optional<std::uint64_t> crash_;           // the fault that is about to make it crash
    std::uint64_t stop_fault_ = 0;                 // the last that made it stop
    std::deque<std::uint64_t> wait_for_verdicts_;  // faults to come between a verdict and its start
    Trouble trouble_;
    std::map<std::pair<microseconds, std::uint64_t>, Action> agenda_;
    std::uint64_t last_action_ = 0;
    engine::Wake wake_;
    std::map<int, Process> processes_;
    std::uint64_t last_process_start_ = 0;
    // The marks that are set, whatever the daemon finds.
    std::set<std::tuple<JobId, Instant, engine::Pass, std::uint32_t>> marked_;
    std::unordered_map<engine::RunNumber, Start> starts_;
    microseconds last_start_at_{};
    Totals totals_;
};

}  // namespace cron::sim
