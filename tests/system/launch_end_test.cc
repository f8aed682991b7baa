// How a run ends: exit statuses, signals to its group, whose child is collected, output.

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <cerrno>
#include <filesystem>
#include <thread>

#include "launch_support.h"
#include "process/job_orders.h"
#include "process/lines.h"
#include "process/output.h"

namespace cron::process {
namespace {

TEST_CASE("reap: tells exit statuses and signals apart", "[launch]") {
    Launcher launcher = make_launcher();
    CHECK(run(launcher, shell_order("exit 7")).status == engine::ExitStatus{false, 7});
    CHECK(run(launcher, shell_order("kill -KILL $$")).status == engine::ExitStatus{true, SIGKILL});
    CHECK(run(launcher, shell_order("kill -ABRT $$")).status == engine::ExitStatus{true, SIGABRT});
}

TEST_CASE("reap: gives nothing while the child lives, its end once, and then an error",
          "[launch]") {
    Launcher launcher = make_launcher();
    auto pipe = make_output_pipe();
    LaunchOrder order = shell_order("read line");
    order.input_fd = pipe->read_end.get();
    fcntl(order.input_fd, F_SETFL, 0);
    const auto child = launcher.launch(order);
    REQUIRE(child);
    CHECK_FALSE(*reap(child->pidfd.get()));
    REQUIRE(write(pipe->write_end.get(), "x\n", 2) == 2);
    CHECK(finish(*child).status.is_success());
    const auto again = reap(child->pidfd.get());
    REQUIRE_FALSE(again);
    CHECK(again.error().system_errno == ECHILD);
}

TEST_CASE("reap: collects nobody else's child", "[launch]") {
    Launcher launcher = make_launcher();
    const pid_t other = fork();
    if (other == 0) _exit(5);
    run(launcher, shell_order("true"));
    int status = 0;
    CHECK(waitpid(other, &status, 0) == other);
    CHECK(WEXITSTATUS(status) == 5);
}

TEST_CASE("reap: tells what a run used", "[launch]") {
    Launcher launcher = make_launcher();
    const engine::Usage usage =
        run(launcher, shell_order("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")).usage;
    CHECK(usage.cpu_time > microseconds{1'000});
    CHECK(usage.cpu_time < seconds{20});
    CHECK(usage.peak_memory_bytes > 100'000);
}

TEST_CASE("signal_group: reaches what the run has started, all of it", "[launch]") {
    Launcher launcher = make_launcher();
    auto pipe = make_output_pipe();
    REQUIRE(pipe);
    LaunchOrder order =
        shell_order("sleep 1000 & (sleep 1000; :) & (trap '' HUP; sleep 1000) & echo ready; wait");
    order.output_fd = pipe->write_end.get();
    const auto child = launcher.launch(order);
    REQUIRE(child);
    pipe->write_end.reset();
    REQUIRE(becomes_readable(pipe->read_end.get()));
    LineReader reader(std::move(pipe->read_end));
    CHECK(reader.read() == LineReader::Got::bytes);
    const auto line = reader.next();
    REQUIRE(line);
    CHECK(line->text == "ready");
    REQUIRE(signal_group(*child, SIGTERM));
    CHECK(finish(*child).status == engine::ExitStatus{true, SIGTERM});
    // Every holder of the pipe is gone, grandchildren too.
    REQUIRE(becomes_readable(reader.fd()));
    CHECK(reader.read() == LineReader::Got::end);
}

TEST_CASE("signal_group: a child without a group of its own gets the signal alone", "[launch]") {
    const pid_t pid = fork();
    if (pid == 0) {
        for (;;) pause();
    }
    Child child;
    child.pid = pid;
    child.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    REQUIRE(child.pidfd);
    REQUIRE(signal_group(child, SIGUSR1));
    REQUIRE(becomes_readable(child.pidfd.get()));
    CHECK((*reap(child.pidfd.get()))->status == engine::ExitStatus{true, SIGUSR1});
}

TEST_CASE("signal_group: a run that has ended but is not collected is no error", "[launch]") {
    Launcher launcher = make_launcher();
    const auto child = launcher.launch(shell_order("true"));
    REQUIRE(child);
    REQUIRE(becomes_readable(child->pidfd.get()));
    CHECK(signal_group(*child, SIGTERM));
    CHECK(finish(*child).status.is_success());
}

// crond-job as crond would start it, but with `report` at kReportFd.
int status_of_job_program(const std::vector<const char*>& arguments, int report) {
    std::vector<char*> pointers;
    for (const char* argument : arguments) pointers.push_back(const_cast<char*>(argument));
    pointers.push_back(nullptr);
    const pid_t pid = fork();
    if (pid == 0) {
        const int null = open("/dev/null", O_RDWR);
        for (int place = 0; place < 3; ++place) dup2(null, place);
        if (report >= 0) {
            dup2(report, kReportFd);
        } else {
            close(kReportFd);
        }
        execv(BELFRY_JOB_PROGRAM, pointers.data());
        _exit(99);
    }
    int status = -1;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_CASE("crond-job: a job does not die because crond did", "[launch]") {
    int ends[2] = {-1, -1};
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    UniqueFd(ends[0]).reset();
    const UniqueFd broken(ends[1]);
    // Its warning finds no reader.
    CHECK(status_of_job_program({"crond-job", "22", "-", "-", "-", "/no/such", "0", "/bin/true"},
                                broken.get()) == 0);
    CHECK(status_of_job_program({"crond-job", "22", "-", "-", "-", "/", "0", "/no/such"},
                                broken.get()) == 127);
}

TEST_CASE("crond-job: refuses orders that it does not understand", "[launch]") {
    int ends[2] = {-1, -1};
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    const UniqueFd read_end(ends[0]);
    const UniqueFd write_end(ends[1]);
    const std::vector<std::vector<const char*>> wrong = {
        {"crond-job"},
        {"crond-job", "22", "-", "-", "-", "/", "0"},
        {"crond-job", "22", "-", "-", "-", "/", "1", "1000", "/bin/true"},
        {"crond-job", "22", "-", "-", "-", "/", "3", "1000", "1000", "/bin/true"},
        {"crond-job", "28", "-", "-", "-", "/", "0", "/bin/true"},
        {"crond-job", "", "-", "-", "-", "/", "0", "/bin/true"},
        {"crond-job", "22", "-", "-", "-", "/", "-1", "/bin/true"},
        {"crond-job", "22", "-", "-", "-", "/", "2", "1000x", "1000", "/bin/true"},
        {"crond-job", "22", "-", "-", "-", "/", "2", "4294967296", "1000", "/bin/true"},
        {"crond-job", "22", "", "-", "-", "/", "0", "/bin/true"},
        {"crond-job", "22", "21", "-", "-", "/", "0", "/bin/true"},
        {"crond-job", "22", "u", "-", "-", "/", "0", "/bin/true"},
        {"crond-job", "22", "u-", "-", "-", "/", "0", "/bin/true"},
        {"crond-job", "22", "--5", "-", "-", "/", "0", "/bin/true"},
        {"crond-job", "22", "5u", "-", "-", "/", "0", "/bin/true"},
        {"crond-job", "22", "-", "", "-", "/", "0", "/bin/true"},
        {"crond-job", "22", "-", "-1", "-", "/", "0", "/bin/true"},
        {"crond-job", "22", "-", "idle", "-", "/", "0", "/bin/true"},
        {"crond-job", "22", "-", "-", "", "/", "0", "/bin/true"},
        {"crond-job", "22", "-", "-", "4", "/", "0", "/bin/true"},
        {"crond-job", "22", "-", "-", "++", "/", "0", "/bin/true"},
        {"crond-job", "22", "-", "-", "-", "/", "65539", "1000", "1000", "/bin/true"},
    };
    for (const auto& arguments : wrong) {
        CHECK(status_of_job_program(arguments, write_end.get()) == 126);
        const Report report = read_report(read_end.get());
        CHECK(report.state == Report::State::failed);
        CHECK(report.failure.error.stage == "crond-job");
        CHECK(report.failure.error.error == EINVAL);
    }
    CHECK(status_of_job_program({"crond-job", "22", "-", "-", "-", "/", "0", "/bin/true"}, -1) ==
          126);
}

TEST_CASE("output: a full disk does not stop a run, its output is kept in memory", "[launch]") {
    if (!is_root()) return;
    std::string path = "/tmp/belfry-full-XXXXXX";
    REQUIRE(mkdtemp(path.data()) != nullptr);
    // A thread may have mounts of its own, which end with it.
    bool mounted = false, was_told = false;
    std::string text;
    std::thread([&] {
        mounted = unshare(CLONE_FS | CLONE_NEWNS) == 0 &&
                  mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                  mount("none", path.c_str(), "tmpfs", 0, "size=64k") == 0;
        if (!mounted) return;
        const UniqueFd filler(
            open((path + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        const std::string block(4096, 'x');
        while (write(filler.get(), block.data(), block.size()) > 0) {
        }
        const auto folder = OutputFolder::open(path);
        if (!folder) return;
        const auto file = folder->create(1, some_user(65'534));
        if (!file) return;
        was_told = file->problem() && file->problem()->system_errno == ENOSPC;
        if (write(file->fd(), "said\n", 5) == 5) text = file->read(100)->text;
    }).join();
    std::filesystem::remove(path);
    if (!mounted) {
        WARN("skipped: may not mount");
        return;
    }
    CHECK(was_told);
    CHECK(text == "said\n");
}

}  // namespace
}  // namespace cron::process
