// A job as another user. Needs root; some of it, root that becomes somebody else.

#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "launch_support.h"
#include "process/output.h"

namespace cron::process {
namespace {

constexpr uid_t kNobody = 65'534;
constexpr uid_t kStranger = 54'777;  // without a passwd entry, and so without processes

bool become(uid_t uid) {
    return setgroups(0, nullptr) == 0 && setgid(uid) == 0 && setuid(uid) == 0;
}

TEST_CASE("launch as: uid, gid and groups are the user's, all of them, and no capability is left",
          "[launch]") {
    if (!is_root()) return;
    Launcher launcher = make_launcher();
    for (const std::string name : {"nobody", "daemon"}) {
        const auto identity = find_user(name);
        REQUIRE(identity);
        LaunchOrder order =
            shell_order("exec grep -E '^(Uid|Gid|Groups|CapPrm|CapEff|CapAmb):' /proc/self/status");
        order.change_user = true;
        order.identity = *identity;
        const std::string uid = std::to_string(identity->uid), gid = std::to_string(identity->gid);
        std::string groups;
        for (const gid_t group : identity->groups) groups += std::to_string(group) + " ";
        const std::string status = output_of(launcher, order);
        CHECK_THAT(status,
                   Catch::Contains("Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid + "\n"));
        CHECK_THAT(status,
                   Catch::Contains("Gid:\t" + gid + "\t" + gid + "\t" + gid + "\t" + gid + "\n"));
        CHECK_THAT(status, Catch::Contains("Groups:\t" + groups + "\n"));
        for (const char* set : {"CapPrm", "CapEff", "CapAmb"}) {
            CHECK_THAT(status, Catch::Contains(std::string(set) + ":\t0000000000000000\n"));
        }
    }
}

TEST_CASE("launch as: groups of ours are not kept, groups of the user are", "[launch]") {
    if (!is_root()) return;
    Launcher launcher = make_launcher();
    LaunchOrder order = shell_order("id -G");
    order.change_user = true;
    order.identity = some_user(kStranger);
    CHECK(output_of(launcher, order) == "54777 54321\n");
    order.identity.groups.clear();
    CHECK(output_of(launcher, order) == "54777\n");
    order.identity.groups.assign(1'000, 0);
    for (gid_t i = 0; i < 1'000; ++i) order.identity.groups[i] = 100'000 + i;
    order.arguments = shell_arguments("/bin/sh", "id -G | wc -w");
    CHECK(output_of(launcher, order) == "1001\n");
}

TEST_CASE("launch as: a HOME that the user may not enter is replaced by `/`, though we may",
          "[launch]") {
    if (!is_root()) return;
    std::string home = "/tmp/belfry-home-XXXXXX";
    REQUIRE(mkdtemp(home.data()) != nullptr);  // mode 0700, root's
    Launcher launcher = make_launcher();
    const UniqueFd output = memory_file();
    LaunchOrder order = shell_order("pwd");
    order.change_user = true;
    order.identity = some_user(kNobody);
    order.home = home;
    order.output_fd = output.get();
    const Finished finished = run(launcher, order);
    std::filesystem::remove(home);
    CHECK(finished.report.home_error == EACCES);
    CHECK(finished.status.is_success());
    CHECK(contents(output.get()) == "/\n");
}

TEST_CASE("launch as: a uid that cannot be is a failure at its stage, and nothing runs",
          "[launch]") {
    if (!is_root()) return;
    Launcher launcher = make_launcher();
    LaunchOrder order = shell_order("true");
    order.change_user = true;
    order.identity.gid = kNobody;  // uid is still -1
    Finished finished = run(launcher, order);
    CHECK(finished.report.failure.error.stage == "setuid");
    CHECK(finished.report.failure.error.error == EINVAL);
    CHECK(finished.status == engine::ExitStatus{false, 126});

    order.identity = Identity();
    finished = run(launcher, order);
    CHECK(finished.report.failure.error.stage == "setgid");
}

TEST_CASE("launch as: who may not change user fails at the first stage, and nothing runs",
          "[launch]") {
    Launcher launcher = make_launcher();
    CHECK(holds_in_fork([&] {
        if (geteuid() == 0 && !become(kNobody)) return false;
        LaunchOrder order = shell_order("true");
        order.change_user = true;
        order.identity = some_user(kStranger);
        const Finished finished = run(launcher, order);
        return finished.report.state == Report::State::failed &&
               finished.report.failure.error.stage == "setgroups" &&
               finished.report.failure.error.error == EPERM && !finished.report.failure.temporary &&
               finished.status == engine::ExitStatus{false, 126};
    }));
}

TEST_CASE("launch: as the caller, whoever it is, needs no privilege", "[launch]") {
    Launcher launcher = make_launcher();
    CHECK(holds_in_fork([&] {
        if (geteuid() == 0 && !become(kNobody)) return false;
        const LaunchOrder order = shell_order("test $(id -u) = " + std::to_string(geteuid()));
        return run(launcher, order).status.is_success();
    }));
}

TEST_CASE("launch: no room for a process is worth another try", "[launch]") {
    if (!is_root()) return;
    Launcher launcher = make_launcher();
    CHECK(holds_in_fork([&] {
        const rlimit none{0, 0};
        if (setrlimit(RLIMIT_NPROC, &none) != 0 || !become(kStranger)) return false;
        const auto child = launcher.launch(shell_order("true"));
        return !child && child.error().error.stage == "clone" &&
               child.error().error.error == EAGAIN && child.error().temporary;
    }));
}

TEST_CASE("launch as: a user with all the processes it may have is worth another try", "[launch]") {
    if (!is_root()) return;
    Launcher launcher = make_launcher();
    CHECK(holds_in_fork([&] {
        LaunchOrder order = shell_order("sleep 1000");
        order.change_user = true;
        order.identity = some_user(kStranger);
        const auto first = launcher.launch(order);
        const rlimit none{0, 0};
        if (!first || !becomes_readable(first->report.get()) || setrlimit(RLIMIT_NPROC, &none) != 0)
            return false;
        // setuid does not fail for that any more: the exec after it does.
        const Finished second = run(launcher, order);
        if (!signal_group(*first, SIGKILL) || !finish(*first).status.signalled) return false;
        return second.report.state == Report::State::failed && second.report.failure.temporary &&
               second.report.failure.error.stage == "exec" &&
               second.report.failure.error.error == EAGAIN && !second.status.is_success();
    }));
}

TEST_CASE("output: a job may open its own output again, by /dev/stdout", "[launch]") {
    if (!is_root()) return;
    std::string path = "/tmp/belfry-output-XXXXXX";
    REQUIRE(mkdtemp(path.data()) != nullptr);
    Launcher launcher = make_launcher();
    {
        const auto folder = OutputFolder::open(path);
        REQUIRE(folder);
        LaunchOrder order =
            shell_order("echo one; echo two >>/dev/stdout; echo three >>/dev/stderr; ls " + path);
        order.change_user = true;
        order.identity = some_user(kNobody);
        const auto file = folder->create(1, order.identity);
        REQUIRE(file);
        order.output_fd = order.error_fd = file->fd();
        CHECK_FALSE(run(launcher, order).status.is_success());  // ls: the folder is closed to it
        CHECK_THAT(file->read(1'000)->text, Catch::StartsWith("one\ntwo\nthree\n"));
    }
    CHECK(std::filesystem::remove(path));  // it is empty
}

}  // namespace
}  // namespace cron::process
