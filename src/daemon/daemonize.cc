#include "daemon/daemonize.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <limits>

#include <fmt/format.h>

#include "daemon/print.h"

namespace cron::daemon {
namespace {

constexpr char kReady = 'R';   // all that is said when the daemon is ready
constexpr char kFailed = 'F';  // and then the reason
constexpr std::size_t kReasonBytesMax =
    4'000;  // with its mark less than PIPE_BUF: one write, whole

void print_failure(std::string_view message) {
    print(STDERR_FILENO, fmt::format("crond: {}\n", message));
}

// open() gives the lowest free number: without this a file of ours could become "stderr".
Result<void> open_standard_descriptors() {
    for (;;) {
        const int fd = ::open("/dev/null", O_RDWR | O_NOCTTY);
        if (fd < 0) return system_failure(errno, "open", "/dev/null");
        if (fd > STDERR_FILENO) {
            ::close(fd);
            return {};
        }
    }
}

Result<void> close_inherited() {
    if (::close_range(STDERR_FILENO + 1, std::numeric_limits<unsigned>::max(), 0) != 0) {
        return system_failure(errno, "close_range", "");
    }
    return {};
}

Result<void> enter(const std::string& directory) {
    ::umask(022);
    if (!directory.empty() && ::chdir(directory.c_str()) != 0) {
        return system_failure(errno, "chdir", directory);
    }
    return {};
}

Result<void> leave_stdio() {
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) return system_failure(errno, "open", "/dev/null");
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::dup2(null.get(), fd) < 0) return system_failure(errno, "dup2", "/dev/null");
    }
    return {};
}

// The starter's part: waits until it is told, or until nobody is left who could.
[[noreturn]] void wait_for_word(int fd, pid_t child) {
    std::string word;
    std::array<char, kReasonBytesMax + 1> bytes;
    while (word.size() <= kReasonBytesMax && !word.starts_with(kReady)) {
        const ssize_t count = ::read(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        word.append(bytes.data(), static_cast<std::size_t>(count));
    }
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (word.starts_with(kReady)) ::_exit(0);
    print_failure(word.starts_with(kFailed) ? std::string_view(word).substr(1)
                                            : "the daemon ended before it was ready");
    ::_exit(1);
}

// In the child: makes the final process, in a session without a terminal, and goes on as that.
Result<void> become_daemon(const std::string& directory) {
    if (::setsid() < 0) return system_failure(errno, "setsid", "");
    const pid_t child = ::fork();
    if (child < 0) return system_failure(errno, "fork", "");
    if (child > 0) ::_exit(0);
    if (Result<void> done = enter(directory); !done) return done;
    return leave_stdio();
}

}  // namespace

void Readiness::ready() {
    // A starter that was killed meanwhile does not matter to the daemon.
    if (!starter_) return;
    [[maybe_unused]] const ssize_t written = ::write(starter_.get(), &kReady, 1);
    starter_.reset();
}

void Readiness::failed(std::string_view message) {
    if (!starter_) return print_failure(message);
    const std::string word = kFailed + std::string(message.substr(0, kReasonBytesMax));
    [[maybe_unused]] const ssize_t written = ::write(starter_.get(), word.data(), word.size());
    starter_.reset();
}

Result<Readiness> daemonize(const DaemonizeOptions& options) {
    std::signal(SIGPIPE, SIG_IGN);
    if (Result<void> done = open_standard_descriptors(); !done) return tl::unexpected(done.error());
    if (Result<void> done = close_inherited(); !done) return tl::unexpected(done.error());
    if (options.foreground) {
        if (Result<void> done = enter(options.directory); !done)
            return tl::unexpected(done.error());
        return Readiness(UniqueFd());
    }
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_failure(errno, "pipe2", "");
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) return system_failure(errno, "fork", "");
    if (child > 0) {
        writer.reset();
        wait_for_word(reader.get(), child);
    }
    reader.reset();
    Readiness readiness(std::move(writer));
    if (Result<void> done = become_daemon(options.directory); !done) {
        readiness.failed(done.error().message);
        ::_exit(1);
    }
    return readiness;
}

}  // namespace cron::daemon
