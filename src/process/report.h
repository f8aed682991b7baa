// What crond-job has to say before the job is executed.
#pragma once

#include <optional>

#include "engine/run.h"

namespace cron::process {

// `temporary`: worth another try. `of_session`: there was no PAM session for it.
struct LaunchFailure {
    engine::LaunchError error;
    bool temporary = false;
    bool of_session = false;
};

LaunchFailure launch_failure(const char* stage, int error);

struct Report {
    enum class State {
        pending,  // nothing more yet
        started,  // the job was executed; or killed just before, as its end will tell
        failed,   // `failure` says where; the process ends with status 126 or 127
    };
    State state = State::pending;
    LaunchFailure failure;
    // Warnings, each with its errno. HOME could not be entered: the job is in `/`. The nice value
    // or the class and level of disk access could not be set: it has ours. The control group could
    // not be entered: it is in ours.
    std::optional<int> home_error;
    std::optional<int> nice_error;
    std::optional<int> io_priority_error;
    std::optional<int> cgroup_error;
};

// What has arrived at Child::report since the last call. Never blocks. After `started` and `failed`
// there is nothing more to read.
Report read_report(int fd);

}  // namespace cron::process
