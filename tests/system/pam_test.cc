// The daemon with sessions of the real PAM, configured below its root; and what it may do itself.
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "machine.h"

namespace cron::system_test {
namespace {

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

// The service of cron, with `lines` before what tells of each session in the open folder /told.
void write_service(const TempRoot& root, const std::string& lines = "") {
    std::filesystem::create_directories(root.path("/etc/pam.d"));
    const std::string folder = root.open_folder("/told");
    root.write("/tell", "#!/bin/sh\necho $PAM_USER >" + folder + "/$PAM_TYPE.$$\n", 0755);
    root.write("/etc/pam.d/cron", "auth required pam_permit.so\n" + lines +
                                      "account required pam_permit.so\n"
                                      "session required pam_exec.so " +
                                      root.path("/tell") + "\n");
}

std::ptrdiff_t told(const TempRoot& root, const std::string& what) {
    const auto names = root.names("/told");
    return std::count_if(names.begin(), names.end(),
                         [&](const std::string& name) { return name.starts_with(what + "."); });
}

TEST_CASE("pam: a job and what its table names for its end have a session each, its mail none",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    write_service(root);
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon",
                    "CRON_ON_FAILURE=echo hook >>" + folder + "/hook\n@reboot echo job; exit 7\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
    REQUIRE(crond.writes("\"status\":\"7\""));
    CHECK(crond.writes(event("hook")));
    CHECK(eventually([&] {
        const auto names = root.names("/mail");
        return std::any_of(names.begin(), names.end(),
                           [](const std::string& name) { return name.ends_with(".mail"); });
    }));
    CHECK(root.read("/out/hook") == "hook\n");
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(told(root, "open_session") == 2);
    CHECK(told(root, "close_session") == 2);
    CHECK(root.names("/var/spool/cron/output").empty());
}

TEST_CASE("pam: a refusal starts nothing and says why; the advice on what to do comes once",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    write_service(root, "account required pam_deny.so\n");
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "@every 1s : >>" + folder + "/job\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-not-started"), 2));
    CHECK(crond.count("\"reason\":\"pam_acct_mgmt: ") >= 2);
    CHECK(crond.count(event("pam-refused")) == 1);
    CHECK(root.names("/out").empty());
}

TEST_CASE("pam: a hook that PAM refuses is told of with what PAM said", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    write_service(root);
    const std::string folder = root.open_folder("/out");
    // From the end of the job on its user is locked out.
    root.user_table("daemon", "CRON_ON_SUCCESS=: >>" + folder + "/hook\n@reboot until [ -e " +
                                  folder + "/go ]; do sleep 0.05; done\n");
    Process crond(crond_arguments(root));
    REQUIRE(eventually([&] { return told(root, "open_session") == 1; }));
    write_service(root, "account required pam_deny.so\n");
    root.write("/out/go", "");
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(crond.writes("pam_acct_mgmt: "));
    CHECK(root.names("/out") == std::vector<std::string>{"go"});
}

TEST_CASE("pam: its service may come and go, and crond.json may refuse it", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon", "@every 1s true\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(crond.count(event("pam")) == 0);
    write_service(root);
    crond.signal(SIGHUP);
    REQUIRE(crond.writes("jobs have sessions of PAM's service cron"));
    CHECK(eventually([&] { return told(root, "close_session") > 0; }));
    root.write("/etc/crond.json", "{\"pam\": \"no\"}");
    crond.signal(SIGHUP);
    CHECK(crond.writes("jobs have no PAM sessions"));
}

TEST_CASE("pam: a run that ends while no daemon is there, or with the next, has its true status",
          "[system]") {
    if (!is_root()) return;
    for (const int signal : {SIGTERM, SIGKILL}) {
        const TempRoot root;
        write_service(root);
        const std::string folder = root.open_folder("/out");
        const std::string until = "; until [ -e " + folder + "/";
        root.user_table("daemon", "@reboot echo one" + until +
                                      "one ]; do sleep 0.05; done; exit 7\n" + "@reboot echo two" +
                                      until + "two ]; do sleep 0.05; done; " + "kill -USR1 $$\n");
        {
            Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
            REQUIRE(crond.writes(event("run-started"), 2));
            REQUIRE(eventually([&] { return told(root, "open_session") == 2; }));
            crond.signal(signal);
            crond.wait();
        }
        root.write("/out/one", "");
        REQUIRE(eventually([&] { return told(root, "close_session") == 1; }));
        Process next(crond_arguments(root, {"--mailer", root.mailer()}));
        REQUIRE(next.writes("\"status\":\"7\""));
        REQUIRE(next.writes(event("run-adopted")));
        root.write("/out/two", "");
        REQUIRE(next.writes("\"status\":\"signal 10\""));
        CHECK(next.count(event("run-lost")) == 0);
        CHECK(next.count("\"status\":\"unknown\"") == 0);
        CHECK(told(root, "close_session") == 2);
        next.signal(SIGTERM);
        CHECK(next.wait() == 0);
        CHECK(root.names("/var/spool/cron/output").empty());
    }
}

TEST_CASE("pam: a timeout ends the job and closes its session, for an adopted run too",
          "[system]") {
    if (!is_root()) return;
    for (const bool is_adopted : {false, true}) {
        const TempRoot root;
        write_service(root);
        // Its shell has a child, and both hear of nothing but KILL.
        root.user_table("daemon",
                        "CRON_TIMEOUT=" + std::string(is_adopted ? "3s" : "1s") +
                            "\nCRON_KILL_AFTER=1s\n@reboot trap '' TERM; sleep 1000; exit 3\n");
        {
            Process crond(crond_arguments(root));
            REQUIRE(crond.writes(event("run-started")));
            if (!is_adopted) {  // it is 15 where that comes before the trap
                REQUIRE(crond.writes("\"status\":\"signal "));
                CHECK(told(root, "close_session") == 1);
                continue;
            }
            crond.signal(SIGKILL);
            crond.wait();
        }
        Process next(crond_arguments(root));
        REQUIRE(next.writes(event("run-adopted")));
        REQUIRE(next.writes("\"status\":\"signal "));
        CHECK(told(root, "close_session") == 1);
    }
}

TEST_CASE("pam: of fifty jobs in one second each has its session", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    write_service(root);
    std::string table;
    for (int i = 0; i < 50; ++i) table += "@reboot exit " + std::to_string(100 + i) + "\n";
    root.user_table("daemon", table);
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-ended"), 50));
    for (int i = 0; i < 50; ++i) {
        CHECK(crond.count("\"status\":\"" + std::to_string(100 + i) + "\"") == 1);
    }
    CHECK(told(root, "open_session") == 50);
    CHECK(told(root, "close_session") == 50);
}

// What /proc/PID/status has for `name`, of this process or in `text`.
std::uint64_t capabilities(const std::string& text, const std::string& name) {
    const std::size_t at = text.find(name + ":\t");
    REQUIRE(at != std::string::npos);
    return std::stoull(text.substr(at + name.size() + 2, 16), nullptr, 16);
}

std::string status_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("capabilities: crond has few, in each thread, and root's jobs all that it was given",
          "[system]") {
    if (!is_root()) return;
    const std::uint64_t given = capabilities(status_of(::getpid()), "CapEff");
    const bool is_bound = given != capabilities(status_of(::getpid()), "CapBnd");
    if (is_bound) {
        WARN("skipped: root has less here than an exec would give it");
        return;
    }
    // CHOWN, DAC_OVERRIDE, FOWNER, KILL, SYS_RESOURCE
    constexpr std::uint64_t kKept = 1U << 0 | 1U << 1 | 1U << 3 | 1U << 5 | 1U << 24;
    for (const bool with_pam : {false, true}) {
        const TempRoot root;
        if (with_pam) write_service(root);
        const std::string folder = root.open_folder("/out");
        root.system_table("@reboot root cat /proc/self/status >" + folder +
                          "/root\n@reboot daemon cat /proc/self/status >" + folder + "/daemon\n");
        Process crond(crond_arguments(root));
        REQUIRE(crond.writes(event("run-ended"), 2));
        for (const auto& thread : std::filesystem::directory_iterator(
                 "/proc/" + std::to_string(crond.pid()) + "/task")) {
            const std::string status = status_of(std::stoi(thread.path().filename()));
            CHECK(capabilities(status, "CapEff") == (given & kKept));
            CHECK(capabilities(status, "CapPrm") == (given & kKept));
        }
        CHECK(capabilities(root.read("/out/root"), "CapEff") == given);
        CHECK(capabilities(root.read("/out/daemon"), "CapEff") == 0);
        CHECK(crond.count(event("capabilities-kept")) == 0);
    }
}

TEST_CASE("capabilities: they are enough to go on with a run where /proc hides it", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "@reboot until [ -e " + folder + "/go ]; do sleep 0.05; done\n");
    std::vector<std::string> arguments = {
        "/usr/bin/unshare",
        "--mount",
        "/bin/sh",
        "-c",
        "mount -t proc -o hidepid=2,gid=54321 proc /proc || exit 77; exec \"$@\"",
        "sh"};
    for (const std::string& argument : crond_arguments(root)) arguments.push_back(argument);
    {
        Process crond(arguments);
        if (!crond.writes(event("run-started"))) {
            WARN("skipped: /proc cannot be mounted here");
            return;
        }
        crond.signal(SIGKILL);
        crond.wait();
    }
    Process next(arguments);
    REQUIRE(next.writes(event("started")));
    CHECK(next.count(event("run-adopted")) == 1);
    CHECK(next.count(event("run-lost")) == 0);
    root.write("/out/go", "");
    CHECK(next.writes(event("run-ended")));
}

TEST_CASE("capabilities: are kept, and crond says so, where root's jobs would lose them",
          "[system]") {
    if (!is_root()) return;
    const std::uint64_t given = capabilities(status_of(::getpid()), "CapEff");
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.system_table("@reboot root cat /proc/self/status >" + folder + "/root\n");
    Process crond(crond_arguments(root), [] { ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); });
    REQUIRE(crond.writes(event("capabilities-kept")));
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(capabilities(root.read("/out/root"), "CapEff") == given);
}

}  // namespace
}  // namespace cron::system_test
