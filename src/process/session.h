// How the job of a session has ended: what crond-session leaves in a file beside the run's output.
// docs/ledger.md says what is in it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/unique_fd.h"
#include "process/child.h"
#include "process/output.h"

namespace cron::process {

class SessionFile {
  public:
    SessionFile(UniqueFd fd, OutputName name) : fd_(std::move(fd)), name_(std::move(name)) {}
    // One that only this process can read.
    static Result<SessionFile> in_memory();

    int fd() const { return fd_.get(); }

    // None: it has not ended, or nobody was there to see it.
    std::optional<Ended> end() const;
    // The pid of the job, until it has ended.
    std::optional<pid_t> job() const;

    // The file stays when this dies.
    void keep() { name_.release(); }

  private:
    UniqueFd fd_;
    OutputName name_;
};

}  // namespace cron::process
