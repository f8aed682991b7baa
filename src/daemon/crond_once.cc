// `crond --once JOB`: the tables are loaded, and one run is asked for; when it is over, so are we.
#include "daemon/crond.h"
#include "daemon/facts.h"
#include "daemon/job_choice.h"
#include "daemon/once.h"

namespace cron::daemon {

int Crond::exit_status() const { return once_status_.value_or(is_once() ? kNotStartedStatus : 0); }

void Crond::ask_once(const crontab::Entries& entries) {
    const auto job = choose_job(entries, *setting_.options.once);
    if (job) return happened(engine::RunAsked{(*job)->id});
    write(said(Level::error, "no-such-job", job.error().message));
    base_.loop.stop();
}

void Crond::once_ended(const engine::Outcome& outcome) {
    if (!once_status_) once_status_ = exit_status_of(outcome);
    using Manner = engine::StopAsked::Manner;
    if (!is_stopping_) happened(engine::StopAsked{Manner::drain});
}

}  // namespace cron::daemon
