// What crond, crond-job and crond-session say to each other. Plain types only: those two are built
// without the C++ library.
#pragma once

#include <stdint.h>

namespace cron::process {

// crond-job UMASK NICE IONICE CGROUP HOME COUNT ID... PROGRAM [ARGUMENT...]
//   UMASK    in octal
//   NICE     the nice value to set; `u` before it: with the rights of the user that we become; `-`
//            to leave it as it is
//   IONICE   the class and level to set, as the number that ioprio_set(2) takes; `-` likewise
//   CGROUP   `+` to enter the control group whose cgroup.procs is at kCgroupFd; `-` to stay
//   HOME     the folder to enter
//   COUNT    how many IDs follow: none to stay the user that we are; else uid, gid and every group
//   PROGRAM  a path, executed with itself and the ARGUMENTs, in the environment of crond-job
// Descriptors 0, 1 and 2 are the job's. At kReportFd is the write end of a pipe for JobRecords;
// that it is closed without a record of failure means that PROGRAM was executed.
inline constexpr int kReportFd = 3;
inline constexpr int kCgroupFd = 4;

// crond-session SERVICE FOLDER USER UMASK NICE ... PROGRAM [ARGUMENT...]
//   SERVICE  the name of the PAM service
//   FOLDER   where its configuration is; `-` for where libpam looks
//   USER     whose session it is
// and then what crond-job is told, with uid and gid; the groups that follow them become those that
// PAM makes of them. Each variable of the job has kVariableMark before its name, which is no name
// of a variable: what a table sets must mean nothing to a program of root's, above all not to its
// loader (LD_PRELOAD). At kSessionFd is the file for a SessionRecord, at kJobProgramFd crond-job.
inline constexpr int kSessionFd = 5;
inline constexpr int kJobProgramFd = 6;
inline constexpr char kVariableMark = '+';

// Its value is the signal that crond-session sends to the group of its job: it holds the job's pid
// and so is the only one who never reaches a group of that number that is another's. One of the
// real-time signals, which are queued and carry a value.
inline constexpr int kRelaySignal = 40;

// The umask of a job whose table sets none. In its place PAM may say another.
inline constexpr unsigned kDefaultUmask = 022;

// What crond-session leaves for a crond that was away, written when the job begins and when it
// ends. docs/ledger.md has the layout.
struct SessionRecord {
    uint32_t version = 0;  // kSessionVersion; 0: the job has not begun
    int32_t job = 0;       // its pid, that is of its group; its own until the record says ended
    uint8_t has_ended = 0;
    uint8_t is_signalled = 0;
    uint16_t unused = 0;
    int32_t value = 0;  // the exit status or the signal
    uint64_t cpu_microseconds = 0;
    uint64_t peak_memory_bytes = 0;
};
inline constexpr uint32_t kSessionVersion = 1;
static_assert(sizeof(SessionRecord) == 32);

inline constexpr unsigned kIoClassShift = 13;  // of the class in the number of ioprio_set(2)

inline constexpr unsigned kGroupsMax = 65'536;  // NGROUPS_MAX of Linux

// What crond-job was doing. `home` is a warning and the job runs, in `/`; so are `nice` and
// `io_priority`, and it runs as crond was started, and `cgroup`, where it runs in crond's; all
// others end it.
enum class JobStage : int {
    orders,
    cgroup,
    setsid,
    close_range,
    io_priority,
    nice,
    setgroups,
    setgid,
    setuid,
    way_back,  // the old user could be had back
    root,      // the folder `/`
    home,
    exec,
    session,  // of crond-session, who says more in the text that follows the record
};

struct JobRecord {
    JobStage stage = JobStage::orders;
    int error = 0;  // errno; 0: none, the text says all
};

inline constexpr unsigned kSessionTextMax = 512;  // bytes; without a NUL, to the end of the pipe

}  // namespace cron::process
