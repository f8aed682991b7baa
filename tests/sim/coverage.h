// Nothing is lost and nothing is decided twice: every due time of every job, from when the job
// became known until now, is in exactly one verdict. It keeps its own watermark of each job and
// asks schedule::next_after what is due; the engine's account must agree with it step by step.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "trace.h"

namespace cron::sim {

class Coverage {
  public:
    Coverage(Trace& trace, Instant earliest_credible)
        : trace_(trace), earliest_credible_(earliest_credible) {}

    // A new engine lives, or the one that lived is gone with all that was not written.
    void on_started(const engine::Started& event, const Now& now);
    void on_gone();
    // The wall clock came to this, and now changes.
    void on_clock(Instant reached);
    // It begins, or ceases, to run other than it should: nobody can tell that from a step.
    void on_drift(bool is_off) {
        is_off_ = is_off;
        was_off_ = true;
    }
    // Before each event, and after all that follows from it was carried out.
    void on_look(const Now& now);
    void on_handled() {
        if (!pending_.empty()) return;
        if (last_look_) served_at_ = last_look_->instant;
        ++served_;
    }
    void on_tables(const engine::TablesChanged& event, const Now& now);

    void on_decide(const engine::Decide& decide, const Now& now);
    void on_open_pass(const engine::OpenPass& open, const Now& now);
    void on_spawn(const engine::Spawn& spawn, bool follows_clock);
    // The oldest Decide or OpenPass that was not written now is.
    void on_written();
    void on_answered(const engine::Decide& decide, const engine::Decided& answer);

    // Another daemon on the same ledger decided: what it took is refused here.
    void on_rival(const engine::Decide& decide, const engine::Decided& answer);

    // Nothing more happens at this instant.
    void on_quiet(const Now& now);
    void on_snapshot(const engine::Snapshot& snapshot);

    std::uint64_t due_times() const { return due_times_; }
    // Seconds at which something was to start.
    std::size_t start_seconds() const { return start_seconds_.size(); }
    std::uint64_t passes() const { return passes_; }

  private:
    using EntryPtr = std::shared_ptr<const crontab::Entry>;

    // Up to where a job is decided, in the pass that its schedule is in.
    struct Mark {
        EntryPtr entry;
        bool known = false;
        bool was_absent = false;  // up to where is in doubt: its entry was gone for a time that no
                                  // ledger knows, or the ledger did not take it
        engine::Pass pass = 0;
        Instant covered = engine::kClockMin;
    };
    struct Job {
        Mark mark;     // with all that the engine ordered
        Mark durable;  // with what the ledger wrote
        bool loaded = false;
        bool placed = false;  // the clock was set, so its due times count
        bool remembered = false;
        bool boot_due = false;
        Instant placed_at = engine::kClockMin;
        std::uint64_t placed_in = 0;               // at that count of served_
        Instant served_until = engine::kClockMin;  // by the engine before
        // Where it begins is open: what the ledger knew of it may be about another schedule.
        std::optional<Instant> lenient_until;
        std::optional<Instant> next;  // the first due time without a verdict
        std::optional<Instant> into;  // the run that the last verdict was merged into
    };
    struct Passes {
        engine::Pass last = 0;
        engine::Pass wildcard = 0;
        engine::Pass fixed = 0;
    };
    struct Pending {
        std::vector<std::pair<Job*, Mark>> marks;
        std::optional<engine::OpenPass> pass;
        Instant peak_before = engine::kClockMin;
        Instant fixed_peak_before = engine::kClockMin;
    };

    Job& job(const JobId& id) { return jobs_[id]; }
    void load(const EntryPtr& entry, bool since_start, const Now& now);
    void unload(const JobId& id);
    void place(Job& job, Instant now);
    void cover(Job& job, Instant until);
    void check_span(Job& job, const engine::Verdict& verdict);
    void check_fate(Job& job, const engine::Verdict& verdict, Instant now);
    void check_catch_up(const Job& job, const engine::Verdict& verdict, Instant second,
                        bool was_down);
    void check_boot(Job& job, const engine::Verdict& verdict, Instant now);
    void check_waits(const Now& now);
    // The schedule follows the clock into the new pass.
    static bool is_in(const engine::OpenPass& pass, const crontab::Entry& entry) {
        return pass.fixed_too || entry.schedule.is_wildcard();
    }
    bool is_set(Instant now) const { return now >= earliest_credible_; }
    engine::Pass pass_of(const crontab::Entry& entry) const;
    std::optional<Instant> kept(const Job& job, const crontab::Entry& before, Instant now) const;

    Trace& trace_;
    Instant earliest_credible_;
    std::map<JobId, Job> jobs_;
    std::map<std::string, std::vector<JobId>> tables_;
    std::set<std::pair<Instant, Job*>> queue_;  // by `next`
    std::deque<Pending> pending_;
    std::vector<engine::OpenPass> opened_;  // all passes, those that are not written too
    Passes passes_now_;
    Passes passes_durable_;
    std::map<std::pair<const Job*, engine::Pass>, Instant> last_written_;
    bool alive_ = false;
    bool has_unplaced_ = false;
    bool boot_ = false;
    bool same_boot_ = false;
    bool look_closely_ = false;
    std::optional<Now> last_look_;
    // When all that was decided was last on the disk, and how often that was so.
    Instant served_at_ = engine::kClockMin;
    std::uint64_t served_ = 0;
    Instant peak_ = engine::kClockMin;        // what the clock had reached in this pass
    Instant fixed_peak_ = engine::kClockMin;  // and in this pass of fixed schedules
    bool is_off_ = false;
    bool was_off_ = false;                  // since the last look
    Instant presumed_ = engine::kClockMin;  // what a clock that went right would have reached
    std::size_t merges_open_ = 0;
    std::uint64_t due_times_ = 0;
    std::uint64_t passes_ = 0;
    std::set<std::pair<engine::Pass, Instant>> start_seconds_;
};

}  // namespace cron::sim
