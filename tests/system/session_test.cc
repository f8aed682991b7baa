// Jobs in sessions of the real PAM, by the real crond-session, with a configuration of their own.

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "launch_support.h"
#include "process/lines.h"
#include "process/session.h"

namespace cron::process {
namespace {
namespace fs = std::filesystem;

constexpr uid_t kUid = 1;  // of `daemon`, who is on every Debian

// A configuration of PAM, and what its sessions leave.
class PamFolder {
  public:
    PamFolder() {
        std::string name = fs::temp_directory_path() / "belfry-pam-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
        REQUIRE(chmod(path_.c_str(), 0755) == 0);
        write("trace", "");
        REQUIRE(chmod((*this / "trace").c_str(), 0666) == 0);
        // Says when a session is opened and closed, and for whom.
        write("tell", "#!/bin/sh\necho $PAM_TYPE $PAM_USER $PAM_TTY >>" + *this / "trace" + "\n");
        REQUIRE(chmod((*this / "tell").c_str(), 0755) == 0);
    }
    PamFolder(const PamFolder&) = delete;
    PamFolder& operator=(const PamFolder&) = delete;
    ~PamFolder() { fs::remove_all(path_); }

    std::string operator/(const std::string& name) const { return path_ + '/' + name; }
    const std::string& path() const { return path_; }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(*this / name) << text;
    }
    std::string read(const std::string& name) const {
        std::ifstream file(*this / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::string trace() const { return read("trace"); }

    // The service, with `lines` before what tells of its sessions.
    PamService service(const std::string& lines = "") const {
        write("cron", "auth required pam_permit.so\n" + lines +
                          "account required pam_permit.so\nsession required pam_exec.so " +
                          *this / "tell" + "\n");
        return {"cron", path_};
    }

  private:
    std::string path_;
};

constexpr const char* kOpened = "open_session daemon cron\n";
constexpr const char* kClosed = "close_session daemon cron\n";

Launcher make_session_launcher() {
    auto launcher = Launcher::create(BELFRY_JOB_PROGRAM, BELFRY_SESSION_PROGRAM);
    REQUIRE(launcher);
    return std::move(*launcher);
}

LaunchOrder session_order(const PamService& service, std::string_view command) {
    LaunchOrder order = shell_order(command);
    order.identity = some_user(kUid);
    order.identity.name = "daemon";
    order.change_user = true;
    order.pam = service;
    return order;
}

SessionFile make_session_file() {
    auto file = SessionFile::in_memory();
    REQUIRE(file);
    return *std::move(file);
}

std::string output_in(const PamService& service, const std::string& command) {
    Launcher launcher = make_session_launcher();
    return output_of(launcher, session_order(service, command));
}

TEST_CASE("session: is opened before the job, who runs as its user, and closed after it",
          "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    CHECK(output_in(pam.service(), "id -u; id -g; id -G; echo job >>" + pam / "trace") ==
          "1\n1\n1 54321\n");
    CHECK(pam.trace() == std::string(kOpened) + "job\n" + kClosed);
}

TEST_CASE("session: the job has what PAM sets, but for what its table sets", "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    pam.write("environment", "PATH=/pam\nFROM_PAM=yes\n");
    pam.write("limits.conf", "daemon hard nofile 321\n");
    const PamService service = pam.service(
        fmt::format("session required pam_env.so readenv=1 conffile=/dev/null envfile={}\n"
                    "session required pam_limits.so conf={}\n"
                    "session optional pam_umask.so umask=0027\n",
                    pam / "environment", pam / "limits.conf"));
    const std::string command = "echo $FROM_PAM $PATH $FROM_TABLE; ulimit -Hn; umask";
    Launcher launcher = make_session_launcher();
    LaunchOrder order = session_order(service, command);
    order.environment = {"PATH=/usr/bin:/bin", "FROM_TABLE=yes"};
    CHECK(output_of(launcher, order) == "yes /usr/bin:/bin yes\n321\n0027\n");
    order.umask = 077;
    CHECK(output_of(launcher, order) == "yes /usr/bin:/bin yes\n321\n0077\n");
}

TEST_CASE("session: what a table sets means nothing to crond-session and its loader", "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    fs::create_directory(pam / "roots");
    fs::permissions(pam / "roots", fs::perms::owner_all);
    Launcher launcher = make_session_launcher();
    LaunchOrder order = session_order(pam.service(), "echo $LD_DEBUG >>" + pam / "trace");
    // A loader that heeds these writes a file for each process.
    order.environment = {"PATH=/usr/bin:/bin", "LD_DEBUG=files",
                         "LD_DEBUG_OUTPUT=" + pam / "roots/loader"};
    CHECK(run(launcher, order).status.is_success());
    CHECK(pam.trace() == std::string(kOpened) + "files\n" + kClosed);
    CHECK(fs::is_empty(pam / "roots"));
}

TEST_CASE("session: the groups that PAM adds are the job's, where libpam itself looks",
          "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    // Its folder is bound over the machine's, in mounts that only a child has.
    PamService service = pam.service("auth required pam_group.so\n");
    service.folder.clear();
    pam.write("group.conf", "cron;cron;daemon;Al0000-2400;games\n");
    const auto in_own_mounts = [&] {
        return unshare(CLONE_NEWNS) == 0 &&
               mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               mount(pam.path().c_str(), "/etc/pam.d", nullptr, MS_BIND, nullptr) == 0 &&
               mount((pam / "group.conf").c_str(), "/etc/security/group.conf", nullptr, MS_BIND,
                     nullptr) == 0;
    };
    if (!holds_in_fork(in_own_mounts)) {
        WARN("skipped: needs mounts of its own");
        return;
    }
    const LaunchOrder order = session_order(service, "id -G >>" + pam / "trace");
    CHECK(holds_in_fork([&] {
        if (!in_own_mounts()) return false;
        Launcher launcher = make_session_launcher();
        return run(launcher, order).status.is_success();
    }));
    const group* games = getgrnam("games");
    REQUIRE(games != nullptr);
    CHECK_THAT(pam.trace(), Catch::Contains(fmt::format(" {} ", games->gr_gid)));
}

TEST_CASE("session: the audit session of a job is its user's", "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    const auto may_set = [] {
        std::ofstream file("/proc/self/loginuid");
        return static_cast<bool>(file << "1" << std::flush);
    };
    if (!holds_in_fork(may_set)) {
        WARN("skipped: the login uid cannot be set here");
        return;
    }
    CHECK(output_in(pam.service("session required pam_loginuid.so\n"), "cat /proc/self/loginuid") ==
          "1");
}

TEST_CASE("session: one that PAM refuses starts no job, and says which call and why", "[session]") {
    if (!is_root()) return;
    struct Case {
        std::string lines;
        std::string says;
    };
    const Case cases[] = {
        {"account required pam_deny.so\n", "pam_acct_mgmt: "},
        {"auth required pam_deny.so\n", "pam_setcred: "},
        {"session required pam_deny.so\n", "pam_open_session: "},
        {"session required pam_is_not_there.so\n", "pam_open_session: Module is unknown"},
    };
    for (const Case& refusal : cases) {
        INFO(refusal.lines);
        const PamFolder pam;
        Launcher launcher = make_session_launcher();
        const SessionFile file = make_session_file();
        LaunchOrder order =
            session_order(pam.service(refusal.lines), "echo job >>" + pam / "trace");
        order.session_fd = file.fd();
        const Finished finished = run(launcher, order);
        REQUIRE(finished.report.state == Report::State::failed);
        CHECK(finished.report.failure.of_session);
        CHECK_THAT(finished.report.failure.error.stage, Catch::StartsWith(refusal.says));
        CHECK_FALSE(finished.status.is_success());
        CHECK_FALSE(file.end());
        CHECK_THAT(pam.trace(), !Catch::Contains("job"));
    }
}

TEST_CASE("session: what a module says to the user of a refusal is said with it", "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    pam.write("nologin", "closed for the night");
    Launcher launcher = make_session_launcher();
    const Finished finished =
        run(launcher,
            session_order(
                pam.service("account requisite pam_nologin.so file=" + pam / "nologin" + "\n"),
                "true"));
    REQUIRE(finished.report.state == Report::State::failed);
    CHECK_THAT(finished.report.failure.error.stage,
               Catch::StartsWith("pam_acct_mgmt: ") && Catch::Contains("(closed for the night"));
}

TEST_CASE("session: what crond-job cannot do is said as without PAM", "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    Launcher launcher = make_session_launcher();
    LaunchOrder order = session_order(pam.service(), "true");
    order.arguments = {"/is/not/there"};
    order.home = "/neither/is/this";
    const Finished finished = run(launcher, order);
    REQUIRE(finished.report.state == Report::State::failed);
    CHECK_FALSE(finished.report.failure.of_session);
    CHECK(finished.report.failure.error.stage == "exec");
    CHECK(finished.report.home_error == ENOENT);
    CHECK(finished.status == engine::ExitStatus{false, 127});
    CHECK(pam.trace() == std::string(kOpened) + kClosed);
}

TEST_CASE("session: ends as the job did, and leaves its status and what it used", "[session]") {
    if (!is_root()) return;
    struct Case {
        std::string command;
        engine::ExitStatus status;
    };
    const Case cases[] = {
        {"exit 7", {false, 7}},
        {"kill -TERM $$", {true, SIGTERM}},
        {"kill -KILL $$", {true, SIGKILL}},
        {"kill -ABRT $$", {true, SIGABRT}},
        {"i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done", {false, 0}},
    };
    for (const Case& ending : cases) {
        INFO(ending.command);
        const PamFolder pam;
        Launcher launcher = make_session_launcher();
        const SessionFile file = make_session_file();
        LaunchOrder order = session_order(pam.service(), ending.command);
        order.session_fd = file.fd();
        const Finished finished = run(launcher, order);
        CHECK(finished.status == ending.status);
        const auto end = file.end();
        REQUIRE(end);
        CHECK(end->status == ending.status);
        // The session has its own cost, and the job's is part of what we see of it.
        CHECK(end->usage.cpu_time < finished.usage.cpu_time);
        CHECK(end->usage.peak_memory_bytes > 100'000);
        if (ending.status.is_success()) CHECK(end->usage.cpu_time > microseconds{1'000});
        CHECK(pam.trace() == std::string(kOpened) + kClosed);
    }
}

// A session whose job has said so on its output.
struct Begun {
    OutputPipe pipe;
    Child child;
    SessionFile file;
};

std::string read_line(int fd) {
    std::string line;
    for (char byte = 0; becomes_readable(fd) && read(fd, &byte, 1) == 1 && byte != '\n';) {
        line += byte;
    }
    return line;
}

Begun begin(Launcher& launcher, const PamService& service, const std::string& command,
            const std::string& said = "ready") {
    auto pipe = make_output_pipe();
    REQUIRE(pipe);
    Begun begun{*std::move(pipe), {}, make_session_file()};
    LaunchOrder order = session_order(service, command);
    order.output_fd = begun.pipe.write_end.get();
    order.session_fd = begun.file.fd();
    auto child = launcher.launch(order);
    REQUIRE(child);
    begun.child = *std::move(child);
    REQUIRE(read_line(begun.pipe.read_end.get()) == said);
    return begun;
}

TEST_CASE("session: a signal is for the group of its job, and the session is closed after it",
          "[session]") {
    if (!is_root()) return;
    for (const int number : {SIGTERM, SIGKILL}) {
        const PamFolder pam;
        Launcher launcher = make_session_launcher();
        // The shell waits for a child that is in its group.
        const Begun begun = begin(launcher, pam.service(), "echo ready; sleep 1000; echo unheard");
        REQUIRE(signal_group(begun.child, number));
        const Finished finished = finish(begun.child);
        CHECK(finished.status == engine::ExitStatus{true, number});
        REQUIRE(begun.file.end());
        CHECK(begun.file.end()->status == finished.status);
        CHECK(pam.trace() == std::string(kOpened) + kClosed);
    }
}

TEST_CASE("session: one told to end lasts until nothing of the job's group is left", "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    Launcher launcher = make_session_launcher();
    // The shell ends with TERM; its child lives on.
    const Begun begun = begin(launcher, pam.service(),
                              "sh -c \"trap 'echo told' TERM; echo ready; while :; do sleep 0.05; "
                              "done\" & wait");
    REQUIRE(signal_group(begun.child, SIGTERM));
    REQUIRE(read_line(begun.pipe.read_end.get()) == "told");
    while (!begun.file.end()) REQUIRE(poll(nullptr, 0, 5) == 0);
    CHECK(pam.trace() == kOpened);
    CHECK_FALSE(*look(begun.child.pidfd.get()));
    REQUIRE(signal_group(begun.child, SIGKILL));
    CHECK(finish(begun.child).status == engine::ExitStatus{true, SIGTERM});
    CHECK(pam.trace() == std::string(kOpened) + kClosed);
}

TEST_CASE("session: does not wait for what a job leaves in the background", "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    Launcher launcher = make_session_launcher();
    const UniqueFd output = memory_file();
    LaunchOrder order = session_order(pam.service(), "sleep 1000 & echo $!");
    order.output_fd = output.get();
    CHECK(run(launcher, order).status.is_success());
    CHECK(pam.trace() == std::string(kOpened) + kClosed);
    const pid_t left = std::stoi(contents(output.get()));
    CHECK(process_start(left));
    CHECK(kill(left, SIGKILL) == 0);
}

TEST_CASE("session: TERM to crond-session alone is for its job, and leaves no session open",
          "[session]") {
    if (!is_root()) return;
    for (const int number : {SIGTERM, SIGHUP, SIGINT}) {
        const PamFolder pam;
        Launcher launcher = make_session_launcher();
        const Begun begun = begin(launcher, pam.service(), "echo ready; exec sleep 1000");
        REQUIRE(kill(begun.child.pid, number) == 0);
        CHECK(finish(begun.child).status == engine::ExitStatus{true, number});
        CHECK(pam.trace() == std::string(kOpened) + kClosed);
    }
}

TEST_CASE("session: does not hold the output of its job, which ends with the job", "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    pam.write("linger", "#!/bin/sh\n[ $PAM_TYPE = open_session ] || until [ -e " + pam / "go" +
                            " ]; do sleep 0.05; done\n");
    REQUIRE(chmod((pam / "linger").c_str(), 0755) == 0);
    const PamService service = pam.service("session required pam_exec.so " + pam / "linger" + "\n");
    Launcher launcher = make_session_launcher();
    Begun begun = begin(launcher, service, "echo ready");
    begun.pipe.write_end.reset();
    char byte = 0;
    REQUIRE(becomes_readable(begun.pipe.read_end.get()));
    CHECK(read(begun.pipe.read_end.get(), &byte, 1) == 0);
    CHECK_FALSE(*look(begun.child.pidfd.get()));
    pam.write("go", "");
    CHECK(finish(begun.child).status.is_success());
}

TEST_CASE("session: the job has nothing of it but its three descriptors", "[session]") {
    if (!is_root()) return;
    const PamFolder pam;
    // The last is the folder that ls reads.
    CHECK(output_in(pam.service(), "exec ls /proc/self/fd") == "0\n1\n2\n3\n");
}

}  // namespace
}  // namespace cron::process
