// What follows a run that is over: its mail, and the command that its table names for its end.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "daemon/accounts.h"
#include "daemon/delivery.h"
#include "daemon/hooks.h"
#include "daemon/log.h"
#include "daemon/runs.h"
#include "engine/effect.h"

namespace cron::daemon {

class AfterRun {
  public:
    struct Settings {
        std::optional<process::Identity> caller;  // as Runs::Settings has it
        bool change_user = false;
        Delivery::Settings mail;
    };

    // `progress` is called when something of it has ended.
    AfterRun(EventLoop& loop, process::Launcher& launcher, Log& log, Accounts& accounts,
             Worker& mail_worker, Outputs& outputs, Settings settings,
             std::function<void()> progress, const Customs& customs);
    Result<void> keep_mail_in(const std::string& folder) { return delivery_.keep_in(folder); }

    void use_pam(std::optional<process::PamService> service) { hooks_.use_pam(std::move(service)); }

    // Each order once; what it needs to know of a user who did not come to run it looks up.
    void follow(engine::Deliver order, Remains remains);
    bool has_child(pid_t pid) const { return delivery_.has_child(pid) || hooks_.has_child(pid); }
    bool is_idle() const;
    // No mail is on its way, and of hooks it is known who is to run them.
    bool is_settled() const { return delivery_.is_idle() && unidentified_.empty(); }

    // As Delivery has it.
    void rest() { delivery_.rest(); }
    void resume() { delivery_.resume(); }

    // When expire() wants to be called: a program has had its time.
    std::optional<Monotonic> deadline() const;
    void expire(Monotonic now);

    // The daemon ends: as Delivery and Errands have it.
    void give_up(bool end_with_us);

  private:
    void follow_as(const engine::Deliver& order, Remains remains);
    // Neither mail nor command: says so.
    void give_up(const engine::Deliver& order, const Remains& remains, std::string_view reason);
    void identified(engine::RunNumber run, const Result<process::Identity>& identity);

    Log& log_;
    Accounts& accounts_;
    std::optional<process::Identity> caller_;
    // Whose users are looked up.
    std::map<engine::RunNumber, std::pair<engine::Deliver, Remains>> unidentified_;
    Delivery delivery_;
    Hooks hooks_;
};

}  // namespace cron::daemon
