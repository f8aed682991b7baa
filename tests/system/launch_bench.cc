// What a start by way of crond-job costs, against a bare posix_spawn of the shell, and what one in
// a PAM session costs against that: launch_test "[bench]".

#include <spawn.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>

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

// Of the fastest round, for others use the machine too.
struct Cost {
    double wall = 1e9;
    double cpu = 1e9;

    void take(Launcher& launcher, const LaunchOrder& order) {
        double used = 0;
        const double took = seconds_for([&] {
            const microseconds cpu_time = run(launcher, order).usage.cpu_time;
            used += std::chrono::duration<double>(cpu_time).count();
        });
        wall = std::min(wall, took / kStarts * 1e6);
        cpu = std::min(cpu, used / kStarts * 1e6);
    }
};

TEST_CASE("bench: the start of a job in a session", "[.][bench]") {
    if (!is_root()) return;
    const std::string folder = std::filesystem::temp_directory_path() / "belfry-pam-bench";
    std::filesystem::create_directory(folder);
    auto launcher = Launcher::create(BELFRY_JOB_PROGRAM, BELFRY_SESSION_PROGRAM);
    REQUIRE(launcher);
    LaunchOrder order = shell_order(":");
    order.identity = some_user(1);
    order.identity.name = "daemon";
    order.change_user = true;
    LaunchOrder with_pam = order;
    with_pam.pam = PamService{"cron", folder};
    // The least there can be, and the modules of Debian's service.
    for (const char* modules : {"auth required pam_permit.so\naccount required pam_permit.so\n"
                                "session required pam_permit.so\n",
                                "auth required pam_unix.so\naccount required pam_unix.so\n"
                                "session optional pam_loginuid.so\nsession required pam_env.so\n"
                                "session required pam_unix.so\nsession optional pam_limits.so\n"}) {
        std::ofstream(folder + "/cron") << modules;
        Cost job, session;
        for (int i = 0; i < kRounds; ++i) {
            job.take(*launcher, order);
            session.take(*launcher, with_pam);
        }
        WARN(modules << "crond-job " << job.wall << " us (processor " << job.cpu
                     << "), crond-session " << session.wall << " us (processor " << session.cpu
                     << ")");
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cron::process
