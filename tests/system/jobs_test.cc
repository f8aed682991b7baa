// What a job finds, what becomes of its output, and of much at once.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "machine.h"

using namespace cron;
using namespace cron::system_test;
namespace fs = std::filesystem;

namespace {

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

// The messages that the mailer of `root` got.
std::vector<std::string> mails(const TempRoot& root) {
    std::vector<std::string> found;
    for (const std::string& name : root.names("/mail")) {
        if (name.ends_with(".mail")) found.push_back(root.read("/mail/" + name));
    }
    return found;
}

}  // namespace

TEST_CASE("jobs: each runs as its user, with that user's groups and the documented environment",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    const std::string command =
        "{ id -un; id -G; pwd; env | grep -v ^CRON_ | sort; umask; } >" + folder;
    root.user_table("daemon", "FOO=bar\n@reboot " + command + "/daemon\n");
    root.user_table("games", "@reboot " + command + "/games\n");
    root.system_table("@reboot root " + command + "/root\n");
    Process crond(crond_arguments(root), [] {
        ::setenv("SECRET", "of the daemon", 1);
        ::umask(077);
    });
    REQUIRE(crond.writes(event("run-ended"), 3));
    const std::vector<std::string> lines = root.lines("/out/daemon");
    std::string found;
    for (const std::string& line : lines) {
        if (!line.starts_with("CRON_")) found += line + '\n';
    }
    CHECK(found ==
          "daemon\n1\n/usr/sbin\nFOO=bar\nHOME=/usr/sbin\nLOGNAME=daemon\nPATH=/usr/bin:/bin\n"
          "PWD=/usr/sbin\nSHELL=/bin/sh\nUSER=daemon\n0022\n");
    CHECK(root.lines("/out/games").at(0) == "games");
    CHECK(root.lines("/out/root").at(0) == "root");
    CHECK(root.read("/out/root").find("SECRET") == std::string::npos);
}

TEST_CASE("jobs: each is told its name, run, due time and attempt, whatever its table says",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon",
                    "CRON_TZ=Asia/Kolkata\nCRON_RUN=forged\nCRON_NAME=tell\n@reboot env | "
                    "grep ^CRON_ | sort >" +
                        folder + "/told; echo to be mailed\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
    REQUIRE(eventually([&] { return mails(root).size() == 1; }));
    const std::vector<std::string> told = root.lines("/out/told");
    REQUIRE(told.size() == 5);
    CHECK(told[0] == "CRON_ATTEMPT=1");
    CHECK(std::regex_match(told[1], std::regex("CRON_DUE=\\d{4}-\\d\\d-\\d\\dT[0-9:]{8}\\+05:30")));
    CHECK(told[2] == "CRON_JOB=tell");
    CHECK(std::regex_match(told[3], std::regex("CRON_RUN=[0-9a-f]{16}-\\d{8}T\\d{6}Z")));
    // So does who reads the mail.
    CHECK(mails(root).front().find("X-Cron-Env: <" + told[3] + ">\n") != std::string::npos);
    CHECK(crond.output().find("CRON_RUN is always set by cron") != std::string::npos);
}

TEST_CASE("jobs: each has the nice value, disk priority and umask of its table, else ours",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    const std::string tell = "{ nice; ionice; umask; } >" + folder;
    root.user_table("daemon", "@reboot " + tell +
                                  "/ours\nCRON_NICE=12\nCRON_IONICE=best-effort:6\nCRON_UMASK=027\n"
                                  "@reboot " +
                                  tell + "/user\n");
    root.system_table("CRON_NICE=-3\nCRON_IONICE=realtime:5\nCRON_UMASK=0\n@reboot daemon " + tell +
                      "/system\n");
    Process crond(crond_arguments(root), [] {
        ::umask(077);
        if (::setpriority(PRIO_PROCESS, 0, 4) != 0) ::_exit(1);
    });
    REQUIRE(crond.writes(event("run-ended"), 3));
    CHECK(root.lines("/out/ours").at(0) == "4");
    CHECK(root.lines("/out/ours").at(2) == "0022");
    CHECK(root.read("/out/user") == "12\nbest-effort: prio 6\n0027\n");
    CHECK(root.read("/out/system") == "-3\nrealtime: prio 5\n0000\n");
    CHECK(crond.count(event("setting-failed")) == 0);
}

TEST_CASE("jobs: a nice value that a user may not have is left, and that is said", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "CRON_NICE=0\n@reboot nice >" + folder + "/nice\n");
    Process crond(crond_arguments(root), [] {
        if (::setpriority(PRIO_PROCESS, 0, 4) != 0) ::_exit(1);
    });
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(root.read("/out/nice") == "4\n");
    CHECK(crond.count(event("setting-failed")) == 1);
    CHECK(crond.output().find("CRON_NICE cannot be had") != std::string::npos);
}

TEST_CASE("jobs: no descriptor of the daemon, default signals, a session of their own",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon",
                    "@reboot ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> .*/\\1/p' >" +
                        folder + "/fds; grep -E '^Sig(Blk|Ign)' /proc/self/status >" + folder +
                        "/signals; ps -o pid=,pgid=,sid= -p $$ >" + folder + "/ids\n");
    Process crond(crond_arguments(root), [] {
        // What a careless starter may leave behind.
        for (int i = 0; i < 20; ++i) ::open("/dev/null", O_RDONLY);
        ::signal(SIGINT, SIG_IGN);
        ::signal(SIGHUP, SIG_IGN);
    });
    REQUIRE(crond.writes(event("run-ended")));
    // 3 is the folder that ls itself reads.
    CHECK(root.read("/out/fds") == "0\n1\n2\n3\n");
    for (const std::string& line : root.lines("/out/signals")) {
        CHECK(line.find("0000000000000000") != std::string::npos);
    }
    const std::string ids = root.read("/out/ids");
    std::istringstream numbers(ids);
    long pid = 0;
    long group = 0;
    long session = 0;
    numbers >> pid >> group >> session;
    CHECK(pid > 0);
    CHECK(group == pid);
    CHECK(session == pid);
}

TEST_CASE("jobs: of output beyond its limit the middle goes while the job still runs", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    // It goes on when its own file, which stderr is too, has shrunk.
    root.user_table(
        "daemon",
        "CRON_MAX_OUTPUT=64K\n@reboot echo first; yes | head -c 3000000; until [ "
        "$(stat -L -c \\%b /proc/self/fd/2) -lt 400 ]; do sleep 0.05; done; echo last\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
    REQUIRE(eventually([&] { return mails(root).size() == 1; }));
    const std::string mail = mails(root).front();
    CHECK(mail.find("\n\nfirst\ny\n") != std::string::npos);
    CHECK(mail.ends_with("y\nlast\n"));
    CHECK(std::regex_search(mail, std::regex("\ny\n\\[29\\d{5} bytes are left out here\\]\ny\n")));
    CHECK(mail.size() < 70'000);
    CHECK(crond.count(event("output-cut")) == 1);
    CHECK(crond.output().find("\"left_out_bytes\":" + std::to_string(3'000'011 - 65'536)) !=
          std::string::npos);
}

TEST_CASE("jobs: what follows the percent sign is their input, else there is none", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "@reboot cat >" + folder + "/text%one%two \\% three\n@reboot cat >" +
                                  folder + "/empty; echo done >>" + folder + "/empty\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-ended"), 2));
    CHECK(root.read("/out/text") == "one\ntwo % three\n");
    CHECK(root.read("/out/empty") == "done\n");
}

TEST_CASE("jobs: a HOME that cannot be entered is replaced by / and that is said", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "HOME=/does/not/exist\n@reboot pwd >" + folder + "/where\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(root.read("/out/where") == "/\n");
    CHECK(crond.count(event("home-replaced")) == 1);
}

TEST_CASE("jobs: a shell that is not there is an outcome with its stage", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon", "SHELL=/no/such/shell\n@reboot true\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-not-started")));
    CHECK(crond.output().find("No such file") != std::string::npos);
}

TEST_CASE("mail: output goes to the user, with the classic headers, as the user", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon", "@reboot echo to stdout; echo to stderr >&2\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
    REQUIRE(eventually([&] { return mails(root).size() == 1; }));
    const std::string mail = mails(root).front();
    CHECK(mail.find("From: root (Cron Daemon)\n") != std::string::npos);
    CHECK(mail.find("To: daemon\n") != std::string::npos);
    CHECK(mail.find("Subject: Cron <daemon@") != std::string::npos);
    CHECK(mail.find("X-Cron-Env: <LOGNAME=daemon>\n") != std::string::npos);
    CHECK(mail.find("\n\nto stdout\nto stderr\n") != std::string::npos);
    for (const std::string& name : root.names("/mail")) {
        if (name.ends_with(".user")) CHECK(root.read("/mail/" + name) == "daemon\n");
    }
    // What was mailed is not kept.
    CHECK(eventually([&] { return root.names("/var/spool/cron/output").empty(); }));
}

TEST_CASE("mail: none for no output, for MAILTO=\"\", and with -n for success", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table(
        "daemon",
        "@reboot true\n@reboot -n echo fine\n@reboot -n echo failed; exit 3\n"
        "MAILTO=\"\"\n@reboot echo unwanted\n"
        "MAILTO=somebody@example.com\nMAILFROM=cron@example.com\n@reboot echo elsewhere\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
    REQUIRE(crond.writes(event("run-ended"), 5));
    REQUIRE(eventually([&] { return mails(root).size() == 2; }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    const auto all = mails(root);
    REQUIRE(all.size() == 2);
    const std::string both = all[0] + all[1];
    CHECK(both.find("\nfailed\n") != std::string::npos);
    CHECK(both.find("To: somebody@example.com\n") != std::string::npos);
    CHECK(both.find("From: cron@example.com\n") != std::string::npos);
    CHECK(both.find("unwanted") == std::string::npos);
}

TEST_CASE("mail: without a mailer the output is in the log", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon", "@reboot echo precious\n");
    Process crond(crond_arguments(root, {"--mailer", root.path("/no/mailer")}));
    CHECK(crond.writes("\"line\":\"precious\""));
    CHECK(root.names("/var/spool/cron/mail").empty());
}

TEST_CASE("output: a background child that holds it does not keep the run alive", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "@reboot echo first; sleep 1000 & echo $! >" + folder + "/child\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(eventually([&] { return mails(root).size() == 1; }));
    const pid_t child = std::stoi(root.read("/out/child"));
    CHECK(::kill(child, 0) == 0);
    ::kill(child, SIGKILL);
}

TEST_CASE("output: with no room for it the job still runs", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    fs::create_directories(root.path("/var/spool/cron/output"));
    root.user_table("daemon", "@reboot echo ran >" + folder + "/ran; seq 100000\n");
    const std::string output = root.path("/var/spool/cron/output");
    Process crond(crond_arguments(root, {"--mailer", root.mailer()}), [&] {
        // A file system of its own, with no room and not one inode to spare.
        if (::unshare(CLONE_NEWNS) != 0) ::_exit(99);
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
        if (::mount("none", output.c_str(), "tmpfs", 0, "size=4k,nr_inodes=1,mode=700") != 0)
            ::_exit(99);
    });
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(root.read("/out/ran") == "ran\n");
    CHECK(crond.count(event("output-in-memory")) == 1);
    CHECK(eventually([&] { return mails(root).size() == 1; }));
}

TEST_CASE("burst: 500 jobs of one second all run, in file order, and leave no zombie", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    std::string table = "MAILTO=\"\"\n";
    for (int i = 0; i < 500; ++i) {
        table += "@reboot root : >" + folder + "/" + std::to_string(i) + "\n";
    }
    root.system_table(table);
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-ended"), 500));
    CHECK(root.names("/out").size() == 500);
    std::size_t at = 0;
    for (int i = 0; i < 500; ++i) {
        const std::size_t next = crond.output().find("/out/" + std::to_string(i) + "\"", at);
        REQUIRE(next != std::string::npos);
        if (i < 100) CHECK(next > at);
        at = i < 100 ? next : at;
    }
    for (const auto& entry :
         fs::directory_iterator("/proc/" + std::to_string(crond.pid()) + "/task")) {
        std::ifstream children(entry.path() / "children");
        std::string pids;
        std::getline(children, pids);
        CHECK(pids.empty());
    }
}

TEST_CASE("prefix: tables as arguments run as the caller, their lines named, on the same stream",
          "[system]") {
    const TempRoot root;
    root.write("/table", "@reboot echo out; echo err >&2; printf end\n");
    Process crond({BELFRY_CROND, "--foreground", "--log-level", "error", root.path("/table")});
    CHECK(crond.writes("[echo out; echo err >&2; printf end] out\n"));
    CHECK(crond.writes("[echo out; echo err >&2; printf end] err\n"));
    CHECK(crond.writes("[echo out; echo err >&2; printf end] end\n"));
    CHECK_FALSE(fs::exists(root.path("/run/crond.pid")));
}

TEST_CASE("raw: the output is as the job writes it", "[system]") {
    const TempRoot root;
    root.write("/table", "@reboot printf 'as it is'\n");
    Process crond({BELFRY_CROND, "--foreground", "--output", "raw", "--log-level", "error",
                   root.path("/table")});
    CHECK(crond.writes("as it is"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(crond.output() == "as it is");
}

TEST_CASE("--root works without root for one's own table", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("games", "@reboot id -un >" + folder + "/who\n");
    for (const auto& entry : fs::recursive_directory_iterator(root.path(""))) {
        ::chown(entry.path().c_str(), 5, 60);  // games
    }
    ::chown(root.path("").c_str(), 5, 60);
    Process crond(crond_arguments(root), [] {
        if (::setgid(60) != 0 || ::setuid(5) != 0) ::_exit(99);
    });
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(root.read("/out/who") == "games\n");
}
