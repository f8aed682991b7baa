// Small programs that run beside the jobs, as their users: mailers, hooks. A user may stop what
// runs as him, so they are bounded in number for each user and in all, and in time.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "daemon/event_loop.h"
#include "engine/run.h"
#include "process/launch.h"

namespace cron::daemon {

struct ErrandEnd {
    Result<engine::ExitStatus> status;  // or why nobody will know one
    bool is_timed_out = false;          // its time was over, and it was killed
};

struct Errand {
    struct Program {
        process::LaunchOrder order;
        std::vector<UniqueFd> descriptors;  // those that the order borrows and nobody else owns
    };

    uid_t uid = static_cast<uid_t>(-1);  // whose turns it takes
    seconds time_max{};                  // then its process group is killed
    // What to start, made at its turn and not before: it may be large. None: there is nothing to
    // do after all, and `ended` is not called.
    std::function<std::optional<Program>()> prepare;
    // Called once; within add() too, where the program cannot be started.
    std::function<void(const ErrandEnd& end)> ended;
};

class Errands {
  public:
    struct Limits {
        std::size_t running_max = 64;  // at once; the others wait for their turn
        std::ptrdiff_t running_of_user_max = 4;
        std::ptrdiff_t waiting_of_user_max = 200;
    };

    // `progress` is called when a program has ended and what it made room for has begun.
    Errands(EventLoop& loop, process::Launcher& launcher, Limits limits,
            std::function<void()> progress)
        : loop_(loop), launcher_(launcher), limits_(limits), progress_(std::move(progress)) {}

    // Starts it at its turn: in order, but that no user takes the turns of all. False, and nothing
    // is done, when too many of this user wait.
    [[nodiscard]] bool add(Errand errand);
    bool has_child(pid_t pid) const;
    bool is_idle() const { return waiting_.empty() && running_.empty(); }

    // When expire() wants to be called: a program has had its time.
    std::optional<Monotonic> deadline() const;
    void expire(Monotonic now);

    // The daemon ends. Those that wait have ended, with an error. Those that run end by themselves,
    // and nobody is told, but where they `end_with_us`.
    void give_up(bool end_with_us);

  private:
    struct Running {
        Errand errand;
        std::string program;
        process::Child child;
        Monotonic until{};
        bool is_timed_out = false;
        EventLoop::Watch watch;
    };

    bool has_turn(const Errand& errand) const;
    void start_next();
    void start(Errand errand);
    Result<void> launch(Errand& errand, const process::LaunchOrder& order);
    void collect(std::uint64_t id);
    static Result<engine::ExitStatus> status_of(const Running& running,
                                                const Result<std::optional<process::Ended>>& ended);

    EventLoop& loop_;
    process::Launcher& launcher_;
    Limits limits_;
    std::function<void()> progress_;
    std::deque<Errand> waiting_;
    std::map<std::uint64_t, Running> running_;
    std::uint64_t last_id_ = 0;
};

}  // namespace cron::daemon
