// What a start by way of crond-job costs, against a bare posix_spawn of the shell: launch_test
// "[bench]".

#include <spawn.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "launch_support.h"

namespace cron::process {
namespace {

constexpr int kRounds = 7;
constexpr int kStarts = 300;

double seconds_for(const std::function<void()>& start) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kStarts; ++i) start();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST_CASE("bench: the start of a job", "[.][bench]") {
    Launcher launcher = make_launcher();
    LaunchOrder order = shell_order(":");
    char* arguments[] = {order.arguments[0].data(), order.arguments[1].data(),
                         order.arguments[2].data(), nullptr};
    char* environment[] = {order.environment[0].data(), order.environment[1].data(), nullptr};
    std::array<double, kRounds> ratios{};
    for (double& ratio : ratios) {
        const double bare = seconds_for([&] {
            pid_t pid = -1;
            REQUIRE(posix_spawn(&pid, "/bin/sh", nullptr, nullptr, arguments, environment) == 0);
            REQUIRE(waitpid(pid, nullptr, 0) == pid);
        });
        const double ours = seconds_for([&] { run(launcher, order); });
        ratio = ours / bare;
        WARN("bare " << bare / kStarts * 1e6 << " us, crond-job " << ours / kStarts * 1e6
                     << " us, ratio " << ratio);
    }
    std::sort(ratios.begin(), ratios.end());
    WARN("median ratio " << ratios[kRounds / 2]);
}

}  // namespace
}  // namespace cron::process
