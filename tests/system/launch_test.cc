// What a job finds when it starts, and that nothing of a run stays behind.

#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <tuple>

#include "launch_support.h"
#include "process/input.h"
#include "process/job_orders.h"
#include "process/output.h"

namespace cron::process {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr int kManyRuns = 2'000;
#else
constexpr int kManyRuns = 10'000;
#endif

std::size_t count_descriptors() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

TEST_CASE("launch: a job has three descriptors and none of ours, not even one that is inherited",
          "[launch]") {
    Launcher launcher = make_launcher();
    std::vector<UniqueFd> inherited;
    for (int i = 0; i < 20; ++i) inherited.emplace_back(open("/dev/null", O_RDONLY));
    inherited.emplace_back(fcntl(inherited[0].get(), F_DUPFD, 900));
    REQUIRE(inherited.back());
    // The fourth is the one with which ls reads the folder.
    CHECK(output_of(launcher, shell_order("ls -1 /proc/self/fd")) == "0\n1\n2\n3\n");
}

// Runs `cat; echo` with three files at `places` of this process.
bool finds_its_files_at(Launcher& launcher, const std::array<int, 3>& places) {
    const std::array<UniqueFd, 3> files = {memory_file(), memory_file(), memory_file()};
    if (write(files[0].get(), "input", 5) != 5 || lseek(files[0].get(), 0, SEEK_SET) != 0)
        return false;
    for (std::size_t i = 0; i < 3; ++i) dup2(files[i].get(), places[i]);
    LaunchOrder order = shell_order("cat; echo output; echo error >&2");
    order.input_fd = places[0];
    order.output_fd = places[1];
    order.error_fd = places[2];
    return run(launcher, order).status.is_success() &&
           contents(files[1].get()) == "inputoutput\n" && contents(files[2].get()) == "error\n";
}

TEST_CASE("launch: the job's descriptors may be each other's places, and that of the report",
          "[launch]") {
    Launcher launcher = make_launcher();
    std::array<int, 3> places = {0, 1, 2};
    do {
        CHECK(holds_in_fork([&] { return finds_its_files_at(launcher, places); }));
    } while (std::next_permutation(places.begin(), places.end()));
    CHECK(holds_in_fork([&] { return finds_its_files_at(launcher, {102, 101, 100}); }));
}

TEST_CASE("launch: the launcher's descriptors may be where the job's are to be", "[launch]") {
    CHECK(holds_in_fork([] {
        for (int fd = 0; fd < 10; ++fd) close(fd);
        Launcher launcher = make_launcher();
        return finds_its_files_at(launcher, {102, 101, 100});
    }));
}

TEST_CASE("launch: every signal has its default disposition and none is blocked", "[launch]") {
    Launcher launcher = make_launcher();
    // As the kernel has it, for the signals that the library keeps for itself.
    std::array<std::array<unsigned long, 16>, 65> before{};
    std::array<unsigned long, 16> ignore{};
    ignore[0] = 1;  // SIG_IGN
    for (int number = 1; number <= 64; ++number) {
        if (number == SIGCHLD) continue;  // ignored, it would make a child's end unknown
        syscall(SYS_rt_sigaction, number, ignore.data(),
                before[static_cast<std::size_t>(number)].data(), 8);
    }
    sigset_t all, mask;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &mask);
    const std::string status = output_of(launcher, shell_order("exec cat /proc/self/status"));
    sigprocmask(SIG_SETMASK, &mask, nullptr);
    for (int number = 1; number <= 64; ++number) {
        if (number == SIGCHLD) continue;
        syscall(SYS_rt_sigaction, number, before[static_cast<std::size_t>(number)].data(), nullptr,
                8);
    }
    CHECK_THAT(
        status,
        Catch::Contains(
            "ShdPnd:\t0000000000000000\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
            "SigCgt:\t0000000000000000\n"));
}

TEST_CASE("launch: our own signal mask is as it was", "[launch]") {
    Launcher launcher = make_launcher();
    sigset_t before, after;
    sigprocmask(SIG_SETMASK, nullptr, &before);
    run(launcher, shell_order("true"));
    sigprocmask(SIG_SETMASK, nullptr, &after);
    for (int number = 1; number < 32; ++number)
        CHECK(sigismember(&before, number) == sigismember(&after, number));
}

TEST_CASE("launch: a run is a session and process group of its own, without a terminal",
          "[launch]") {
    Launcher launcher = make_launcher();
    const UniqueFd output = memory_file();
    LaunchOrder order = shell_order("cat /proc/$$/stat");
    order.output_fd = output.get();
    const auto child = launcher.launch(order);
    REQUIRE(child);
    finish(*child);
    int pid = 0, parent = 0, group = 0, session = 0, terminal = -1;
    REQUIRE(std::sscanf(contents(output.get()).c_str(), "%d (sh) %*c %d %d %d %d", &pid, &parent,
                        &group, &session, &terminal) == 5);
    CHECK(pid == child->pid);
    CHECK(parent == getpid());
    CHECK(group == pid);
    CHECK(session == pid);
    CHECK(terminal == 0);
}

TEST_CASE("launch: the umask is the one ordered", "[launch]") {
    Launcher launcher = make_launcher();
    LaunchOrder order = shell_order("umask");
    CHECK(output_of(launcher, order) == "0022\n");
    order.umask = 077;
    CHECK(output_of(launcher, order) == "0077\n");
}

TEST_CASE("launch: nice value and disk priority are the ones ordered, else our own", "[launch]") {
    if (!is_root()) return;
    Launcher launcher = make_launcher();
    LaunchOrder order = shell_order("nice; ionice");
    const std::string ours = output_of(launcher, order);
    CHECK(ours.substr(0, ours.find('\n')) == std::to_string(getpriority(PRIO_PROCESS, 0)));
    using Class = crontab::IoPriority::Class;
    const std::tuple<int, crontab::IoPriority, std::string> cases[] = {
        {19, {Class::idle, 0}, "19\nidle\n"},
        {-20, {Class::realtime, 3}, "-20\nrealtime: prio 3\n"},
        {0, {Class::best_effort, 7}, "0\nbest-effort: prio 7\n"},
    };
    order.change_user = true;
    order.identity = some_user(12'345);
    for (const auto& [nice, io_priority, expected] : cases) {
        order.nice = nice;
        order.io_priority = io_priority;
        CHECK(output_of(launcher, order) == expected);
    }
}

TEST_CASE("launch: a nice value of the user is had only as far as the user may", "[launch]") {
    if (!is_root()) return;
    CHECK(holds_in_fork([] {
        setpriority(PRIO_PROCESS, 0, 5);
        Launcher launcher = make_launcher();
        LaunchOrder order = shell_order("exit $(nice)");
        order.change_user = true;
        order.identity = some_user(12'345);
        order.nice_as_user = true;
        order.nice = 7;
        const Finished more = run(launcher, order);
        order.nice = 0;
        const Finished less = run(launcher, order);
        return more.status.value == 7 && !more.report.nice_error && less.status.value == 5 &&
               less.report.nice_error == EACCES;
    }));
}

TEST_CASE("launch: a nice value or disk priority that cannot be had is a warning, and it runs",
          "[launch]") {
    if (!is_root()) return;
    CHECK(holds_in_fork([] {
        setpriority(PRIO_PROCESS, 0, 5);
        Launcher launcher = make_launcher();
        if (setgid(12'345) != 0 || setuid(12'345) != 0) return false;
        LaunchOrder order = shell_order("exit $(nice)");
        order.nice = -5;
        order.io_priority = crontab::IoPriority{crontab::IoPriority::Class::realtime, 0};
        const Finished finished = run(launcher, order);
        return finished.report.state == Report::State::started && finished.status.value == 5 &&
               finished.report.nice_error == EACCES && finished.report.io_priority_error == EPERM;
    }));
}

TEST_CASE("launch: the control group is entered as ourselves, and not left open to the job",
          "[launch]") {
    const UniqueFd group = memory_file();
    LaunchOrder order = shell_order("ls /proc/self/fd | wc -w");
    order.change_user = geteuid() == 0;
    order.identity = some_user(12'345);
    Launcher without_group = make_launcher();
    const std::string without = output_of(without_group, order);
    // Wherever it is among the descriptors.
    for (const int fd : {group.get(), kReportFd, kCgroupFd, 0}) {
        CAPTURE(fd);
        REQUIRE(ftruncate(group.get(), 0) == 0);
        CHECK(holds_in_fork([&] {
            if (fd != group.get() && dup3(group.get(), fd, O_CLOEXEC) != fd) return false;
            if (lseek(fd, 0, SEEK_SET) != 0) return false;
            Launcher launcher = make_launcher();
            order.cgroup_fd = fd;
            const UniqueFd output = memory_file();
            order.output_fd = output.get();
            const Finished finished = run(launcher, order);
            return finished.status.is_success() && !finished.report.cgroup_error &&
                   contents(output.get()) == without;
        }));
        CHECK(contents(group.get()) == "0");
    }
}

TEST_CASE("launch: a control group that cannot be entered is a warning, and it runs", "[launch]") {
    Launcher launcher = make_launcher();
    const UniqueFd group(open("/dev/full", O_WRONLY | O_CLOEXEC));
    LaunchOrder order = shell_order("true");
    order.cgroup_fd = group.get();
    const Finished finished = run(launcher, order);
    CHECK(finished.report.state == Report::State::started);
    CHECK(finished.report.cgroup_error == ENOSPC);
    CHECK(finished.status.is_success());
}

TEST_CASE("launch: arguments and environment arrive as they are, and no others", "[launch]") {
    Launcher launcher = make_launcher();
    LaunchOrder order;
    order.arguments = {"/usr/bin/env"};
    order.environment = {"A=1", "EMPTY=", "BYTES=\xff\n"};
    CHECK(output_of(launcher, order) == "A=1\nEMPTY=\nBYTES=\xff\n\n");
    order.arguments = {"/usr/bin/printf", "[%s]", "", "a b", "--", "\xff"};
    CHECK(output_of(launcher, order) == "[][a b][--][\xff]");
}

TEST_CASE("launch: standard input is the given text, else it is at its end", "[launch]") {
    Launcher launcher = make_launcher();
    LaunchOrder order = shell_order("cat; (echo x >&0) 2>/dev/null || echo sealed");
    CHECK(output_of(launcher, shell_order("cat; echo done")) == "done\n");
    const auto input = make_input("one\ntwo\n");
    REQUIRE(input);
    order.input_fd = input->get();
    CHECK(output_of(launcher, order) == "one\ntwo\nsealed\n");
}

TEST_CASE("launch: HOME is entered; where it cannot be, `/` is, with a warning", "[launch]") {
    Launcher launcher = make_launcher();
    LaunchOrder order = shell_order("pwd");
    const auto start_in = [&](std::string home) {
        const UniqueFd output = memory_file();
        order.home = std::move(home);
        order.output_fd = output.get();
        const Finished finished = run(launcher, order);
        CHECK(finished.report.state == Report::State::started);
        CHECK(finished.status.is_success());
        return std::pair(contents(output.get()), finished.report.home_error.value_or(0));
    };
    CHECK(start_in("/usr") == std::pair<std::string, int>("/usr\n", 0));
    CHECK(start_in("/no/such") == std::pair<std::string, int>("/\n", ENOENT));
    CHECK(start_in("/dev/null") == std::pair<std::string, int>("/\n", ENOTDIR));
    CHECK(start_in("") == std::pair<std::string, int>("/\n", ENOENT));
    // Not from where the daemon is.
    CHECK(start_in("usr") == std::pair<std::string, int>("/usr\n", 0));
}

TEST_CASE("launch: a program that cannot be executed is a failure with stage and errno",
          "[launch]") {
    Launcher launcher = make_launcher();
    LaunchOrder order = shell_order("true");
    order.arguments[0] = "/no/such/shell";
    Finished finished = run(launcher, order);
    CHECK(finished.report.state == Report::State::failed);
    CHECK(finished.report.failure.error.stage == "exec");
    CHECK(finished.report.failure.error.error == ENOENT);
    CHECK_FALSE(finished.report.failure.temporary);
    CHECK(finished.status == engine::ExitStatus{false, 127});

    order.arguments[0] = "/dev/null";
    finished = run(launcher, order);
    CHECK(finished.report.failure.error.error == EACCES);
    CHECK(finished.status == engine::ExitStatus{false, 126});
}

TEST_CASE("launch: what fails before crond-job runs is told at once, and leaves no child",
          "[launch]") {
    Launcher launcher = make_launcher();
    LaunchOrder order = shell_order(std::string(200'000, 'x'));
    auto child = launcher.launch(order);
    REQUIRE_FALSE(child);
    CHECK(child.error().error.stage == "exec crond-job");
    CHECK(child.error().error.error == E2BIG);
    CHECK_FALSE(child.error().temporary);

    order = shell_order("true");
    order.output_fd = 12'345;
    child = launcher.launch(order);
    REQUIRE_FALSE(child);
    CHECK(child.error().error.stage == "dup2");
    CHECK(child.error().error.error == EBADF);
    CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
    CHECK(errno == ECHILD);
}

TEST_CASE("launcher: a crond-job that is missing is named", "[launch]") {
    const auto launcher = Launcher::create("/no/such/crond-job");
    REQUIRE_FALSE(launcher);
    CHECK(launcher.error().message == "execute /no/such/crond-job: No such file or directory");
}

TEST_CASE("launch: many runs leave no zombie and no descriptor", "[launch]") {
    Launcher launcher = make_launcher();
    LaunchOrder order;
    order.arguments = {"/bin/true"};
    const std::size_t descriptors = count_descriptors();
    constexpr int kAtOnce = 50;
    int ended_well = 0;
    for (int done = 0; done < kManyRuns; done += kAtOnce) {
        std::vector<Child> children;
        for (int i = 0; i < kAtOnce; ++i) {
            auto child = launcher.launch(order);
            REQUIRE(child);
            children.push_back(std::move(*child));
        }
        for (const Child& child : children) {
            const Finished finished = finish(child);
            ended_well +=
                finished.status.is_success() && finished.report.state == Report::State::started;
        }
    }
    CHECK(ended_well == kManyRuns);
    CHECK(count_descriptors() == descriptors);
    CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
    CHECK(errno == ECHILD);
}

}  // namespace
}  // namespace cron::process
