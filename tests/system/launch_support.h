// What the tests of the launcher share: the real crond-job, and a run that is waited for.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "process/environment.h"
#include "process/launch.h"

namespace cron::process {

inline constexpr int kPatienceMs = 60'000;  // for what takes milliseconds on an idle machine

inline Launcher make_launcher() {
    auto launcher = Launcher::create(BELFRY_JOB_PROGRAM);
    REQUIRE(launcher);
    return std::move(*launcher);
}

inline LaunchOrder shell_order(std::string_view command) {
    LaunchOrder order;
    order.arguments = shell_arguments("/bin/sh", command);
    order.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
    return order;
}

// A user with one group besides its own.
inline Identity some_user(uid_t uid) {
    Identity identity;
    identity.uid = uid;
    identity.gid = uid;
    identity.groups = {uid, 54'321};
    return identity;
}

inline std::string contents(int fd) {
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t bytes = pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()));
        if (bytes <= 0) return text;
        text.append(buffer, static_cast<std::size_t>(bytes));
    }
}

inline UniqueFd memory_file() { return UniqueFd(memfd_create("test", MFD_CLOEXEC)); }

struct Finished {
    Report report;
    engine::ExitStatus status;
    engine::Usage usage;
};

inline bool becomes_readable(int fd) {
    pollfd wanted{fd, POLLIN, 0};
    return poll(&wanted, 1, kPatienceMs) == 1;
}

// Waits for the end of the child and collects it.
inline Finished finish(const Child& child) {
    REQUIRE(becomes_readable(child.pidfd.get()));
    const auto ended = reap(child.pidfd.get());
    REQUIRE(ended);
    REQUIRE(*ended);
    return {read_report(child.report.get()), (*ended)->status, (*ended)->usage};
}

inline Finished run(Launcher& launcher, const LaunchOrder& order) {
    const auto child = launcher.launch(order);
    REQUIRE(child);
    return finish(*child);
}

// What `order` writes to both its outputs, if it starts and ends well.
inline std::string output_of(Launcher& launcher, LaunchOrder order) {
    const UniqueFd output = memory_file();
    order.output_fd = output.get();
    order.error_fd = output.get();
    const Finished finished = run(launcher, order);
    CHECK(finished.report.state == Report::State::started);
    CHECK(finished.status.is_success());
    return contents(output.get());
}

// Whether `claim` holds in a copy of this process: what it does to itself ends with it.
inline bool holds_in_fork(const std::function<bool()>& claim) noexcept {
    const pid_t pid = fork();
    if (pid == 0) _exit(claim() ? 0 : 1);
    int status = -1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

inline bool is_root() {
    if (geteuid() == 0) return true;
    WARN("skipped: needs root");
    return false;
}

}  // namespace cron::process
