#include "daemon/orphans.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

namespace cron::daemon {

std::size_t reap_orphans(const std::function<bool(pid_t)>& is_ours) {
    // waitid for any child would show the same one of ours again and again: they are asked one by
    // one.
    std::error_code error;
    std::filesystem::directory_iterator tasks("/proc/self/task", error);
    std::size_t left = 0;
    if (error) return left;
    for (const auto& task : tasks) {
        std::ifstream children(task.path() / "children");
        for (pid_t pid = 0; children >> pid;) {
            siginfo_t info{};
            if (is_ours(pid)) continue;
            const int failed = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG);
            left += failed == 0 && info.si_pid == 0 ? 1 : 0;
        }
    }
    return left;
}

}  // namespace cron::daemon
