// A process that we started: how it ended, and signals to it and all of its group.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/unique_fd.h"
#include "engine/run.h"

namespace cron::process {

// Its pid is not used again before reap() has collected it, so until then it may be signalled.
struct Child {
    pid_t pid = -1;
    UniqueFd pidfd;           // readable when the process has ended
    UniqueFd report;          // for read_report; readable when there is something to read
    bool is_session = false;  // it is crond-session, and the job is its child
};

struct Ended {
    engine::ExitStatus status;
    engine::Usage usage;
};

// How the child ended, and collects it; none while it lives. Touches no other child. An error
// (ECHILD: somebody else collected it, or SIGCHLD is ignored) says that its end will never be
// known. Peak memory is never less than ours was when we started it: the kernel counts what we
// shared with the child before its exec.
Result<std::optional<Ended>> reap(int pidfd);

// The same, but leaves it uncollected: its pid stays its own, and its group can be signalled.
Result<std::optional<Ended>> look(int pidfd);

// Readable when the process of this pid, which need not be our child, has ended; none if there is
// no such process.
UniqueFd open_pidfd(pid_t pid);

// Waits for the end of a child that has been killed, and collects it.
void wait_for_end(const Child& child);

// When the process of this pid started, in ticks since the boot: with its pid its true name. None
// if there is none that lives.
std::optional<std::uint64_t> process_start(pid_t pid);

// Sends `signal` to the process group of a child that is not collected yet: the child and whatever
// it started and left in its group. Before the child has a group of its own, to the child alone.
// A session passes it on to the group of its job, and ends when nothing of that group is left.
Result<void> signal_group(const Child& child, int signal);

// Whether a process is left in the group of this number.
bool has_group(pid_t number);

}  // namespace cron::process
