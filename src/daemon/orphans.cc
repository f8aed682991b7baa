#include "daemon/orphans.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace cron::daemon {
namespace {

constexpr int kReapedMax = 1'000;  // at once: the loop has other things to do

// Which child has ended, and is not collected yet; 0 for none.
pid_t ended_child() {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) != 0) return 0;
    return info.si_pid;
}

}  // namespace

void reap_orphans(const std::function<bool(pid_t)>& is_ours) {
    for (int i = 0; i < kReapedMax; ++i) {
        const pid_t pid = ended_child();
        if (pid == 0) return;
        if (is_ours(pid)) {
            // It would be shown again and again.
            reap_listed(is_ours);
            return;
        }
        ::waitid(P_PID, static_cast<id_t>(pid), nullptr, WEXITED | WNOHANG | __WNOTHREAD);
    }
    ::kill(::getpid(), SIGCHLD);
}

std::size_t reap_listed(const std::function<bool(pid_t)>& is_ours) {
    std::error_code error;
    std::filesystem::directory_iterator tasks("/proc/self/task", error);
    std::size_t left = 0;
    for (; !error && tasks != end(tasks); tasks.increment(error)) {
        std::ifstream children(tasks->path() / "children");
        for (pid_t pid = 0; children >> pid;) {
            siginfo_t info{};
            if (is_ours(pid)) continue;
            const int failed = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG);
            left += failed == 0 && info.si_pid == 0 ? 1 : 0;
        }
    }
    return left;
}

bool has_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

}  // namespace cron::daemon
