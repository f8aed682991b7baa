// A live upgrade while jobs run in sessions of PAM: they go on, and are told to end, by way of
// those.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "versions.h"

namespace cron::system_test {
namespace {

namespace fs = std::filesystem;

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

void write_service(const TempRoot& root) {
    fs::create_directories(root.path("/etc/pam.d"));
    const std::string folder = root.open_folder("/told");
    root.write("/tell", "#!/bin/sh\necho $PAM_USER >" + folder + "/$PAM_TYPE.$$\n", 0755);
    root.write("/etc/pam.d/cron",
               "auth required pam_permit.so\naccount required pam_permit.so\n"
               "session required pam_exec.so " +
                   root.path("/tell") + "\n");
}

std::ptrdiff_t told(const TempRoot& root, const std::string& what) {
    const auto names = root.names("/told");
    return std::count_if(names.begin(), names.end(),
                         [&](const std::string& name) { return name.starts_with(what + "."); });
}

std::string until(const std::string& file) {
    return "until [ -e " + file + " ]; do sleep 0.05; done; ";
}

std::string mail_with(const TempRoot& root, const std::string& text) {
    for (const std::string& name : root.names("/mail")) {
        const std::string mail = name.ends_with(".mail") ? root.read("/mail/" + name) : "";
        if (mail.find(text) != std::string::npos) return mail;
    }
    return "";
}

// As where there was no room for what sessions leave.
void remove_session_files(const TempRoot& root) {
    for (const std::string& name : root.names("/var/spool/cron/output")) {
        if (name.ends_with("-session")) fs::remove(root.path("/var/spool/cron/output/" + name));
    }
}

}  // namespace

TEST_CASE("upgrade: runs in PAM sessions go on, with their output, status and usage", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const Versions versions(root);
    write_service(root);
    const std::string folder = root.open_folder("/out");
    const std::string mailer = root.mailer();
    // The one ends by itself, the other by a signal.
    root.user_table("daemon", "@reboot echo one; " + until(folder + "/one") +
                                  "echo more; exit 7\n@reboot echo two; " + until(folder + "/two") +
                                  "kill -USR1 $$\n");
    Process crond(versions.arguments({"--mailer", mailer}));
    REQUIRE(crond.writes(event("run-started"), 2));
    REQUIRE(eventually([&] { return told(root, "open_session") == 2; }));
    versions.install_next();
    upgrade(crond);
    versions.install_present();
    upgrade(crond);
    CHECK(crond.count("\"runs\":2}") == 2);
    root.write("/out/one", "");
    REQUIRE(crond.writes("\"status\":\"7\""));
    root.write("/out/two", "");
    REQUIRE(crond.writes("\"status\":\"signal 10\""));
    CHECK(eventually([&] { return !mail_with(root, "\none\nmore\n").empty(); }));
    CHECK(eventually([&] { return !mail_with(root, "\ntwo\n").empty(); }));
    CHECK(told(root, "open_session") == 2);
    CHECK(told(root, "close_session") == 2);
    CHECK(crond.count(event("run-adopted")) == 0);
    CHECK(crond.count(event("run-lost")) == 0);
    CHECK(eventually([&] { return children_of(crond.pid()).empty(); }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(root.names("/var/spool/cron/output").empty());
}

TEST_CASE(
    "upgrade: a run in a PAM session is told to end by way of it, also where its file is gone",
    "[system]") {
    if (!is_root()) return;
    for (const bool has_file : {true, false}) {
        CAPTURE(has_file);
        const TempRoot root;
        const Versions versions(root);
        write_service(root);
        const std::string folder = root.open_folder("/out");
        // Its shell has a child, and both hear of nothing but KILL.
        root.user_table("daemon",
                        "CRON_TIMEOUT=3s\nCRON_KILL_AFTER=1s\n@reboot trap '' TERM; "
                        "echo $$ >" +
                            folder + "/pid; sleep 1000; exit 3\n");
        Process crond(versions.arguments());
        REQUIRE(crond.writes(event("run-started")));
        REQUIRE(eventually([&] { return !root.read("/out/pid").empty(); }));
        if (!has_file) remove_session_files(root);
        versions.install_next();
        upgrade(crond);
        REQUIRE(crond.writes("\"status\":\"signal 9\""));
        CHECK(told(root, "close_session") == 1);
        CHECK_FALSE(fs::exists("/proc/" + std::to_string(std::stoi(root.read("/out/pid")))));
    }
}

TEST_CASE("upgrade: a session that has not opened yet goes on, and a refusal is told", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const Versions versions(root);
    write_service(root);
    const std::string folder = root.open_folder("/out");
    root.write("/tell", "#!/bin/sh\n: >" + folder + "/begun\n" + until(folder + "/go") + "exit 1\n",
               0755);
    root.user_table("daemon", "@reboot : >" + folder + "/job\n");
    Process crond(versions.arguments());
    REQUIRE(eventually([&] { return fs::exists(root.path("/out/begun")); }));
    versions.install_next();
    upgrade(crond);
    root.write("/out/go", "");
    REQUIRE(crond.writes(event("run-not-started")));
    CHECK(crond.count("pam_open_session: ") >= 1);
    CHECK(root.names("/out") == std::vector<std::string>{"begun", "go"});
}

// What /proc/PID/status has for `name`.
std::uint64_t capabilities(const std::string& text, const std::string& name) {
    const std::size_t at = text.find(name + ":\t");
    REQUIRE(at != std::string::npos);
    return std::stoull(text.substr(at + name.size() + 2, 16), nullptr, 16);
}

std::string status_of(const fs::path& process) {
    std::ifstream file(process / "status");
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("upgrade: the next program has few capabilities too, and root's jobs all", "[system]") {
    if (!is_root()) return;
    const std::string ours = status_of("/proc/self");
    const std::uint64_t given = capabilities(ours, "CapEff");
    if (given != capabilities(ours, "CapBnd")) {
        WARN("skipped: root has less here than an exec would give it");
        return;
    }
    for (const bool with_pam : {false, true}) {
        const TempRoot root;
        const Versions versions(root);
        if (with_pam) write_service(root);
        const std::string folder = root.open_folder("/out");
        Process crond(versions.arguments());
        REQUIRE(crond.writes(event("started")));
        const fs::path process = "/proc/" + std::to_string(crond.pid());
        const std::uint64_t kept = capabilities(status_of(process), "CapPrm");
        CHECK(kept != given);
        upgrade(crond);
        upgrade(crond);
        root.system_table("@every 1s root cat /proc/self/status >" + folder + "/root\n");
        REQUIRE(crond.writes(event("run-ended")));
        for (const auto& thread : fs::directory_iterator(process / "task")) {
            const std::string status = status_of(thread.path());
            CHECK(capabilities(status, "CapEff") == kept);
            CHECK(capabilities(status, "CapPrm") == kept);
            CHECK(capabilities(status, "CapBnd") == given);
        }
        CHECK(capabilities(root.read("/out/root"), "CapEff") == given);
        CHECK(crond.count(event("capabilities-kept")) == 0);
    }
}

}  // namespace cron::system_test
