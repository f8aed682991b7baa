// The control socket of the real crond, with clients of other users.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "control/channel.h"
#include "control/client.h"
#include "machine.h"

using namespace cron;
using namespace cron::control;
using namespace cron::system_test;

namespace {

constexpr uid_t kDaemon = 1;  // of Debian's base-passwd: daemon and bin
constexpr uid_t kBin = 2;

// Runs `body` as `user` in a child, and gives what it returns, up to 255. It ends with us.
pid_t start_as(uid_t user, const std::function<int()>& body) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::setgid(user) != 0 || ::setuid(user) != 0) ::_exit(255);
    ::_exit(body());
}

int end_of(pid_t child) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

int as(uid_t user, const std::function<int()>& body) { return end_of(start_as(user, body)); }

// 0 where crond did what was asked, else 1 + the code of its refusal; 100 where it said nothing.
int code_of(const Result<Answer>& answer) {
    if (!answer) return 100;
    return *answer ? 0 : 1 + static_cast<int>(answer->error().error.code);
}

constexpr int refused_as(ErrorCode code) { return 1 + static_cast<int>(code); }

class Machine {
  public:
    explicit Machine(
        const std::vector<std::string>& more = {},
        const std::function<void(const TempRoot&)>& prepare = [](const TempRoot&) {})
        : crond_(crond_arguments(root_, more), [this, prepare] { prepare(root_); }) {
        REQUIRE(crond_.writes("\"event\":\"started\""));
    }

    TempRoot& root() { return root_; }
    Process& crond() { return crond_; }
    std::string socket() const { return root_.path("/run/crond.sock"); }

    Result<Answer> ask(const Request& request) const { return control::ask(socket(), request); }
    int ask_as(uid_t user, const Request& request) const {
        return as(user, [&] { return code_of(ask(request)); });
    }

  private:
    TempRoot root_;
    Process crond_;
};

// One source of users knows an account by a name that means another in all others.
void name_bin_daemon(const TempRoot& root) {
    const std::string users = root.path("/etc/passwd");
    std::ofstream(users) << "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\n"
                            "daemon:x:2:2::/:/bin/sh\n";
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount(users.c_str(), "/etc/passwd", nullptr, MS_BIND, nullptr) != 0) {
        ::_exit(255);
    }
}

}  // namespace

TEST_CASE("control: a user has his table read, installed, removed and brought back", "[system]") {
    if (!is_root()) return;
    Machine machine;
    const std::string text = "@every 1s true\n";
    CHECK(machine.ask_as(kDaemon, ReadTable{"daemon"}) == 0);
    CHECK(machine.ask_as(kDaemon, RemoveTable{"daemon", {}}) == refused_as(ErrorCode::not_found));
    CHECK(machine.ask_as(kDaemon, InstallTable{"daemon", text, ""}) == 0);
    CHECK(machine.root().read("/var/spool/cron/crontabs/daemon") == text);
    const int read = as(kDaemon, [&] {
        const auto answer = machine.ask(ReadTable{"daemon"});
        return answer && *answer && (*answer)->text == text ? 0 : 1;
    });
    CHECK(read == 0);
    // Somebody else's version is not replaced.
    CHECK(machine.ask_as(kDaemon, InstallTable{"daemon", "# new\n", ""}) ==
          refused_as(ErrorCode::busy));
    CHECK(machine.ask_as(kDaemon, RemoveTable{"daemon", {}}) == 0);
    CHECK(machine.root().names("/var/spool/cron/crontabs").empty());
    CHECK(machine.ask_as(kDaemon, UndoTable{"daemon"}) == 0);
    CHECK(machine.root().read("/var/spool/cron/crontabs/daemon") == text);
    struct stat status {};
    REQUIRE(::stat(machine.root().path("/var/spool/cron/crontabs/daemon").c_str(), &status) == 0);
    CHECK(status.st_uid == kDaemon);
    CHECK((status.st_mode & 07777) == 0600);
    machine.crond().signal(SIGTERM);
    CHECK(machine.crond().wait() == 0);
    // What was asked is in the log, whether it was done or not.
    CHECK(machine.crond().count("\"event\":\"table-replaced\",\"user\":\"daemon\"") == 2);
    CHECK(machine.crond().count("\"event\":\"table-deleted\",\"user\":\"daemon\"") == 1);
    CHECK(machine.crond().count("\"event\":\"table-listed\",\"user\":\"daemon\"") == 2);
    CHECK_FALSE(std::filesystem::exists(machine.socket()));
}

TEST_CASE("control: who has the name of another user has not his table", "[system]") {
    if (!is_root()) return;
    if (as(0, [] { return ::unshare(CLONE_NEWNS); }) != 0) {
        WARN("skipped: there are no mount namespaces here");
        return;
    }
    Machine machine({}, name_bin_daemon);
    machine.root().user_table("daemon", "0 3 * * * backup\n");
    const int denied = refused_as(ErrorCode::denied);
    CHECK(machine.ask_as(kBin, ReadTable{"daemon"}) == denied);
    CHECK(machine.ask_as(kBin, InstallTable{"daemon", "# mine\n", {}}) == denied);
    CHECK(machine.ask_as(kBin, RemoveTable{"daemon", {}}) == denied);
    CHECK(machine.ask_as(kDaemon, ReadTable{"daemon"}) == 0);
    CHECK(machine.root().read("/var/spool/cron/crontabs/daemon") == "0 3 * * * backup\n");
}

TEST_CASE("control: a table of more than 10000 lines only root installs", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    std::string text;
    for (int line = 0; line < 10'000; ++line) text += "#\n";
    CHECK(machine.ask_as(kDaemon, InstallTable{"daemon", text, {}}) == 0);
    CHECK(machine.ask_as(kDaemon, InstallTable{"daemon", text + "#", {}}) ==
          refused_as(ErrorCode::limit));
    CHECK(machine.ask_as(0, InstallTable{"daemon", text + "#\n", {}}) == 0);
}

TEST_CASE("control: a table that is installed runs, one that is removed does not", "[system]") {
    if (!is_root()) return;
    Machine machine;
    CHECK(machine.ask_as(kDaemon, InstallTable{"daemon", "@every 1s true\n", {}}) == 0);
    CHECK(machine.crond().writes("\"event\":\"run-ended\",\"user\":\"daemon\""));
    CHECK(machine.ask_as(kDaemon, RemoveTable{"daemon", {}}) == 0);
    CHECK(machine.crond().writes("\"event\":\"table-removed\""));
}

TEST_CASE("control: nobody but root has to do with the table of another", "[system]") {
    if (!is_root()) return;
    Machine machine;
    REQUIRE(machine.ask_as(kBin, InstallTable{"bin", "# bin's\n", {}}) == 0);
    for (const Request& request :
         {Request(ReadTable{"bin"}), Request(InstallTable{"bin", "# daemon's\n", {}}),
          Request(RemoveTable{"bin", {}}), Request(UndoTable{"bin"}), Request(ReadTable{"root"}),
          Request(ReadTable{"nobody-such"}), Request(ReadTable{"../crontabs/bin"})}) {
        CHECK(machine.ask_as(kDaemon, request) == refused_as(ErrorCode::denied));
    }
    CHECK(machine.root().read("/var/spool/cron/crontabs/bin") == "# bin's\n");
    CHECK(machine.crond().writes("\"event\":\"table-denied\",\"user\":\"daemon\"", 7));
    CHECK(code_of(machine.ask(InstallTable{"bin", "# root's\n", {}})) == 0);
    CHECK(machine.root().read("/var/spool/cron/crontabs/bin") == "# root's\n");
    CHECK(code_of(machine.ask(ReadTable{"nobody-such"})) == refused_as(ErrorCode::not_found));
    CHECK(code_of(machine.ask(InstallTable{"../x", "", {}})) == refused_as(ErrorCode::not_found));
    // A uid without a name has no table.
    CHECK(machine.ask_as(54321, ReadTable{"54321"}) == refused_as(ErrorCode::not_found));
}

TEST_CASE("control: cron.allow and cron.deny hold, and so does the flavour of now", "[system]") {
    if (!is_root()) return;
    Machine machine;
    const TempRoot& root = machine.root();
    const Request read = ReadTable{"daemon"};
    CHECK(machine.ask_as(kDaemon, read) == 0);
    root.write("/etc/cron.deny", "daemon\n");
    CHECK(machine.ask_as(kDaemon, read) == refused_as(ErrorCode::denied));
    CHECK(machine.crond().writes("\"event\":\"crontab-denied\",\"user\":\"daemon\""));
    CHECK(machine.ask_as(kBin, ReadTable{"bin"}) == 0);
    CHECK(code_of(machine.ask(read)) == 0);
    root.write("/etc/cron.allow", "daemon\n");
    CHECK(machine.ask_as(kDaemon, read) == 0);
    CHECK(machine.ask_as(kBin, ReadTable{"bin"}) == refused_as(ErrorCode::denied));
    std::filesystem::remove(root.path("/etc/cron.allow"));
    std::filesystem::remove(root.path("/etc/cron.deny"));
    // Neither file: all in Debian, root alone in cronie.
    CHECK(machine.ask_as(kBin, ReadTable{"bin"}) == 0);
    root.write("/etc/crond.json", "{\"flavour\": \"cronie\"}");
    machine.crond().signal(SIGHUP);
    REQUIRE(machine.crond().writes("\"event\":\"config-changed\""));
    CHECK(machine.ask_as(kBin, ReadTable{"bin"}) == refused_as(ErrorCode::denied));
    CHECK(code_of(machine.ask(read)) == 0);
}

TEST_CASE("control: a table with errors is not installed, and all of them are told", "[system]") {
    if (!is_root()) return;
    Machine machine;
    REQUIRE(machine.ask_as(kDaemon, InstallTable{"daemon", "# good\n", {}}) == 0);
    const auto answer =
        machine.ask(InstallTable{"daemon", "61 * * * * true\n@every 1s true\n* * *\n", {}});
    REQUIRE((answer && !*answer));
    CHECK(answer->error().error.code == ErrorCode::invalid);
    REQUIRE(answer->error().diagnostics.size() == 2);
    CHECK(answer->error().diagnostics[0] ==
          "daemon:1:1: error: minute '61' is not a list of values from 0 to 59");
    CHECK(answer->error().diagnostics[1].starts_with("daemon:3:1: error: "));
    CHECK(machine.root().read("/var/spool/cron/crontabs/daemon") == "# good\n");
}

TEST_CASE("control: with --socket it is elsewhere; where it cannot be, crond goes on without it",
          "[system]") {
    if (!is_root()) return;
    {
        const TempRoot place;
        Machine machine({"--socket", place.path("/elsewhere")});
        CHECK(say_hello(place.path("/elsewhere")));
        CHECK_FALSE(std::filesystem::exists(machine.socket()));
    }
    Machine machine({"--socket", "/nonexistent/folder/crond.sock"});
    CHECK(machine.crond().count("\"event\":\"no-control\"") == 1);
    machine.root().user_table("daemon", "@every 1s true\n");
    CHECK(machine.crond().writes("\"event\":\"run-ended\""));
}

TEST_CASE("control: what a crond that was killed has left is replaced, and a living one is not",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string socket = root.path("/run/crond.sock");
    {
        Process crond(crond_arguments(root));
        REQUIRE(crond.writes("\"event\":\"started\""));
        crond.signal(SIGKILL);
        crond.wait();
    }
    REQUIRE(std::filesystem::exists(socket));
    const TempRoot other;
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes("\"event\":\"started\""));
    CHECK(say_hello(socket));
    Process second(crond_arguments(other, {"--socket", socket}));
    CHECK(second.writes("\"event\":\"no-control\""));
    second.signal(SIGTERM);
    CHECK(second.wait() == 0);
    CHECK(say_hello(socket));
}

TEST_CASE("control: a crond without descriptors takes its clients when it has some", "[system]") {
    if (!is_root()) return;
    Machine machine;
    rlimit before{};
    REQUIRE(::prlimit(machine.crond().pid(), RLIMIT_NOFILE, nullptr, &before) == 0);
    const rlimit none{0, before.rlim_max};
    REQUIRE(::prlimit(machine.crond().pid(), RLIMIT_NOFILE, &none, nullptr) == 0);
    const pid_t client = start_as(kDaemon, [&] { return say_hello(machine.socket()) ? 0 : 1; });
    CHECK(machine.crond().writes("\"event\":\"control-stalled\""));
    REQUIRE(::prlimit(machine.crond().pid(), RLIMIT_NOFILE, &before, nullptr) == 0);
    CHECK(end_of(client) == 0);
    CHECK(machine.crond().count("\"event\":\"control-stalled\"") == 1);
}

TEST_CASE("control: a client does not talk to an impostor", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string socket = root.open_folder("/open") + "/crond.sock";
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const pid_t impostor = start_as(kDaemon, [&] {
        const auto listener = Listener::open(socket);
        const char byte = listener ? '+' : '-';
        if (::write(ends[1], &byte, 1) != 1) return 1;
        return ::pause();
    });
    char byte = 0;
    REQUIRE(::read(ends[0], &byte, 1) == 1);
    REQUIRE(byte == '+');
    const int code = as(kBin, [&] {
        const auto answer = ask(socket, InstallTable{"bin", "# secret\n", {}});
        return answer ? 0 : refused_as(answer.error().code);
    });
    CHECK(code == refused_as(ErrorCode::denied));
    ::kill(impostor, SIGKILL);
    end_of(impostor);
    ::close(ends[0]);
    ::close(ends[1]);
}
