#include "process/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

extern "C" {  // the header of glibc 2.36 leaves this out
#include <sys/pidfd.h>
}

#include "base/check.h"
#include "base/text.h"
#include "process/job_orders.h"

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

Result<void> send_to_session(const Child& child, int signal) {
    siginfo_t order{};
    order.si_signo = kRelaySignal;
    order.si_code = SI_QUEUE;
    order.si_pid = getpid();
    order.si_uid = getuid();
    order.si_value.sival_int = signal;
    if (pidfd_send_signal(child.pidfd.get(), kRelaySignal, &order, 0) == 0) return {};
    return system_failure(errno, "signal session", std::to_string(child.pid));
}

}  // namespace

Result<std::optional<Ended>> reap(int pidfd) { return wait_now(pidfd, 0); }
Result<std::optional<Ended>> look(int pidfd) { return wait_now(pidfd, WNOWAIT); }

// /proc/PID/stat: "pid (name) state ppid ...", and the start is its 22nd field. The name may hold
// anything, brackets too. Source: proc(5).
std::optional<std::uint64_t> process_start(pid_t pid) {
    const UniqueFd file(
        open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
    char buffer[1024];
    const ssize_t bytes = file ? read(file.get(), buffer, sizeof buffer) : -1;
    if (bytes <= 0) return std::nullopt;
    const std::string_view text(buffer, static_cast<std::size_t>(bytes));
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;
    std::string_view rest = trim_blanks(text.substr(name_end + 1));
    constexpr int kFieldsBetween = 19;
    if (rest.empty() || rest.front() == 'Z' || rest.front() == 'X') return std::nullopt;
    for (int i = 0; i < kFieldsBetween; ++i) {
        rest.remove_prefix(std::min(rest.find(' '), rest.size() - 1) + 1);
        if (rest.empty()) return std::nullopt;
    }
    return parse_decimal(rest.substr(0, rest.find(' ')));
}

UniqueFd open_pidfd(pid_t pid) { return UniqueFd(pidfd_open(pid, 0)); }

void wait_for_end(const Child& child) {
    siginfo_t info{};
    while (waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED) != 0 &&
           errno == EINTR) {
    }
}

Result<void> signal_group(const Child& child, int signal) {
    CRON_CHECK(child.pid > 1);  // -1 would be every process of the machine
    if (child.is_session) return send_to_session(child, signal);
    if (kill(-child.pid, signal) == 0) return {};
    // A child that is not collected, be it dead, is in its group: so there is none before its
    // setsid.
    if (errno == ESRCH && pidfd_send_signal(child.pidfd.get(), signal, nullptr, 0) == 0) return {};
    return system_failure(errno, "signal process group", std::to_string(child.pid));
}

namespace {

enum class Member { none, alive, dead };

// What the process with this folder of /proc is to the group.
Member member_of(const std::filesystem::path& folder, pid_t group) {
    std::ifstream file(folder / "stat");
    std::string line;
    std::getline(file, line);
    // The name before may have any bytes: pid (name) state parent group ...
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) return Member::none;
    std::istringstream rest(line.substr(name_end + 1));
    char state = 0;
    pid_t parent = 0;
    pid_t its_group = 0;
    if (!(rest >> state >> parent >> its_group) || its_group != group) return Member::none;
    return state == 'Z' || state == 'X' ? Member::dead : Member::alive;
}

}  // namespace

bool has_group(pid_t number) {
    CRON_CHECK(number > 1);
    if (kill(-number, 0) != 0 && errno != EPERM) return false;
    // Zombies that nobody collects are in it for ever.
    bool is_listed = false;
    std::error_code error;
    std::filesystem::directory_iterator processes("/proc", error);
    for (; !error && processes != end(processes); processes.increment(error)) {
        const auto member = member_of(processes->path(), number);
        if (member == Member::alive) return true;
        is_listed = is_listed || member == Member::dead;
    }
    return !is_listed;  // without /proc the kernel's word counts
}

}  // namespace cron::process
