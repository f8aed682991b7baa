// Tables as arguments as a container has them: their record in a folder, any uid, and nothing else
// that is written.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "unknown_user.h"

using namespace cron::system_test;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

std::string tick(const std::string& folder) {
    return "@every 1s echo $CRON_DUE >>" + folder + "/due\n";
}

// Nothing may be written but below `folder`.
void make_read_only(const std::string& folder) {
    const auto attributes = [](const std::string& path, unsigned flags, std::uint64_t set,
                               std::uint64_t clear) {
        const std::uint64_t attr[4] = {set, clear, 0, 0};
        return ::syscall(SYS_mount_setattr, AT_FDCWD, path.c_str(), flags, attr, sizeof attr);
    };
    constexpr std::uint64_t kReadOnly = 1;  // MOUNT_ATTR_RDONLY
    const bool done = ::unshare(CLONE_NEWNS) == 0 &&
                      ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                      ::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
                      attributes("/", AT_RECURSIVE, kReadOnly, 0) == 0 &&
                      attributes(folder, 0, 0, kReadOnly) == 0;
    if (!done) ::_exit(98);
}

}  // namespace

TEST_CASE("state: without it the record is in memory, which is said once, and no job is no error",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table("# no job\n");
    Process crond(with_table(root), become_unknown);
    REQUIRE(crond.writes("\"event\":\"holds\",\"tables\":1,\"jobs\":0"));
    CHECK(crond.count(event("record-in-memory")) == 1);
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(fs::is_empty(root.path("/var/spool/cron/crontabs")));
}

TEST_CASE("state: after kill -9 the next start repeats nothing, and @reboot entries run at each",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string state = unknown_folder(root, "/volume") + "/state";
    const std::string folder = root.open_folder("/out");
    root.system_table(tick(folder) + "@reboot echo boot >>" + folder + "/boots\n");
    for (std::size_t start = 1; start <= 3; ++start) {
        Process crond(with_table(root, {"--state", state}), become_unknown);
        REQUIRE(crond.writes(event("run-ended"), 3));
        CHECK(eventually([&] { return root.lines("/out/boots").size() == start; }));
        CHECK(crond.count(event("record-in-memory")) == 0);
        crond.signal(SIGKILL);
        CHECK(crond.wait() == 128 + SIGKILL);
    }
    CHECK(root.lines("/out/boots").size() == 3);
    const auto due = root.lines("/out/due");
    CHECK(due.size() >= 6);
    CHECK(std::set<std::string>(due.begin(), due.end()).size() == due.size());
    struct stat made {};
    REQUIRE(::stat(state.c_str(), &made) == 0);
    CHECK((made.st_mode & 07777U) == 0700);
}

TEST_CASE("state: a second crond on the same folder is refused, and told who holds it",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string state = unknown_folder(root, "/state");
    root.system_table("# no job\n");
    Process first(with_table(root, {"--state", state}), become_unknown);
    REQUIRE(first.writes(event("started")));
    const Ended second = run_unknown(with_table(root, {"--state", state}));
    CHECK(second.status == 1);
    CHECK_THAT(second.output, Contains("--state " + state + ": ") &&
                                  Contains("locked by process " + std::to_string(first.pid())));
    // As the file of a container that is elsewhere has it.
    first.signal(SIGSTOP);
    const cron::UniqueFd lock(
        ::open((state + "/.crond.lock").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    REQUIRE(::write(lock.get(), "1 web-5c9f\n", 11) == 11);
    const Ended third = run_unknown(with_table(root, {"--state", state}));
    CHECK(third.status == 1);
    CHECK_THAT(third.output, Contains("locked by process 1 on web-5c9f"));
    first.signal(SIGCONT);
    first.signal(SIGTERM);
    CHECK(first.wait() == 0);
}

TEST_CASE("state: a folder that cannot be used ends the start, with its path and our uid",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table("# no job\n");
    fs::create_directory(root.path("/state"));
    for (const auto& [folder, reason] :
         {std::pair{root.path("/state"), std::string("Permission denied for uid 12345")},
          std::pair{root.path("/state/below"), "cannot be made in " + root.path("/state")},
          std::pair{root.path("/not/there"), std::string("No such file")},
          std::pair{root.path("/etc/crontab"), std::string("it is no folder")}}) {
        const Ended ended = run_unknown(with_table(root, {"--state", folder}));
        CHECK(ended.status == 1);
        CHECK_THAT(ended.output, Contains("--state " + folder + ": ") && Contains(reason));
        const Ended test = run_unknown(with_table(root, {"--test", "--state", folder}));
        CHECK(test.status == 1);
        CHECK_THAT(test.output, Contains(reason));
    }
}

TEST_CASE("state: a run of a container that is gone is lost, whoever has its pid in the next",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table("@reboot sleep 1000\n");
    const auto container = [&] {
        std::vector<std::string> arguments = {"/usr/bin/unshare", "--pid", "--fork", "--mount-proc",
                                              "--kill-child=KILL"};
        for (auto& word : with_table(root, {"--state", root.path("/state")})) {
            arguments.push_back(word);
        }
        return arguments;
    };
    {
        Process crond(container());
        REQUIRE(crond.writes(event("run-started")));
        crond.signal(SIGKILL);
        REQUIRE_FALSE(crond.writes("what it never writes"));  // it and its jobs are gone
    }
    Process crond(container());
    REQUIRE(crond.writes(event("run-started")));
    CHECK(crond.count(event("run-lost")) == 1);
    CHECK_THAT(crond.output(), Contains("it was started in another container"));
    CHECK(crond.count(event("run-adopted")) == 0);
}

TEST_CASE(
    "tables as arguments: on a read-only machine nothing but the folder of --state is "
    "written",
    "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string state = unknown_folder(root, "/state");
    root.system_table("@reboot echo done as $LOGNAME in $HOME\n");
    Process crond(with_table(root, {"--state", state}), [&] {
        make_read_only(state);
        become_unknown();
        ::unsetenv("HOME");
    });
    REQUIRE(crond.writes("done as 12345 in /"));
    REQUIRE(crond.writes(event("run-ended")));
    for (const char* problem : {"\"level\":\"error\"", "\"level\":\"warning\""}) {
        CHECK(crond.count(problem) == 0);
    }
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(fs::file_size(state + "/ledger.db") > 0);
}

TEST_CASE("tables as arguments: one that is missing or a folder ends the start", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table("# no job\n");
    for (const auto& [table, reason] :
         {std::pair{root.path("/none"), std::string("No such file or directory")},
          std::pair{root.path("/etc"), std::string("it is a folder: name the tables in it")}}) {
        const Ended ended = run_unknown(with_table(root, {table}));
        CHECK(ended.status == 1);
        CHECK_THAT(ended.output, Contains("table " + table + ": " + reason));
    }
    root.write("/etc/private", "# no job\n", 0600);
    const Ended denied = run_unknown(with_table(root, {root.path("/etc/private")}));
    CHECK(denied.status == 1);
    CHECK_THAT(denied.output, Contains("Permission denied for uid 12345"));
}

TEST_CASE(
    "tables as arguments: with a user column others' entries are refused without root, and "
    "the rest runs",
    "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table("@reboot 12345 echo mine as $(id -u)\n@reboot daemon echo of others\n");
    Process crond(with_table(root, {"--system"}), become_unknown);
    REQUIRE(crond.writes("mine as 12345"));
    CHECK_THAT(crond.output(),
               Contains("a job of user 'daemon' needs a crond of root, and this one is uid 12345"));
    CHECK(crond.count("of others") == 0);
}

TEST_CASE("tables as arguments: with a user column root's crond obeys it", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table(
        "@reboot daemon echo it is $(id -un); echo anew >/dev/stderr\n"
        "@reboot root echo it is $(id -un)\n");
    Process crond(with_table(root, {"--system"}));
    CHECK(crond.writes("it is daemon"));
    CHECK(crond.writes("] anew\n"));  // its stderr is its own to open
    CHECK(crond.writes("it is root"));
}

TEST_CASE("tables as arguments: no crond-session is needed", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const fs::path programs = root.path("/bin");
    fs::create_directory(programs);
    fs::copy_file(BELFRY_CROND, programs / "crond");
    fs::copy_file(fs::path(BELFRY_CROND).parent_path() / "crond-job", programs / "crond-job");
    root.system_table("@reboot echo it runs\n");
    auto arguments = with_table(root);
    arguments.front() = programs / "crond";
    Process crond(arguments, become_unknown);
    CHECK(crond.writes("it runs"));
}
