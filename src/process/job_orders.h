// What crond and crond-job say to each other. Plain types only: crond-job is built without the C++
// library.
#pragma once

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
};

struct JobRecord {
    JobStage stage = JobStage::orders;
    int error = 0;  // errno
};

}  // namespace cron::process
