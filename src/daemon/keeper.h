// Keeps the ledger for the loop: what the engine orders is written on a worker, in its order, and
// answered when it is durable. While the disk fails or is slow, verdicts are held in memory, and
// that is said: jobs run all the same.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/record.h"
#include "daemon/worker.h"
#include "engine/effect.h"
#include "engine/event.h"
#include "ledger/marks.h"
#include "ledger/memory.h"
#include "ledger/open_runs.h"
#include "ledger/store.h"
#include "process/child.h"

namespace cron::daemon {

inline constexpr seconds kLedgerPatience{2};  // an answer that takes longer comes from memory
inline constexpr seconds kLedgerRetry{5};     // after an error
inline constexpr minutes kPruneEvery{60};
inline constexpr std::chrono::milliseconds kPruneGap{200};  // between two of its steps
inline constexpr std::size_t kHeldMax = 200'000;            // orders that wait for the disk

class Keeper {
  public:
    struct Options {
        ledger::Store::Options store;
        std::string marks;  // the path of the launching marks
        ledger::EndLeft end_left{};
        std::uint64_t pid_namespace = 0;  // as in Marks::Options
    };
    struct Hooks {
        std::function<void(engine::Decided)> decided;
        std::function<void(const Record&)> write;
        // A run that was granted to a daemon before, and of which no more is known; empty: it is
        // written.
        std::function<void(const engine::RunKey& key, std::string_view why)> lost{};
    };

    // What is true of the machine, and who writes: a simulation has its own.
    struct Surroundings {
        std::function<Now()> clock;
        std::function<bool(Worker::Work)> post;
        ledger::ProcessStart process_start;
    };

    // In memory only, until open().
    Keeper(Worker& worker, Hooks hooks,
           ledger::ProcessStart process_start = process::process_start);
    Keeper(Surroundings surroundings, Hooks hooks)
        : surroundings_(std::move(surroundings)), hooks_(std::move(hooks)) {}

    // Opens the database, in the calling thread. An error is one that must end the start: the
    // database is of a newer version, or another program's. Any other is said, and tried again.
    Result<void> open(const Options& options);
    // What an engine that starts now is to be told.
    engine::Memory recall() const;

    // The process of this run is about to be made, and is made: both in time for whoever finds them
    // after a crash.
    void mark(const engine::Spawn& spawn);
    void add_process(const engine::Spawn& spawn, const engine::LiveProcess& process);
    // No job came of it.
    void unmark(const engine::Spawn& spawn);

    // Each is answered by the hook `decided`, at once or later.
    void decide(engine::Decide order);
    void open_pass(const engine::OpenPass& order);
    void finish(engine::Finish order);
    void retry(engine::Retry order);

    // So long, and so many rows of each job, are kept.
    void set_retention(seconds age, std::int64_t rows_max);

    // Nothing is left that waiting would put on record.
    bool is_settled() const { return is_weak_ || is_idle(); }
    bool is_idle() const { return waiting_.empty() && flight_ == nullptr; }
    // Verdicts may be in memory only.
    bool is_weak() const { return is_weak_; }
    // When expire() wants to be called.
    std::optional<Monotonic> deadline() const;
    void expire(Monotonic now);

  private:
    using What = std::variant<engine::Decide, engine::OpenPass, engine::Finish, engine::Retry>;
    struct Order {
        What what;
        Monotonic since{};
        engine::Decided from_memory;  // Decide only: the answer where the disk gives none
        bool is_answered = false;
    };
    // What the worker has done of the orders in flight.
    struct Written {
        std::size_t done = 0;                  // so many of the first
        std::vector<engine::Decided> answers;  // to the verdicts among them
        std::optional<Error> error;            // why not the others
        std::optional<std::string> set_aside;
    };
    // Used by the worker while orders are in flight, else by nobody.
    struct Shared {
        Options options;
        std::optional<ledger::Store> store;
        bool has_marks = false;
        engine::Memory memory{};  // for a store that is opened late
        // By the reason: those that the daemon before has left, until they are on record.
        std::map<std::string, std::vector<ledger::OpenRun>> lost{};
    };
    static ledger::Marks::Options marks_of(const Options& options, const ledger::Store& store);
    static Written write(Shared& shared, const std::vector<Order>& orders);
    static Result<void> write_all(Shared& shared, const std::vector<Order>& orders,
                                  Written& written);
    static Result<std::size_t> write_next(ledger::Store& store, const std::vector<Order>& orders,
                                          Written& written);

    static Result<void> record_lost(Shared& shared);

    // An error: what can be had is taken, and the rest is to be tried again.
    Result<void> take_over(ledger::Opening opened);
    Result<void> recall_runs(ledger::Store& store);
    void open_marks(const ledger::Store& store);
    void say_lost(const std::vector<ledger::OpenRun>& runs, const std::string& why);
    void unmark(const Order& order);
    void add(Order order);
    void send();
    void written(const Written& written);
    void take_back(std::size_t done);
    void answer_durably(Order& order, const engine::Decided& decided);
    void answer_from_memory(Order& order);
    void prune(Monotonic now);
    void weaken(const std::string& why);
    void say(Level level, std::string_view event, std::string message);
    void say_set_aside(const std::string& path);
    template <class Each>
    void for_unanswered(Each each);

    Surroundings surroundings_;
    Hooks hooks_;
    ledger::MemoryLedger memory_;  // all that was decided, durable or not
    std::vector<engine::RecalledRun> runs_;
    std::optional<ledger::Marks> marks_;
    bool same_boot_ = false;
    std::shared_ptr<Shared> shared_;  // null: in memory only
    std::deque<Order> waiting_;
    std::shared_ptr<std::vector<Order>> flight_;  // what the worker writes; null: nothing
    std::optional<Monotonic> retry_at_;
    seconds age_max_{};
    std::int64_t rows_max_ = 0;          // 0: all are kept
    std::optional<Monotonic> prune_at_;  // none while a step is at work
    bool is_pruning_ = false;
    bool is_weak_ = false;
    std::size_t dropped_ = 0;
};

}  // namespace cron::daemon
