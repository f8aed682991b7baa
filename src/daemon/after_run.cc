#include "daemon/after_run.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "daemon/clock.h"
#include "daemon/mail_facts.h"

namespace cron::daemon {

AfterRun::AfterRun(EventLoop& loop, process::Launcher& launcher, Log& log, Accounts& accounts,
                   Worker& mail_worker, Outputs& outputs, Settings settings,
                   std::function<void()> progress, const Customs& customs)
    : log_(log),
      accounts_(accounts),
      caller_(std::move(settings.caller)),
      delivery_(loop, launcher, accounts, mail_worker, log, std::move(settings.mail), progress,
                customs),
      hooks_(loop, launcher, log, outputs, settings.change_user, std::move(progress), customs) {}

void AfterRun::follow(engine::Deliver order, Remains remains) {
    if (remains.identity.name.empty() && caller_) remains.identity = *caller_;
    // Of a job that is in no table any more only its id is left, which names no user here.
    if (order.entry->user.empty() && caller_) {
        auto entry = std::make_shared<crontab::Entry>(*order.entry);
        entry->user = caller_->name;
        order.entry = std::move(entry);
    }
    if (!remains.identity.name.empty()) return follow_as(order, std::move(remains));
    const engine::RunNumber run = order.run;
    const std::string user = order.entry->user;
    unidentified_.insert_or_assign(run, std::pair(std::move(order), std::move(remains)));
    accounts_.find(user, [this, run](const auto& identity) { identified(run, identity); });
}

void AfterRun::identified(engine::RunNumber run, const Result<process::Identity>& identity) {
    auto found = unidentified_.extract(run);
    if (found.empty()) return;
    auto& [order, remains] = found.mapped();
    // What is his must not run as us; his run did not either.
    const bool is_out_of_reach = identity && ::geteuid() != 0 && identity->uid != ::geteuid();
    if (identity && !is_out_of_reach) {
        remains.identity = *identity;
        return follow_as(order, std::move(remains));
    }
    give_up(order, remains,
            identity ? "the user cannot be become without root" : identity.error().message);
}

void AfterRun::follow_as(const engine::Deliver& order, Remains remains) {
    hooks_.run(order, remains.identity, remains.output);
    delivery_.deliver(order, std::move(remains));
}

void AfterRun::give_up(const engine::Deliver& order, const Remains& remains,
                       std::string_view reason) {
    log_.write(mail_problem(label_of(*order.entry, order.key), reason), read_clock().instant);
    if (remains.output) log_output(log_, *order.entry, order.key, *remains.output);
}

bool AfterRun::is_idle() const {
    return delivery_.is_idle() && hooks_.is_idle() && unidentified_.empty();
}

std::optional<Monotonic> AfterRun::deadline() const {
    const auto mail = delivery_.deadline();
    const auto hooks = hooks_.deadline();
    return mail && hooks ? std::min(mail, hooks) : (mail ? mail : hooks);
}

void AfterRun::expire(Monotonic now) {
    delivery_.expire(now);
    hooks_.expire(now);
}

void AfterRun::give_up(bool end_with_us) {
    for (const auto& [run, left] : std::exchange(unidentified_, {})) {
        give_up(left.first, left.second, "the daemon stops before its user was found");
    }
    delivery_.give_up(end_with_us);
    hooks_.give_up(end_with_us);
}

}  // namespace cron::daemon
