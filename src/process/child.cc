#include "process/child.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

extern "C" {  // the header of glibc 2.36 leaves this out
#include <sys/pidfd.h>
}

#include "base/check.h"

namespace cron::process {
namespace {

microseconds duration_of(const timeval& time) {
    return seconds{time.tv_sec} + microseconds{time.tv_usec};
}

Result<std::optional<Ended>> wait_now(int pidfd, int options) {
    siginfo_t info{};
    rusage usage{};
    // The system call, since the library's waitid gives no rusage.
    if (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG | options, &usage) != 0) {
        return system_failure(errno, "waitid", "");
    }
    if (info.si_pid == 0) return std::nullopt;
    Ended ended;
    ended.status = {info.si_code != CLD_EXITED, info.si_status};
    ended.usage = {duration_of(usage.ru_utime) + duration_of(usage.ru_stime),
                   static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
    return ended;
}

}  // namespace

Result<std::optional<Ended>> reap(int pidfd) { return wait_now(pidfd, 0); }
Result<std::optional<Ended>> look(int pidfd) { return wait_now(pidfd, WNOWAIT); }

void wait_for_end(const Child& child) {
    siginfo_t info{};
    while (waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED) != 0 &&
           errno == EINTR) {
    }
}

Result<void> signal_group(const Child& child, int signal) {
    CRON_CHECK(child.pid > 1);  // -1 would be every process of the machine
    if (kill(-child.pid, signal) == 0) return {};
    // A child that is not collected, be it dead, is in its group: so there is none before its
    // setsid.
    if (errno == ESRCH && pidfd_send_signal(child.pidfd.get(), signal, nullptr, 0) == 0) return {};
    return system_failure(errno, "signal process group", std::to_string(child.pid));
}

}  // namespace cron::process
