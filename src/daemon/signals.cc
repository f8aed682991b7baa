#include "daemon/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>

namespace cron::daemon {
namespace {

constexpr std::array kRead = {SIGHUP, SIGURG, SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
constexpr std::array kIgnored = {SIGPIPE, SIGXFSZ};

}  // namespace

Result<Signals> Signals::take(std::initializer_list<int> more) {
    sigset_t mask;
    sigemptyset(&mask);
    for (const int number : kRead) {
        sigaddset(&mask, number);
        std::signal(number, SIG_DFL);
    }
    for (const int number : kIgnored) std::signal(number, SIG_IGN);
    std::signal(SIGCHLD, SIG_DFL);
    for (const int number : more) {
        sigaddset(&mask, number);
        std::signal(number, SIG_DFL);
    }
    if (::sigprocmask(SIG_SETMASK, &mask, nullptr) != 0) {
        return system_failure(errno, "sigprocmask", "");
    }
    UniqueFd fd(::signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd) return system_failure(errno, "signalfd", "");
    return Signals(std::move(fd));
}

Result<std::optional<Signals::Received>> Signals::next() {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) == sizeof info) {
        return Received{static_cast<int>(info.ssi_signo), static_cast<int>(info.ssi_pid)};
    }
    if (errno == EAGAIN || errno == EINTR) return std::nullopt;
    return system_failure(errno, "read", "the signals");
}

}  // namespace cron::daemon
