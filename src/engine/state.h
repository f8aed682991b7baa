// The engine's state, shared by the files that implement it: engine.cc (dispatch, stop, wake),
// tables.cc, clock.cc, verdicts.cc, starts.cc and ends.cc.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/due_queue.h"
#include "engine/engine.h"
#include "engine/gates.h"
#include "engine/job_table.h"
#include "engine/lateness.h"
#include "engine/run_book.h"

namespace cron::engine {

class Engine::State {
  public:
    explicit State(const Limits& limits) : limits_(limits) {}

    Effects handle(const Event& event, const Now& now);
    Snapshot snapshot(std::size_t jobs_max) const;

  private:
    struct Proposal {
        Verdict verdict;
        Job* job = nullptr;
    };

    void on(const Started& event);
    void on(const TablesChanged& event);
    // The timer that fired is spent: it is ordered again, be it the same.
    void on(const Woken&) { last_wake_.reset(); }
    void on(const Decided& event);
    void on(const Launched& event);
    void on(const LaunchFailed& event);
    void on(const Cancelled& event);
    void on(const Exited& event);
    void on(const StopAsked& event);
    void on(const CapacitySet& event) { gates_.set(event.capacity); }
    void on(const RunAsked& event);

    void rejudge_waiting();
    void take(const JobTable::Change& change, bool boot_entries_due);
    void reschedule(Job& job, const crontab::Entry& before);
    void place(const std::vector<Job*>& jobs);
    void recall(const RecalledRun& recalled);
    void claim_recalled(Job& job);
    void drop_unclaimed();
    void drop_recalled(const JobId& job, const std::shared_ptr<const crontab::Entry>& entry);
    Instant remembered_until(const Job& job) const;
    bool was_down(const std::vector<Job*>& jobs) const;
    void propose_boot(Job& job);
    void propose_asked(Job& job);
    void rename(const Run& run);

    void advance();
    void check_clock();
    void place_waiting();
    void open_pass(microseconds step);
    void decide_due();
    void propose(Job& job, const Judgement& judgement);
    void propose(Job& job, Fate fate, const Span& span, Instant into = {},
                 Cause cause = Cause::schedule);
    void send_decides();

    void start_ready();
    void settle();
    void arrive(Run& run);
    std::optional<Outcome> objection(const Run& run, const Job& job) const;
    const Run* newer_pending(const Run& run, const Job& job) const;
    void proceed(Run& run);
    std::optional<std::string> refusal(const Run& run) const;
    bool must_wait(Run& run, const Job& job);
    std::vector<RunNumber> pending_retries(const Job& job, const Run& but) const;
    void release_held();
    void let_in(Run& run);
    void spawn(Run& run, Job& job);

    void end(Run& run, EndedBy by);
    void tell_to_end(Run& run);
    void end_overdue();
    bool may_retry(const Run& run, const Outcome& outcome) const;
    void retry(Run& run, Outcome outcome);
    void try_again(Run& run, const LaunchError& error);
    void stop_overdue();
    void signal_all(int signal);
    void signal_to_stop(RunNumber number, int signal);
    void order_wake();

    void finish(Run& run, Outcome outcome);
    void skip(Run& run, const std::string& reason);
    void withdraw(Run& run, const std::string& reason);
    void withdraw_pending(Job& job, const std::string& reason);
    void withdraw_ahead(Job& job, const std::string& reason);
    Pass pass_of(const crontab::Entry& entry) const;
    bool is_clock_set() const { return now_.instant >= limits_.earliest_credible; }
    bool is_stopping() const { return stop_.has_value(); }

    struct Stop {
        StopAsked::Manner manner = StopAsked::Manner::leave;
        Monotonic next_step{};  // drain only
        bool killed = false;
        bool quit = false;  // ordered
    };

    Limits limits_;
    Now now_;
    Effects effects_;

    JobTable jobs_;
    DueQueue queue_;
    RunBook runs_;
    Gates gates_;
    std::vector<JobId> freed_;  // whose held runs may go on
    std::vector<Proposal> proposals_;
    std::vector<KnownJob> known_;
    std::unordered_map<std::uint64_t, std::vector<RunNumber>> batches_;
    std::uint64_t last_batch_ = 0;

    Memory memory_;  // what a ledger remembered; its jobs leave it as they are loaded
    // Runs of engines before whose jobs are not placed yet, and when those that are in no table are
    // given up; none: they were.
    std::map<JobId, std::vector<RecalledRun>> recalled_;
    std::optional<Monotonic> recalled_until_;
    bool has_unplaced_ = false;  // jobs that wait for the clock to be set
    bool boot_ = false;
    std::set<JobId> booted_;  // @reboot jobs that have had their turn
    Passes passes_;
    std::optional<Instant> decided_until_;
    std::optional<Instant> fixed_decided_until_;  // the same in the pass of fixed schedules
    Instant last_asked_{};                        // the name of the last run that was asked for
    std::optional<Now> last_look_;
    std::optional<Stop> stop_;
    std::optional<Wake> last_wake_;
};

}  // namespace cron::engine
