#include "process/parent_thread.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "process/child.h"

namespace cron::process {
namespace {

TEST_CASE(
    "parent thread: its children are hidden from this thread's wait for any, not from one by "
    "descriptor",
    "[process]") {
    const auto parent = std::move(*ParentThread::create());
    pid_t pid = -1;
    parent->run([&] {
        pid = ::fork();
        if (pid == 0) ::_exit(7);
    });
    REQUIRE(pid > 0);
    const UniqueFd end = open_pidfd(pid);
    REQUIRE(end);
    pollfd ended{end.get(), POLLIN, 0};
    REQUIRE(::poll(&ended, 1, -1) == 1);
    siginfo_t info{};
    const int options = WEXITED | WNOHANG | WNOWAIT;
    CHECK(::waitid(P_ALL, 0, &info, options) == 0);
    CHECK(info.si_pid == pid);
    errno = 0;
    CHECK(::waitid(P_ALL, 0, &info, options | __WNOTHREAD) != 0);
    CHECK(errno == ECHILD);
    const auto collected = reap(end.get());
    REQUIRE((collected && *collected));
    CHECK((*collected)->status.value == 7);
}

TEST_CASE("parent thread: works are done one after the other, each before run() returns",
          "[process]") {
    const auto parent = std::move(*ParentThread::create());
    int done = 0;
    for (int i = 0; i < 1000; ++i) {
        parent->run([&] { ++done; });
        REQUIRE(done == i + 1);
    }
}

}  // namespace
}  // namespace cron::process
