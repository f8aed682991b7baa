// The life of the daemon: start, locks, reload, stop, crash.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "fates.h"
#include "machine.h"

using namespace cron;
using namespace cron::system_test;
namespace fs = std::filesystem;

namespace {

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

// Runs a program to its end.
struct Ended {
    int status = -1;
    std::string output;
};
Ended run(const std::vector<std::string>& arguments) {
    Process process(arguments);
    const int status = process.wait();
    return {status, process.output()};
}

std::string slurp(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

int pid_in(const TempRoot& root) {
    const std::string text = root.read("/run/crond.pid");
    return text.empty() ? 0 : std::stoi(text);
}

}  // namespace

TEST_CASE("crond: the pidfile holds the pid, and a second daemon says so and touches nothing",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    Process first(crond_arguments(root));
    REQUIRE(first.writes(event("started")));
    CHECK(pid_in(root) == first.pid());

    for (const bool foreground : {true, false}) {
        std::vector<std::string> arguments = {BELFRY_CROND, "--root", root.path("")};
        if (foreground) arguments.push_back("--foreground");
        const Ended second = run(arguments);
        CHECK(second.status == 1);
        CHECK(second.output.find(std::to_string(first.pid())) != std::string::npos);
        CHECK(pid_in(root) == first.pid());
    }
    first.signal(SIGTERM);
    CHECK(first.wait() == 0);
}

TEST_CASE("crond: another pidfile does not let two daemons share a spool", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    Process first(crond_arguments(root));
    REQUIRE(first.writes(event("started")));
    const Ended second = run(crond_arguments(root, {"--pidfile", root.path("/run/other.pid")}));
    CHECK(second.status == 1);
    CHECK(second.output.find(std::to_string(first.pid())) != std::string::npos);
}

TEST_CASE("crond: it does not run beside a cron that holds the pidfile by flock alone",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.write("/run/crond.pid", "4711\n");
    const UniqueFd debian(::open(root.path("/run/crond.pid").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(debian.get(), LOCK_EX | LOCK_NB) == 0);
    const Ended ours = run(crond_arguments(root));
    CHECK(ours.status == 1);
    CHECK(ours.output.find(std::to_string(::getpid())) != std::string::npos);
    CHECK(root.read("/run/crond.pid") == "4711\n");
}

TEST_CASE("crond: after kill -9 the next start works at once and repeats nothing", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "@every 1s echo $CRON_DUE >>" + folder + "/seconds\n");
    for (int round = 0; round < 3; ++round) {
        Process crond(crond_arguments(root));
        REQUIRE(crond.writes(event("run-ended"), 2));
        crond.signal(SIGKILL);
        CHECK(crond.wait() == 128 + SIGKILL);
    }
    const auto seconds = root.lines("/out/seconds");
    CHECK(seconds.size() >= 6);
    CHECK(std::set<std::string>(seconds.begin(), seconds.end()).size() == seconds.size());
}

TEST_CASE("crond: daemonizes with the spool as its folder, when it is ready", "[system]") {
    if (!is_root()) return;
    // The daemon is reparented to this process, which can then wait for its end.
    REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "@every 1s id -un >" + folder + "/who\n");
    const Ended starter = run({BELFRY_CROND, "--root", root.path("")});
    CHECK(starter.status == 0);
    CHECK(starter.output.empty());
    const int pid = pid_in(root);
    REQUIRE(pid > 0);
    const std::string proc = "/proc/" + std::to_string(pid);
    CHECK(fs::read_symlink(proc + "/cwd") == root.path("/var/spool/cron"));
    for (const char* fd : {"0", "1", "2"}) {
        CHECK(fs::read_symlink(proc + "/fd/" + fd) == "/dev/null");
    }
    CHECK(::getsid(pid) != pid);  // not the leader of its session: it can get no terminal
    CHECK(::getsid(pid) != ::getsid(0));
    CHECK(eventually([&] { return root.read("/out/who") == "daemon\n"; }));
    REQUIRE(::kill(pid, SIGTERM) == 0);
    int status = -1;
    CHECK(::waitpid(pid, &status, 0) == pid);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_CASE("crond: a start that fails is told to the starter", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.write("/var/spool/cron/output", "a file where a folder should be");
    const Ended starter = run({BELFRY_CROND, "--root", root.path("")});
    CHECK(starter.status == 1);
    CHECK(starter.output.find("output") != std::string::npos);
}

TEST_CASE("crond: bad arguments end with status 2, for its service to give up", "[system]") {
    CHECK(run({BELFRY_CROND, "--nonsense"}).status == 2);
    CHECK(run({BELFRY_CROND, "--log", "paper", "--foreground"}).status == 2);
    CHECK(run({BELFRY_CROND, "--version"}).status == 0);
    CHECK(run({BELFRY_CROND, "--help"}).status == 0);
}

TEST_CASE("crond --test: prints what is wrong with a caret, and exits with 1", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon", "* * * * * true\n");
    CHECK(run({BELFRY_CROND, "--test", "--root", root.path("")}).status == 0);
    root.system_table("* * * * * root true\n61 * * * * root false\n");
    const Ended bad = run({BELFRY_CROND, "--test", "--root", root.path("")});
    CHECK(bad.status == 1);
    CHECK(bad.output.find("/etc/crontab:2:1: error: minute '61'") != std::string::npos);
    CHECK(bad.output.find("^~") != std::string::npos);
}

TEST_CASE("crond: an unknown zone is an error and never UTC", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    Process crond(crond_arguments(root), [] { ::setenv("TZ", "Mars/Phobos", 1); });
    CHECK(crond.wait() == 1);
    CHECK(crond.output().find("Mars/Phobos") != std::string::npos);
}

TEST_CASE("crond: @reboot runs once a boot", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "@reboot echo up >>" + folder + "/boots\n");
    for (int round = 0; round < 2; ++round) {
        Process crond(crond_arguments(root));
        REQUIRE(crond.writes(event("started")));
        if (round == 0) REQUIRE(crond.writes(event("run-ended")));
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
    }
    CHECK(root.lines("/out/boots").size() == 1);
    // The ledger says so where /run is new and the boot is not, as in a container.
    fs::remove(root.path("/run/crond.reboot"));
    {
        Process crond(crond_arguments(root));
        REQUIRE(crond.writes(event("run-refused")));
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
    }
    fs::remove(root.path("/run/crond.reboot"));
    fs::remove(root.path("/var/spool/cron/ledger.db"));
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(root.lines("/out/boots").size() == 2);
}

TEST_CASE("crond: a changed table counts within a second, and what did not change goes on",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "@every 1s echo a >>" + folder + "/a\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-ended")));
    root.user_table("games", "@every 1s echo b >>" + folder + "/b\n");
    CHECK(crond.writes("crontabs/games", 1));
    CHECK(eventually([&] { return !root.lines("/out/b").empty(); }));
    // In parts it turns bad: the good line runs, the bad one is named.
    root.user_table("games", "@every 1s echo c >>" + folder + "/c\n99 * * * * true\n");
    CHECK(crond.writes(event("table-error")));
    CHECK(eventually([&] { return !root.lines("/out/c").empty(); }));
    fs::remove(root.path("/var/spool/cron/crontabs/games"));
    CHECK(crond.writes(event("table-removed")));
    const auto before = root.lines("/out/c").size();
    const auto other = root.lines("/out/a").size();
    CHECK(eventually([&] { return root.lines("/out/a").size() >= other + 3; }));
    CHECK(root.lines("/out/c").size() <= before + 1);  // one may have been under way
}

TEST_CASE("crond: a storm of SIGHUP loses no due time and repeats none", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.system_table("CRON_NAME=steady\n@every 1s root echo x >>" + folder + "/runs\n");
    for (int i = 0; i < 200; ++i) {
        root.write("/etc/cron.d/t" + std::to_string(i), "0 0 1 1 * root true\n");
    }
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("started")));
    REQUIRE(crond.writes("\"steady\""));
    int storm = 0;
    REQUIRE(eventually([&] {
        crond.signal(SIGHUP);
        ++storm;
        return root.lines("/out/runs").size() >= 8;
    }));
    CHECK(storm > 50);
    crond.signal(SIGTERM);
    REQUIRE(crond.wait() == 0);
    check_every_second(crond.output(), "steady");
    CHECK(crond.count("due-missed") == 0);
}

TEST_CASE("crond: SIGTERM leaves the machine's jobs running", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "@reboot echo $$ >" + folder + "/pid; exec sleep 1000\n");
    Process crond(crond_arguments(root));
    REQUIRE(eventually([&] { return !root.lines("/out/pid").empty(); }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    const pid_t job = std::stoi(root.read("/out/pid"));
    CHECK(::kill(job, 0) == 0);
    ::kill(job, SIGKILL);
}

TEST_CASE("crond TABLE: TERM to every job's group, KILL when the grace is over", "[system]") {
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.write("/table", "@reboot trap '' TERM; echo $$ >" + folder +
                             "/deaf; while :; do sleep 1; done\n" + "@reboot trap 'echo bye >" +
                             folder + "/bye; exit 0' TERM; echo $$ >" + folder +
                             "/good; while :; do sleep 0.1; done\n");
    Process crond({BELFRY_CROND, "--foreground", "--grace", "1h", root.path("/table")});
    REQUIRE(eventually(
        [&] { return !root.lines("/out/deaf").empty() && !root.lines("/out/good").empty(); }));
    crond.signal(SIGTERM);
    REQUIRE(eventually([&] { return root.read("/out/bye") == "bye\n"; }));
    crond.signal(SIGINT);  // the grace is over
    CHECK(crond.wait() == 0);
    CHECK(root.read("/out/bye") == "bye\n");
    const pid_t deaf = std::stoi(root.read("/out/deaf"));
    CHECK(::kill(deaf, 0) != 0);
    CHECK(crond.count("signal 9") == 1);
}

TEST_CASE("crond TABLE: a second signal stops now", "[system]") {
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.write("/table",
               "@reboot trap '' TERM; echo $$ >" + folder + "/deaf; while :; do sleep 1; done\n");
    Process crond({BELFRY_CROND, "--foreground", "--grace", "1h", root.path("/table")});
    REQUIRE(eventually([&] { return !root.lines("/out/deaf").empty(); }));
    crond.signal(SIGTERM);
    crond.signal(SIGINT);
    CHECK(crond.wait() == 0);
    CHECK(::kill(std::stoi(root.read("/out/deaf")), 0) != 0);
}

TEST_CASE("crond: SIGUSR1 tells tables, jobs and next due times", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table("0 0 1 1 * root happy new year\n0 0 31 2 * root never\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("started")));
    crond.signal(SIGUSR1);
    CHECK(crond.writes("\"jobs\":2"));
    CHECK(crond.writes("\"next\":\"2"));
    CHECK(crond.writes("\"next\":\"never\""));
}

// Jobs that wait at a gate, told to stop at their first start: how many were started.
int stop_in_burst(const TempRoot& root, int jobs) {
    const std::string folder = root.open_folder("/out");
    REQUIRE(::mkfifo(root.path("/gate").c_str(), 0600) == 0);
    std::string table = "MAILTO=\"\"\n";
    for (int i = 0; i < jobs; ++i) {
        table += "@reboot root read x <" + root.path("/gate") + "; : >" + folder + "/" +
                 std::to_string(i) + "\n";
    }
    root.system_table(table);
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-started")));
    crond.signal(SIGTERM);
    REQUIRE(crond.wait() == 0);
    CHECK(crond.count("signal 15") == 0);
    return crond.count(event("run-started"));
}

// Whoever waits at the gate goes on; false while nobody does.
bool open_gate(const TempRoot& root) {
    const UniqueFd gate(::open(root.path("/gate").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    return bool(gate);
}

TEST_CASE(
    "crond: a stop in the middle of a burst kills no job, and the next daemon starts the others",
    "[system]") {
    if (!is_root()) return;
    constexpr int kJobs = 600;
    std::optional<TempRoot> root;
    int started = kJobs;
    // Where others use the machine our signal may come when the burst is over.
    for (int attempt = 0; attempt < 5 && started == kJobs; ++attempt) {
        if (root) CHECK(eventually([&] { return !open_gate(*root); }));
        root.emplace();
        started = stop_in_burst(*root, kJobs);
    }
    CHECK(started < kJobs);
    Process next(crond_arguments(*root));
    REQUIRE(next.writes(event("run-started"), kJobs - started));
    CHECK(eventually([&] {
        open_gate(*root);
        return next.count(event("run-ended")) == kJobs;
    }));
    CHECK(next.count(event("run-started")) == kJobs - started);
    CHECK(next.count(event("run-lost")) == 0);
    CHECK(root->names("/out").size() == kJobs);
}

TEST_CASE("crond: as PID 1 it collects the orphans, and its jobs keep their own status",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.write("/table", "@every 1s (sleep 0.1 &) ; exit 7\n");
    Process shell({"/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
                   BELFRY_CROND, "--foreground", "--log", "json", root.path("/table")});
    REQUIRE(shell.writes("\"status\":\"7\"", 3));
    // Of what it inherited only what has not ended yet is left.
    const std::string children = slurp("/proc/" + std::to_string(shell.pid()) + "/task/" +
                                       std::to_string(shell.pid()) + "/children");
    const std::string crond = children.substr(0, children.find(' '));
    REQUIRE_FALSE(crond.empty());
    CHECK(eventually([&] {
        std::istringstream pids(slurp("/proc/" + crond + "/task/" + crond + "/children"));
        int zombies = 0;
        for (std::string pid; pids >> pid;) {
            zombies += slurp("/proc/" + pid + "/stat").find(") Z ") != std::string::npos ? 1 : 0;
        }
        return zombies == 0;
    }));
}

TEST_CASE("crond: a stop while nobody reads loses no line that has room", "[system]") {
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    constexpr int kLines = 200'000;
    root.write("/table",
               "CRON_NAME=j\n@reboot seq " + std::to_string(kLines) + "; : >" + folder + "/done\n");
    Process crond({BELFRY_CROND, "--foreground", "--log-level", "error", root.path("/table")});
    // Far more than a pipe holds, and less than may wait.
    REQUIRE(eventually([&] { return fs::exists(folder + "/done"); }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(crond.count("[j] ") == kLines);
}
