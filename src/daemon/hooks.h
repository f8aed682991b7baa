// Commands that a table names for the end of a run: CRON_ON_FAILURE, CRON_ON_SUCCESS.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "daemon/customs.h"
#include "daemon/errands.h"
#include "daemon/event_loop.h"
#include "daemon/log.h"
#include "daemon/outputs.h"
#include "engine/effect.h"
#include "process/launch.h"
#include "process/user.h"

namespace cron::daemon {

inline constexpr minutes kHookTime{5};                  // then it is killed
inline constexpr std::size_t kHookInputMax = 1U << 20;  // of the run's output

// What a hook is told of the end of its run: CRON_OUTCOME, success or failure; CRON_STATUS or
// CRON_SIGNAL where a process ended; CRON_DURATION, in seconds; CRON_REASON, one clause, of a
// failure. Pure.
crontab::Environment outcome_variables(const engine::Outcome& outcome);

class Hooks {
  public:
    // `progress` is called when a hook has ended.
    Hooks(EventLoop& loop, process::Launcher& launcher, Log& log, Outputs& outputs,
          bool change_user, std::function<void()> progress, const Customs& customs)
        : log_(log),
          outputs_(outputs),
          change_user_(change_user),
          customs_(customs),
          programs_(loop, launcher, {}, std::move(progress)) {}

    // As Runs has it: a hook is a command of its user as the job is.
    void use_pam(std::optional<process::PamService> service) { pam_ = std::move(service); }

    // Runs the command that the entry names for such an end, if it does, with `output` as its
    // input. Its own output goes to the log, or where that of jobs goes.
    void run(const engine::Deliver& order, const process::Identity& identity,
             const std::optional<OutputFiles>& output);

    bool has_child(pid_t pid) const { return programs_.has_child(pid); }
    bool is_idle() const { return programs_.is_idle(); }
    std::optional<Monotonic> deadline() const { return programs_.deadline(); }
    void expire(Monotonic now) { programs_.expire(now); }
    // As Errands has it; of those that go on the log has what they have printed.
    void give_up(bool end_with_us);

  private:
    struct Hook {
        engine::Deliver order;
        process::Identity identity;
        std::optional<OutputFiles> run_output;  // until its turn: in memory it would be much
        std::optional<OutputFiles> output;      // its own
    };

    std::optional<Errand::Program> prepare(std::uint64_t id);
    Result<Errand::Program> program_of(Hook& hook);
    void ended(std::uint64_t id, const ErrandEnd& end);
    void take_output(Hook& hook);
    void complain(const engine::Deliver& order, const Error& error);

    Log& log_;
    Outputs& outputs_;
    bool change_user_ = false;
    std::optional<process::PamService> pam_;
    const Customs& customs_;
    std::map<std::uint64_t, Hook> hooks_;  // that run, or wait for their turn
    std::uint64_t last_id_ = 0;
    Errands programs_;
};

}  // namespace cron::daemon
