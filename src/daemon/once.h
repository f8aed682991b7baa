// `crond --once JOB`: what one run means for the exit status. Pure.
#pragma once

#include "engine/run.h"

namespace cron::daemon {

// As timeout(1) and env(1) have them.
inline constexpr int kTimedOutStatus = 124;
inline constexpr int kNotStartedStatus = 125;
inline constexpr int kNotExecutableStatus = 126;
inline constexpr int kNotFoundStatus = 127;
inline constexpr int kSignalStatus = 128;  // and the number of the signal

// Of a run that is over: the exit status of its last attempt; 128 and the signal that ended it; or
// one of those above.
int exit_status_of(const engine::Outcome& outcome);

}  // namespace cron::daemon
