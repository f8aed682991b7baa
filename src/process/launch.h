// Starts processes by way of crond-job (DESIGN: Speed by construction, Privileges).
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "engine/effect.h"
#include "process/child.h"
#include "process/parent_thread.h"
#include "process/report.h"
#include "process/user.h"

namespace cron::process {

// Where PAM keeps what it asks of sessions.
struct PamService {
    std::string name;
    std::string folder;  // of its configuration; empty: where libpam looks

    friend bool operator==(const PamService&, const PamService&) = default;
};

// Descriptors are borrowed, may have any number, and -1 is /dev/null.
struct LaunchOrder {
    std::vector<std::string> arguments;    // the program's path first
    std::vector<std::string> environment;  // "NAME=value"
    Identity identity;                     // whom to become, if change_user
    bool change_user = false;
    std::string home = "/";  // where to start; if it cannot be entered, `/`
    mode_t umask = 022;
    // None: ours. What cannot be had is said by read_report, and the process runs all the same.
    std::optional<int> nice;
    bool nice_as_user = false;  // with the rights of `identity`, and not ours
    std::optional<crontab::IoPriority> io_priority;
    // The cgroup.procs of the control group to enter; -1: it stays in ours. If that fails, it is
    // said by read_report likewise.
    int cgroup_fd = -1;
    int input_fd = -1;
    int output_fd = -1;
    int error_fd = -1;
    // The process is crond-session, and its child what it would be else, in a PAM session of this
    // service. Only with `change_user`. PAM adds variables that `environment` does not have, and
    // says the umask where `umask` is the default.
    std::optional<PamService> pam;
    int session_fd = -1;  // of a SessionFile
};

// Starts one process at a time; for one thread.
class Launcher {
  public:
    // The paths of crond-job and crond-session; of the latter empty where no order has `pam`, and
    // it may be missing, as may_have_sessions() then says. They are opened once: an upgrade that
    // replaces the files does not give a running daemon ones that read other orders. The limit of
    // descriptors that holds now is the one that jobs get, so the daemon may raise its own
    // afterwards.
    static Result<Launcher> create(const std::string& job_program,
                                   const std::string& session_program = {});

    // From now on what is made is not a child of the calling thread, but of one of its own.
    Result<void> use_parent_thread();

    bool may_have_sessions() const { return static_cast<bool>(session_program_); }
    // The limit that jobs get; set where it is known from before ours was raised.
    const rlimit& descriptor_limit() const { return descriptor_limit_; }
    void set_descriptor_limit(const rlimit& limit) { descriptor_limit_ = limit; }

    // Makes the process, in a session of its own, with nothing of ours but the three descriptors,
    // default signals and an empty mask. What fails after that is said by read_report.
    tl::expected<Child, LaunchFailure> launch(const LaunchOrder& order);

  private:
    struct Unmap {
        void operator()(std::byte* stack) const;
    };

    Launcher() = default;

    rlimit descriptor_limit_{};
    UniqueFd job_program_;
    UniqueFd session_program_;
    UniqueFd null_;
    std::unique_ptr<std::byte, Unmap> stack_;
    std::unique_ptr<ParentThread> parent_;  // none: the calling thread
};

}  // namespace cron::process
