// The control groups of runs: made before their starts, swept when they are told to end, and
// removed when nothing lives in them any more. Where none can be made, runs go without.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "daemon/event_loop.h"
#include "daemon/log.h"
#include "daemon/upgrade_format.h"
#include "engine/effect.h"
#include "process/cgroup.h"

namespace cron::daemon {

// For spool::Settings: the settings of tables that cannot be enforced, each with the reason.
std::map<std::string, std::string, std::less<>> unenforced(const process::CgroupTree& tree);

class RunGroups {
  public:
    // Removes what earlier daemons have left, now or when it is empty.
    static Result<std::unique_ptr<RunGroups>> create(EventLoop& loop, Log& log,
                                                     process::CgroupTree tree);

    // A group for a run that has a limit, or that may be told to end: the descriptor with which
    // its process enters it. None where it needs none or can have none.
    UniqueFd make(const engine::Spawn& spawn);
    // Finds that of a run that an earlier daemon started, by the pid of its job, and sets its
    // limits again.
    void adopt(const engine::Adopt& order, pid_t job);
    // After the process group has the signal: with KILL the group is swept; with `kill_after` so
    // much later.
    void signal(const engine::Signal& order);
    // The first process of the run has ended. What it left behind may live on, unless the run was
    // told to end: then until its grace is over.
    void ended(const engine::Spawn& spawn);

    // When expire() wants to be called.
    std::optional<Monotonic> deadline() const;
    void expire(Monotonic now);
    // The groups of ended runs that are still to be killed; and those of the program before us in
    // this process.
    std::vector<HandedGroup> hand_over() const;
    void take_over(const std::vector<HandedGroup>& groups);
    // The daemon ends; what was to be killed is.
    void leave();

  private:
    struct Group {
        process::Cgroup cgroup;
        std::optional<Monotonic> kill_at;
    };

    RunGroups(EventLoop& loop, Log& log, process::CgroupTree tree)
        : loop_(loop), log_(log), tree_(std::move(tree)) {}

    Result<void> watch();
    void limit(const engine::Spawn& spawn, const process::Cgroup& group);
    void kill(const process::Cgroup& group);
    void remove_when_empty(process::Cgroup group);
    std::optional<process::Cgroup> take_left(const std::string& path);
    void read_notices();

    EventLoop& loop_;
    Log& log_;
    process::CgroupTree tree_;
    bool told_of_failure_ = false;
    std::map<engine::RunNumber, Group> groups_;         // of runs whose first process lives
    std::multimap<Monotonic, process::Cgroup> doomed_;  // of ended runs: by when to kill the rest
    UniqueFd notices_;
    std::map<int, process::Cgroup> left_;  // something lives in it; by its notice
    EventLoop::Watch watch_;
};

}  // namespace cron::daemon
