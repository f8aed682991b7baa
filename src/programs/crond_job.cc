// crond-job: the tiny program that becomes a job. crond executes it at once, still as itself, and
// here the user is changed, HOME is entered and the job's program is executed (DESIGN: Speed by
// construction, Privileges). The C library only, linked statically: its own start must cost next to
// nothing.

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "process/job_orders.h"

extern char** environ;

using cron::process::JobRecord;
using cron::process::JobStage;
using cron::process::kCgroupFd;
using cron::process::kGroupsMax;
using cron::process::kReportFd;

namespace {

constexpr int kNotStarted = 126;
constexpr int kNotFound = 127;

struct Orders {
    mode_t umask = 0;
    bool set_nice = false;
    bool nice_as_user = false;
    const char* nice = nullptr;  // as text
    int nice_value = 0;
    bool set_io_priority = false;
    unsigned io_priority = 0;
    bool enter_cgroup = false;
    const char* home = nullptr;
    bool change_user = false;
    uid_t uid = 0;
    gid_t gid = 0;
    const gid_t* groups = nullptr;
    size_t group_count = 0;
    char** arguments = nullptr;
};

void report(JobStage stage, int error) {
    const JobRecord record{stage, error};
    // If nobody reads any more, nobody needs to know.
    if (write(kReportFd, &record, sizeof record) < 0) return;
}

[[noreturn]] void fail(JobStage stage, int error) {
    report(stage, error);
    _exit(stage == JobStage::exec && error == ENOENT ? kNotFound : kNotStarted);
}

// All of `text`, digits in `base`; anything else means that whoever started us is not our crond.
unsigned read_number(const char* text, unsigned base) {
    unsigned value = 0;
    if (*text == '\0') fail(JobStage::orders, EINVAL);
    for (; *text != '\0'; ++text) {
        const unsigned digit = static_cast<unsigned>(*text) - '0';
        if (digit >= base || value > (~0U - digit) / base) fail(JobStage::orders, EINVAL);
        value = value * base + digit;
    }
    return value;
}

bool is_given(const char* text) { return text[0] != '-' || text[1] != '\0'; }

void read_priorities(Orders& orders, const char* nice, const char* io_priority) {
    orders.set_nice = is_given(nice);
    orders.nice_as_user = *nice == 'u';
    if (orders.set_nice) {
        orders.nice = nice + (orders.nice_as_user ? 1 : 0);
        const bool is_below_0 = *orders.nice == '-';
        const unsigned size = read_number(orders.nice + (is_below_0 ? 1 : 0), 10);
        if (size > PRIO_MAX) fail(JobStage::orders, EINVAL);
        orders.nice_value = is_below_0 ? -static_cast<int>(size) : static_cast<int>(size);
    }
    orders.set_io_priority = is_given(io_priority);
    if (orders.set_io_priority) orders.io_priority = read_number(io_priority, 10);
}

// crond-job UMASK NICE IONICE CGROUP HOME COUNT ID... PROGRAM [ARGUMENT...]
Orders read_orders(int argc, char** argv) {
    static gid_t groups[kGroupsMax];
    constexpr int kFirstId = 7;
    if (argc <= kFirstId) fail(JobStage::orders, EINVAL);
    Orders orders;
    orders.umask = read_number(argv[1], 8);
    read_priorities(orders, argv[2], argv[3]);
    orders.enter_cgroup = is_given(argv[4]);
    if (orders.enter_cgroup && strcmp(argv[4], "+") != 0) fail(JobStage::orders, EINVAL);
    orders.home = argv[5];
    const unsigned ids = read_number(argv[6], 10);
    if (ids == 1 || ids > kGroupsMax + 2 || static_cast<unsigned>(argc - kFirstId) <= ids) {
        fail(JobStage::orders, EINVAL);
    }
    if (ids != 0) {
        orders.change_user = true;
        orders.uid = read_number(argv[kFirstId], 10);
        orders.gid = read_number(argv[kFirstId + 1], 10);
        orders.group_count = ids - 2;
        for (unsigned i = 0; i < ids - 2; ++i) groups[i] = read_number(argv[kFirstId + 2 + i], 10);
        orders.groups = groups;
    }
    orders.arguments = argv + kFirstId + ids;
    return orders;
}

// Every disposition and the mask as a program expects them, whatever crond, or who started it,
// ignores or blocks.
void reset_signals() {
    // The system calls, since libraries refuse the signals that they use themselves. All zeros are
    // SIG_DFL without flags, whatever the order of the kernel's struct, and an empty set.
    static const unsigned long kZeros[16] = {};
    constexpr size_t kSetBytes = NSIG / 8;
    for (int number = 1; number < NSIG; ++number) {
        syscall(SYS_rt_sigaction, number, kZeros, nullptr, kSetBytes);  // KILL and STOP refuse
    }
    // Our own report must not end the job when crond has died meanwhile.
    signal(SIGPIPE, SIG_IGN);
    // Dispositions first: what crond held back must not meet what crond ignored.
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, kZeros, nullptr, kSetBytes);
}

// Where the kernel shares the processor out by session (autogroup), the nice value of a process
// counts within its session only, and a job has one of its own. A kernel that does not has no such
// file, and others than root it asks to come back later: the process's own value tells of failure.
void set_nice_of_session(const char* value) {
    const int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    const ssize_t written = write(fd, value, strlen(value));
    static_cast<void>(written);
    close(fd);
}

void enter_cgroup() {
    if (write(kCgroupFd, "0", 1) != 1) report(JobStage::cgroup, errno);
}

void set_nice(int value) {
    if (setpriority(PRIO_PROCESS, 0, value) != 0) report(JobStage::nice, errno);
}

void set_io_priority(unsigned value) {
    constexpr int kWhoProcess = 1;
    if (syscall(SYS_ioprio_set, kWhoProcess, 0, value) != 0) report(JobStage::io_priority, errno);
}

void change_user(const Orders& orders) {
    // Groups and gid before uid: after setuid we may not. Each is checked: setuid has failed for a
    // mere limit before, and the job ran as root (CVE-2006-2607).
    if (setgroups(orders.group_count, orders.groups) != 0) fail(JobStage::setgroups, errno);
    if (setgid(orders.gid) != 0) fail(JobStage::setgid, errno);
    if (setuid(orders.uid) != 0) fail(JobStage::setuid, errno);

    // And there is no way back: no saved id is the old one, and root cannot be had again.
    uid_t real_uid = 0, effective_uid = 0, saved_uid = 0;
    gid_t real_gid = 0, effective_gid = 0, saved_gid = 0;
    if (getresuid(&real_uid, &effective_uid, &saved_uid) != 0) fail(JobStage::way_back, errno);
    if (getresgid(&real_gid, &effective_gid, &saved_gid) != 0) fail(JobStage::way_back, errno);
    const bool is_uid =
        real_uid == orders.uid && effective_uid == orders.uid && saved_uid == orders.uid;
    const bool is_gid =
        real_gid == orders.gid && effective_gid == orders.gid && saved_gid == orders.gid;
    if (!is_uid || !is_gid) fail(JobStage::way_back, EPERM);
    if (orders.uid != 0 && (setuid(0) == 0 || seteuid(0) == 0)) fail(JobStage::way_back, EPERM);
}

void enter_home(const char* home) {
    // `/` first: a HOME that is relative must not lead into folders of crond.
    if (chdir("/") != 0) fail(JobStage::root, errno);
    if (chdir(home) != 0) report(JobStage::home, errno);
}

}  // namespace

// The order, and why:
//   report      first, so that every failure can be told; closed by exec, which tells that none was
//   cgroup      before the user is changed: afterwards we may not. Here and not in crond, whom the
//               kernel would keep waiting while it moves us
//   setsid      early: from here on the run is a group of its own, and can be signalled as one
//   close_range before the user is changed: as the user we hold nothing of crond, not for a moment
//   signals     before anything can hang: a job in the grip of its file system can be ended
//   priorities  before the user is changed: afterwards we may not. But the nice value that a user
//               asks for after it, so that he gets what he may have; that of his session only rises
//   user        before HOME: a path of the user is touched with the user's rights only
//   home, exec  last
int main(int argc, char** argv) {
    if (fcntl(kReportFd, F_SETFD, FD_CLOEXEC) != 0) {
        static const char kMessage[] = "crond-job: is started by crond, and by nobody else\n";
        return write(STDERR_FILENO, kMessage, sizeof kMessage - 1) < 0 ? kNotFound : kNotStarted;
    }
    const Orders orders = read_orders(argc, argv);
    if (orders.enter_cgroup) enter_cgroup();
    if (setsid() < 0) fail(JobStage::setsid, errno);
    if (syscall(SYS_close_range, kReportFd + 1U, ~0U, 0) != 0) fail(JobStage::close_range, errno);
    reset_signals();
    umask(orders.umask);
    if (orders.set_io_priority) set_io_priority(orders.io_priority);
    if (orders.set_nice) set_nice_of_session(orders.nice);
    if (orders.set_nice && !orders.nice_as_user) set_nice(orders.nice_value);
    if (orders.change_user) change_user(orders);
    if (orders.set_nice && orders.nice_as_user) set_nice(orders.nice_value);
    enter_home(orders.home);
    signal(SIGPIPE, SIG_DFL);
    execve(orders.arguments[0], orders.arguments, environ);
    const int error = errno;
    signal(SIGPIPE, SIG_IGN);
    fail(JobStage::exec, error);
}
