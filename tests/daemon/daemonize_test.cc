#include "daemon/daemonize.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <csignal>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "support.h"

namespace cron::daemon {
namespace {

// daemonize() closes all above 2, so what the daemon has to report goes to a file.
void append(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::app) << text << '\n';
}

std::string open_descriptors() {
    std::string names;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const auto target = std::filesystem::read_symlink(entry.path()).string();
        if (target.starts_with("/proc/")) continue;  // of this listing
        names += fmt::format("{}={} ", entry.path().filename().string(),
                             target.substr(0, target.find(':')));
    }
    return names;
}

// Runs daemonize() in a child, and what the final process does after it; returns the exit status of
// the starter and what it printed on stderr.
ChildResult start(const DaemonizeOptions& options, const std::function<void(Readiness)>& daemon) {
    return in_child([&] {
        ::dup2(kReportFd, STDERR_FILENO);
        Result<Readiness> readiness = daemonize(options);
        if (!readiness) return 99;
        daemon(std::move(*readiness));
        return 0;
    });
}

}  // namespace

TEST_CASE("daemonize: the daemon has its own session, no terminal, and nothing of its starter",
          "[daemon]") {
    const TemporaryFolder folder;
    const std::string seen = folder / "seen";
    ::umask(077);
    const UniqueFd leaked(::open("/dev/zero", O_RDONLY));  // not close-on-exec
    const pid_t test = ::getpid();
    const ChildResult result = start({false, folder.path()}, [&](Readiness readiness) {
        const mode_t mask = ::umask(0);
        append(seen, fmt::format("own session {}", ::getsid(0) != ::getsid(test)));
        append(seen, fmt::format("leader {}", ::getsid(0) == ::getpid()));
        append(seen, fmt::format("in {}", std::filesystem::current_path().string()));
        append(seen, fmt::format("umask {:03o}", mask));
        append(seen, fmt::format("terminal {}", ::open("/dev/tty", O_RDWR) >= 0));
        append(seen, open_descriptors());
        readiness.ready();
    });
    ::umask(022);
    CHECK(result.status == 0);
    CHECK(result.report.empty());
    CHECK(content_of(seen) == fmt::format("own session true\nleader false\nin {}\numask 022\n"
                                          "terminal false\n"
                                          "0=/dev/null 1=/dev/null 2=/dev/null 4=pipe \n",
                                          folder.path()));
}

TEST_CASE("daemonize: the starter exits when the daemon is ready, while that lives on",
          "[daemon]") {
    const TemporaryFolder folder;
    const std::string gate = folder / "gate";
    REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
    const ChildResult result = start({false, ""}, [&](Readiness readiness) {
        readiness.ready();
        // Ends only when the test, which first waits for the starter, opens the other end.
        std::ofstream(gate) << ::getpid() << ' ' << ::getppid();
    });
    CHECK(WIFEXITED(result.status));
    CHECK(WEXITSTATUS(result.status) == 0);
    int pid = 0;
    int parent = 0;
    std::ifstream(gate) >> pid >> parent;
    CHECK(pid > 0);
    CHECK(parent != ::getpid());
}

TEST_CASE("daemonize: a start that failed is an exit status and a reason on stderr", "[daemon]") {
    const ChildResult result = start({false, "/"}, [](Readiness readiness) {
        readiness.failed("/run/crond.pid is locked by process 123 (cron)");
        ::_exit(1);
    });
    CHECK(WEXITSTATUS(result.status) == 1);
    CHECK(result.report == "crond: /run/crond.pid is locked by process 123 (cron)\n");
}

TEST_CASE("daemonize: a reason without end is cut, not lost", "[daemon]") {
    const ChildResult result = start({false, "/"}, [](Readiness readiness) {
        readiness.failed(std::string(100'000, 'x'));
        ::_exit(1);
    });
    CHECK(WEXITSTATUS(result.status) == 1);
    CHECK(result.report == "crond: " + std::string(4'000, 'x') + '\n');
}

TEST_CASE("daemonize: a daemon that dies before it is ready is noticed", "[daemon]") {
    const auto kill_itself = [](Readiness) { ::raise(SIGKILL); };
    const auto just_end = [](Readiness) {};
    for (const std::function<void(Readiness)>& body :
         {std::function<void(Readiness)>(kill_itself), std::function<void(Readiness)>(just_end)}) {
        const ChildResult result = start({false, "/"}, body);
        CHECK(WIFEXITED(result.status));
        CHECK(WEXITSTATUS(result.status) == 1);
        CHECK(result.report == "crond: the daemon ended before it was ready\n");
    }
}

TEST_CASE("daemonize: a folder that cannot be entered ends the start", "[daemon]") {
    const ChildResult result = start({false, "/nonexistent"}, [](Readiness) { CRON_CHECK(false); });
    CHECK(WEXITSTATUS(result.status) == 1);
    CHECK(result.report == "crond: chdir /nonexistent: No such file or directory\n");
}

TEST_CASE("daemonize: in the foreground it stays the same process with the same streams",
          "[daemon]") {
    const TemporaryFolder folder;
    const ChildResult result = in_child([&] {
        const pid_t child = ::getpid();
        ::dup2(kReportFd, STDERR_FILENO);
        const UniqueFd leaked(::open("/dev/zero", O_RDONLY));
        Result<Readiness> readiness = daemonize({true, folder.path()});
        if (!readiness || ::getpid() != child) return 1;
        readiness->ready();
        const bool is_closed =
            ::fcntl(kReportFd, F_GETFD) < 0 && ::fcntl(leaked.get(), F_GETFD) < 0;
        const bool is_entered = std::filesystem::current_path() == folder.path();
        readiness->failed("no room");
        return is_closed && is_entered && ::umask(0) == 022 ? 0 : 2;
    });
    CHECK(result.status == 0);
    CHECK(result.report == "crond: no room\n");
}

TEST_CASE("daemonize: standard descriptors that were closed are opened on /dev/null", "[daemon]") {
    const TemporaryFolder folder;
    const std::string seen = folder / "seen";
    const ChildResult result = in_child([&] {
        for (const int fd : {0, 1, 2}) ::close(fd);
        if (!daemonize({true, ""})) return 1;
        append(seen, open_descriptors());
        return 0;
    });
    CHECK(result.status == 0);
    CHECK(content_of(seen) == "0=/dev/null 1=/dev/null 2=/dev/null \n");
}

}  // namespace cron::daemon
