// crond-session: crond-job's sibling where PAM is on. crond executes it at once, still as itself;
// it opens a session of PAM, starts crond-job in it, waits for the job, closes the session, and
// ends as the job did. It lives on when crond does not (DESIGN: Speed by construction). Source: the
// order of the calls, and who wins where both set a variable, are those of Debian's cron.

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process/job_orders.h"
#include "programs/pam_session.h"

extern char** environ;

using namespace cron::process;

namespace {

constexpr int kNotStarted = 126;
// For a directory that does not answer: neither the job's start nor its end waits longer for PAM.
constexpr unsigned kOpenSeconds = 60;
constexpr unsigned kCloseSeconds = 60;
constexpr long kLookNanoseconds = 100'000'000;  // between two looks at what is left of a group

// From here on the job's streams are while modules have none.
constexpr int kStreams = kJobProgramFd + 1;

// Where the orders of crond-job are in ours.
constexpr int kJobOrders = 4;
constexpr int kUmask = kJobOrders;
constexpr int kCgroup = kJobOrders + 3;
constexpr int kCount = kJobOrders + 5;
constexpr int kIds = kCount + 1;

void report(int error, const char* text) {
    char message[sizeof(JobRecord) + kSessionTextMax];
    const JobRecord record{JobStage::session, error};
    memcpy(message, &record, sizeof record);
    const size_t length = strnlen(text, kSessionTextMax);
    memcpy(message + sizeof record, text, length);
    // If nobody reads any more, nobody needs to know.
    if (write(kReportFd, message, sizeof record + length) < 0) return;
}

[[noreturn]] void fail(int error, const char* text) {
    report(error, text);
    _exit(kNotStarted);
}

void* allocate(size_t count, size_t size) {
    void* const memory = calloc(count, size);
    if (memory == nullptr) fail(ENOMEM, "crond-session");
    return memory;
}

struct Orders {
    const char* service = nullptr;
    const char* folder = nullptr;  // null: libpam's own
    const char* user = nullptr;
    mode_t umask = 0;
    bool has_cgroup = false;
    gid_t* groups = nullptr;
    size_t group_count = 0;
    char** rest = nullptr;  // the program and what follows
};

gid_t read_id(const char* text) {
    char* end = nullptr;
    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > 0xFFFF'FFFFUL) {
        fail(EINVAL, "crond-session");
    }
    return static_cast<gid_t>(value);
}

Orders read_orders(int argc, char** argv) {
    if (argc <= kIds + 2) fail(EINVAL, "crond-session");
    const unsigned ids = read_id(argv[kCount]);
    if (ids < 2 || ids > kGroupsMax + 2 || static_cast<unsigned>(argc - kIds) <= ids) {
        fail(EINVAL, "crond-session");
    }
    Orders orders;
    orders.service = argv[1];
    orders.folder = strcmp(argv[2], "-") == 0 ? nullptr : argv[2];
    orders.user = argv[3];
    orders.umask = static_cast<mode_t>(strtoul(argv[kUmask], nullptr, 8));
    orders.has_cgroup = strcmp(argv[kCgroup], "+") == 0;
    orders.group_count = ids - 2;
    orders.groups = static_cast<gid_t*>(allocate(orders.group_count + 1, sizeof(gid_t)));
    for (size_t i = 0; i < orders.group_count; ++i) {
        orders.groups[i] = read_id(argv[kIds + 2 + static_cast<int>(i)]);
    }
    orders.rest = argv + kIds + ids;
    return orders;
}

// Nothing of ours is for the programs of modules, and nothing else of crond is for anybody. The
// streams of the job are put aside: a module must not read its input, nor write where it does.
void keep_descriptors() {
    for (int fd = kReportFd; fd <= kJobProgramFd; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (syscall(SYS_close_range, static_cast<unsigned>(kStreams), ~0U, 0) != 0) {
        fail(errno, "close_range");
    }
    for (int fd = 0; fd < kReportFd; ++fd) {
        if (dup3(fd, kStreams + fd, O_CLOEXEC) < 0) fail(errno, "dup3");
    }
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) fail(errno, "open /dev/null");
    for (int fd = 0; fd < kReportFd; ++fd) {
        if (dup2(null, fd) < 0) fail(errno, "dup2");
    }
    close(null);
}

// What we are told, and what ends us else: it is for the job, and waits until there is one.
sigset_t held_signals() {
    sigset_t held;
    sigemptyset(&held);
    constexpr int kNumbers[] = {SIGCHLD, SIGHUP,  SIGINT,  SIGQUIT,
                                SIGTERM, SIGUSR1, SIGUSR2, kRelaySignal};
    for (const int number : kNumbers) sigaddset(&held, number);
    return held;
}

// Whatever crond, or who started it, ignores or blocks.
void reset_signals() {
    for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    const sigset_t held = held_signals();
    sigprocmask(SIG_SETMASK, &held, nullptr);
}

// Our own environment, for modules and their programs. Returns the job's, whose variables are
// marked.
char** take_environment() {
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    static char* ours[] = {path, nullptr};
    char** const job = environ;
    environ = ours;
    return job;
}

bool is_set(char* const* environment, const char* variable) {
    const char* const equals = strchr(variable, '=');
    if (equals == nullptr) return true;  // no variable at all
    const auto length = static_cast<size_t>(equals - variable) + 1;
    for (; *environment != nullptr; ++environment) {
        if (strncmp(*environment, variable, length) == 0) return true;
    }
    return false;
}

// The job's variables without their mark, and those of PAM that it has not.
char** merge_environments(char** job, char** pam) {
    size_t count = 0, more = 0;
    while (job[count] != nullptr) ++count;
    while (pam != nullptr && pam[more] != nullptr) ++more;
    char** const merged = static_cast<char**>(allocate(count + more + 1, sizeof(char*)));
    size_t filled = 0;
    for (size_t i = 0; i < count; ++i) {
        if (job[i][0] == kVariableMark) merged[filled++] = job[i] + 1;
    }
    for (size_t i = 0; i < more; ++i) {
        if (!is_set(merged, pam[i])) merged[filled++] = pam[i];
    }
    return merged;
}

void take_groups(Orders& orders) {
    const int count = getgroups(0, nullptr);
    if (count < 0) fail(errno, "getgroups");
    orders.groups = static_cast<gid_t*>(allocate(static_cast<size_t>(count) + 1, sizeof(gid_t)));
    if (getgroups(count, orders.groups) != count) fail(errno, "getgroups");
    orders.group_count = static_cast<size_t>(count);
}

// Takes the groups and the umask of the session into `orders`. If there is none the program ends.
void open_session(PamSession& session, Orders& orders) {
    // Groups before credentials: pam_group adds to them.
    if (setgroups(orders.group_count, orders.groups) != 0) fail(errno, "setgroups");
    umask(kDefaultUmask);
    if (!session.open(orders.service, orders.folder, orders.user)) {
        report(session.is_temporary() ? EAGAIN : 0, session.problem());
        session.close();
        _exit(kNotStarted);
    }
    take_groups(orders);
    const mode_t its_umask = umask(kDefaultUmask);
    if (orders.umask == kDefaultUmask) orders.umask = its_umask;
}

// crond-job's orders: ours, but with the groups and the umask of the session.
char** job_orders(const Orders& orders, char** argv) {
    constexpr size_t kTextMax = 16;
    size_t rest = 0;
    while (orders.rest[rest] != nullptr) ++rest;
    const size_t before = static_cast<size_t>(kIds - kJobOrders) + 1;  // with the program's name
    char** const made =
        static_cast<char**>(allocate(before + 2 + orders.group_count + rest + 1, sizeof(char*)));
    char* text = static_cast<char*>(allocate(orders.group_count + 2, kTextMax));
    const auto print = [&text](const char* format, unsigned value) {
        char* const printed = text;
        snprintf(printed, kTextMax, format, value);
        text += kTextMax;
        return printed;
    };
    static char name[] = "crond-job";
    char** next = made;
    *next++ = name;
    *next++ = print("%o", orders.umask);
    for (int i = kUmask + 1; i < kCount; ++i) *next++ = argv[i];
    *next++ = print("%u", static_cast<unsigned>(orders.group_count) + 2);
    *next++ = argv[kIds];
    *next++ = argv[kIds + 1];
    for (size_t i = 0; i < orders.group_count; ++i) *next++ = print("%u", orders.groups[i]);
    memcpy(next, orders.rest, rest * sizeof(char*));
    return made;
}

[[noreturn]] void become_job(const Orders& orders, char** arguments, char** environment) {
    for (int fd = 0; fd < kReportFd; ++fd) {
        if (dup2(kStreams + fd, fd) < 0) fail(errno, "dup2");
    }
    fcntl(kReportFd, F_SETFD, 0);
    if (orders.has_cgroup) fcntl(kCgroupFd, F_SETFD, 0);
    execveat(kJobProgramFd, "", arguments, environment, AT_EMPTY_PATH);
    fail(errno, "exec crond-job");
}

// The limits of the session are the job's, and not ours: we still have to close it.
class Limits {
  public:
    Limits() {
        for (int i = 0; i < RLIM_NLIMITS; ++i) {
            getrlimit(static_cast<decltype(RLIMIT_CPU)>(i), &limits_[i]);
        }
    }
    void restore() const {
        for (int i = 0; i < RLIM_NLIMITS; ++i) {
            setrlimit(static_cast<decltype(RLIMIT_CPU)>(i), &limits_[i]);
        }
    }

  private:
    rlimit limits_[RLIM_NLIMITS] = {};
};

void keep_record(const SessionRecord& record) {
    // crond knows what to make of a file without it.
    if (pwrite(kSessionFd, &record, sizeof record, 0) < 0) return;
}

uint64_t microseconds_of(const timeval& time) {
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000 + static_cast<uint64_t>(time.tv_usec);
}

bool collect(SessionRecord& record) {
    int status = 0;
    rusage usage{};
    if (wait4(record.job, &status, WNOHANG, &usage) != record.job) return false;
    record.has_ended = 1;
    record.is_signalled = WIFSIGNALED(status) ? 1 : 0;
    record.value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    record.cpu_microseconds = microseconds_of(usage.ru_utime) + microseconds_of(usage.ru_stime);
    record.peak_memory_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
    return true;
}

// The signal that `told` asks to send; 0 for none.
int ordered_signal(const siginfo_t& told) {
    if (told.si_signo != kRelaySignal) return told.si_signo;
    const int number = told.si_code == SI_QUEUE ? told.si_value.sival_int : 0;
    return number > 0 && number < NSIG ? number : 0;
}

// What is left of a group that was told to end has until it is told to with KILL.
void wait_for_rest(pid_t group) {
    const sigset_t held = held_signals();
    const timespec look{0, kLookNanoseconds};
    // Its number is free when nothing of it is left, but nobody has it again before the next look.
    while (kill(-group, 0) == 0) {
        siginfo_t told{};
        if (sigtimedwait(&held, &told, &look) < 0 || told.si_signo == SIGCHLD) continue;
        const int number = ordered_signal(told);
        if (number != 0) kill(-group, number);
        if (number == SIGKILL) return;
    }
}

void wait_for_end(SessionRecord& record) {
    const sigset_t held = held_signals();
    bool has_rest = false;  // that crond still has a word for
    while (!collect(record)) {
        siginfo_t told{};
        if (sigwaitinfo(&held, &told) < 0 || told.si_signo == SIGCHLD) continue;
        const int number = ordered_signal(told);
        if (number == 0) continue;
        if (told.si_signo == kRelaySignal) has_rest = number != SIGKILL;
        // Before crond-job has made its group, to it alone. Its pid is its own: we have not
        // collected it.
        if (kill(-record.job, number) != 0) kill(record.job, number);
    }
    keep_record(record);
    if (has_rest) wait_for_rest(record.job);
}

[[noreturn]] void end_as(const SessionRecord& record) {
    if (!record.is_signalled) _exit(record.value);
    prctl(PR_SET_DUMPABLE, 0);  // the core is the job's
    sigset_t number;
    sigemptyset(&number);
    sigaddset(&number, record.value);
    signal(record.value, SIG_DFL);
    raise(record.value);
    sigprocmask(SIG_UNBLOCK, &number, nullptr);
    _exit(128 + record.value);
}

// For the alarms: how the job has ended, when it has.
SessionRecord g_record;

void open_is_late(int) { fail(0, "pam: no answer within 60 s"); }
void close_is_late(int) { end_as(g_record); }

}  // namespace

// The order, and why:
//   report, environment  first: what the table has set is for the job, not for a program of root's
//   setsid       a signal for the group of crond, from its terminal, is not for the job
//   session      a module that hangs is ended by the alarm
//   fork         the child becomes crond-job, which changes the user
//   report       closed: its end says that the job was executed, and that is the child's to say;
//                the streams too: who reads them waits for the job, not for us
//   limits       ours again, before anything is written
//   record, end  last, when the session is closed: then crond may see us gone
int main(int argc, char** argv) {
    if (fcntl(kReportFd, F_SETFD, FD_CLOEXEC) != 0) {
        static const char kMessage[] = "crond-session: is started by crond, and by nobody else\n";
        return write(STDERR_FILENO, kMessage, sizeof kMessage - 1) < 0 ? 127 : kNotStarted;
    }
    char** const variables = take_environment();
    keep_descriptors();
    reset_signals();
    Orders orders = read_orders(argc, argv);
    if (setsid() < 0) fail(errno, "setsid");
    prctl(PR_SET_NAME, "crond-session");

    const Limits limits;
    PamSession session;
    signal(SIGALRM, open_is_late);
    alarm(kOpenSeconds);
    open_session(session, orders);
    alarm(0);
    char** const environment = merge_environments(variables, session.environment());
    char** const arguments = job_orders(orders, argv);

    g_record.version = kSessionVersion;
    g_record.job = fork();
    if (g_record.job == 0) become_job(orders, arguments, environment);
    if (g_record.job < 0) {
        report(errno, "fork");
        session.close();
        return kNotStarted;
    }
    close(kReportFd);
    if (orders.has_cgroup) close(kCgroupFd);
    for (int fd = 0; fd < kReportFd; ++fd) close(kStreams + fd);
    limits.restore();
    keep_record(g_record);
    wait_for_end(g_record);

    signal(SIGALRM, close_is_late);
    alarm(kCloseSeconds);
    session.close();
    end_as(g_record);
}
