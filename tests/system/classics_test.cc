// What users of Debian's cron and of cronie know, with the whole daemon.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "machine.h"

namespace cron::system_test {
namespace {

namespace fs = std::filesystem;

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

std::vector<std::string> mails(const TempRoot& root) {
    std::vector<std::string> found;
    for (const std::string& name : root.names("/mail")) {
        if (name.ends_with(".mail")) found.push_back(root.read("/mail/" + name));
    }
    return found;
}

// crond by the name of cron.
std::vector<std::string> cron_arguments(const TempRoot& root,
                                        const std::vector<std::string>& more) {
    const fs::path link = root.path("/cron");
    if (!fs::exists(link)) fs::create_symlink(BELFRY_CROND, link);
    auto arguments = crond_arguments(root, more);
    arguments.front() = link;
    return arguments;
}

// On the file system of the tables: control groups that others have left are watched too.
int inotify_watches_of(pid_t pid, const TempRoot& root) {
    struct stat status {};
    REQUIRE(::stat(root.path("/").c_str(), &status) == 0);
    std::ostringstream device;  // as the kernel writes it
    device << " sdev:" << std::hex << (major(status.st_dev) << 20U | minor(status.st_dev)) << ' ';
    int watches = 0;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fdinfo")) {
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) {
            watches += line.starts_with("inotify") && line.find(device.str()) != std::string::npos;
        }
    }
    return watches;
}

}  // namespace

TEST_CASE("crond -m: mail goes to a command of the shell, as the user, its recipients in it",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/mail");
    root.user_table("daemon", "MAILTO=bob@example.org\n@reboot echo hello\n");
    Process crond(
        crond_arguments(root, {"-m", "id -un >" + folder + "/user; cat >" + folder +
                                         "/part && mv " + folder + "/part " + folder + "/x.mail"}));
    REQUIRE(eventually([&] { return mails(root).size() == 1; }));
    CHECK(mails(root).front().find("\nTo: bob@example.org\n") != std::string::npos);
    CHECK(mails(root).front().ends_with("\n\nhello\n"));
    CHECK(root.read("/mail/user") == "daemon\n");
}

TEST_CASE("crond -m off: what would be mailed goes to the log", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon",
                    "@reboot echo precious\nMAILTO=\"\"\n@reboot echo unwanted\n@reboot sleep 0\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer(), "-m", "off"}));
    REQUIRE(crond.writes(event("run-ended"), 3));
    CHECK(crond.writes("\"line\":\"precious\""));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(crond.count("\"line\":\"unwanted\"") == 0);
    CHECK(mails(root).empty());
}

TEST_CASE("crond -s: all output goes to the log, wanted in mail or not", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon", "@reboot echo one\nMAILTO=\"\"\n@reboot echo two\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer(), "-s"}));
    CHECK(crond.writes("\"line\":\"one\""));
    CHECK(crond.writes("\"line\":\"two\""));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(mails(root).empty());
}

TEST_CASE("cron -L: the log has of runs what its bits say, and mail tells failures", "[system]") {
    if (!is_root()) return;
    struct Case {
        std::string bits;
        std::vector<int> counts;  // of starts, ends and failures
        std::string subject;
    };
    for (const Case& c : std::vector<Case>{{"0", {0, 0, 0}, "echo x; exit 3\n"},
                                           {"1", {1, 0, 0}, "echo x; exit 3\n"},
                                           {"6", {0, 1, 1}, "echo x; exit 3 (failed)\n"}}) {
        INFO(c.bits);
        const TempRoot root;
        root.user_table("daemon", "@reboot echo x; exit 3\n");
        Process cron(cron_arguments(root, {"--mailer", root.mailer(), "-L", c.bits}));
        REQUIRE(eventually([&] { return mails(root).size() == 1; }));
        CHECK(mails(root).front().find(c.subject) != std::string::npos);
        cron.signal(SIGTERM);
        CHECK(cron.wait() == 0);
        CHECK(std::vector<int>{cron.count(event("run-started")), cron.count(event("run-ended")),
                               cron.count(event("run-failed"))} == c.counts);
    }
}

TEST_CASE("PATH: of a table without one it is the flavour's, or with -P that of crond",
          "[system]") {
    if (!is_root()) return;
    const auto path_with = [](const std::string& config, const std::vector<std::string>& more) {
        const TempRoot root;
        const std::string out = root.open_folder("/out");
        root.write("/etc/crond.json", config);
        root.user_table("daemon", "@reboot /bin/echo $PATH >" + out + "/part; /bin/mv " + out +
                                      "/part " + out + "/path\n");
        Process crond(crond_arguments(root, more), [] { ::setenv("PATH", "/own:/bin", 1); });
        CHECK(eventually([&] { return fs::exists(root.path("/out/path")); }));
        return root.read("/out/path");
    };
    CHECK(path_with("{}", {}) == "/usr/bin:/bin\n");
    CHECK(path_with("{\"flavour\": \"cronie\"}", {}) == "/usr/bin:/bin:/usr/sbin:/sbin\n");
    CHECK(path_with("{}", {"-P"}) == "/own:/bin\n");
}

TEST_CASE("crond -p: a table that others may write to runs, and else does not", "[system]") {
    if (!is_root()) return;
    for (const bool is_permitted : {false, true}) {
        const TempRoot root;
        root.write("/var/spool/cron/crontabs/daemon", "@reboot true\n", 0666, "daemon");
        Process crond(crond_arguments(
            root, is_permitted ? std::vector<std::string>{"-p"} : std::vector<std::string>{}));
        REQUIRE(crond.writes(event(is_permitted ? "run-ended" : "table-notice")));
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
        CHECK(crond.count(event("run-ended")) == (is_permitted ? 1 : 0));
    }
}

TEST_CASE("cron -l: in cron.d the LSB's names are tables, and no others", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.write("/etc/cron.d/example.org-x", "@reboot root true one\n");
    root.write("/etc/cron.d/UPPER", "@reboot root true two\n");
    Process cron(cron_arguments(root, {"-l"}));
    REQUIRE(cron.writes(event("run-ended")));
    CHECK(cron.writes("WRONG FILE NAME"));
    cron.signal(SIGTERM);
    CHECK(cron.wait() == 0);
    CHECK(cron.count("true one") > 0);
    CHECK(cron.count("true two") == 0);
}

TEST_CASE("crond -i: no file is watched, and SIGHUP still reads", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    Process watching(crond_arguments(root));
    REQUIRE(watching.writes(event("started")));
    CHECK(eventually([&] { return inotify_watches_of(watching.pid(), root) > 0; }));
    watching.signal(SIGTERM);
    CHECK(watching.wait() == 0);
    Process crond(crond_arguments(root, {"-i"}));
    REQUIRE(crond.writes(event("started")));
    CHECK(inotify_watches_of(crond.pid(), root) == 0);
    root.user_table("daemon", "@every 1s true\n");
    crond.signal(SIGHUP);
    CHECK(crond.writes(event("run-ended")));
    CHECK(inotify_watches_of(crond.pid(), root) == 0);
}

}  // namespace cron::system_test
