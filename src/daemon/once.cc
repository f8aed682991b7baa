#include "daemon/once.h"

#include <cerrno>

namespace cron::daemon {

int exit_status_of(const engine::Outcome& outcome) {
    const engine::LaunchError& error = outcome.launch_error;
    switch (outcome.kind) {
        case engine::Outcome::Kind::exited:
            if (outcome.ended_by == engine::EndedBy::timeout) return kTimedOutStatus;
            if (!outcome.status.is_known) return kNotStartedStatus;
            if (outcome.status.signalled) return kSignalStatus + outcome.status.value;
            // It has failed by its settings, if not by its own word.
            return outcome.is_success() || outcome.status.value != 0 ? outcome.status.value : 1;
        case engine::Outcome::Kind::not_started:
            if (error.stage != "exec") return kNotStartedStatus;
            return error.error == ENOENT ? kNotFoundStatus : kNotExecutableStatus;
        case engine::Outcome::Kind::skipped:
        case engine::Outcome::Kind::withdrawn:
        case engine::Outcome::Kind::merged:
        case engine::Outcome::Kind::missed:
        case engine::Outcome::Kind::refused:
            break;
    }
    return kNotStartedStatus;
}

}  // namespace cron::daemon
