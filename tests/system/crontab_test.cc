// crontab as a process: real users, editors, terminals, and the real daemon.
#include <fcntl.h>
#include <grp.h>
#include <pty.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "base/unique_fd.h"
#include "machine.h"

using namespace cron;
using namespace cron::system_test;

namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr const char* kTable = "0 3 * * * backup\n";
constexpr const char* kTables = "/var/spool/cron/crontabs/";

struct Ended {
    int status = -1;
    std::string out;
    std::string error;
};

std::string drain(int fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t count; (count = ::read(fd, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
    return text;
}

std::string content(int fd) {
    REQUIRE(::lseek(fd, 0, SEEK_SET) == 0);
    return drain(fd);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

UniqueFd memory(const std::string& text = "") {
    UniqueFd fd(::memfd_create("crontab-test", MFD_CLOEXEC));
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    REQUIRE(::lseek(fd.get(), 0, SEEK_SET) == 0);
    return fd;
}

std::vector<char*> pointers(Words& words) {
    std::vector<char*> found;
    for (std::string& word : words) found.push_back(word.data());
    found.push_back(nullptr);
    return found;
}

int status_of(pid_t pid) {
    int status = -1;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// One machine, and a folder for what its users leave.
struct Machine {
    TempRoot root;
    std::string temporary = root.open_folder("/tmp");

    Machine() {
        // As Debian has it.
        REQUIRE(::chmod(root.path(kTables).c_str(), 01730) == 0);
    }

    std::string table(const std::string& user) const { return root.read(kTables + user); }

    // A script that everybody can run, for EDITOR.
    std::string editor(const std::string& script) const {
        root.write("/editor", "#!/bin/sh\n" + script + "\n", 0755);
        return root.path("/editor");
    }

    // In the child: becomes `user`, with a known environment, and executes crontab.
    [[noreturn]] void become(const std::string& user, Words arguments, Words environment) const {
        arguments.insert(arguments.begin(), {BELFRY_CRONTAB, "--root", root.path("")});
        environment.insert(environment.begin(), {"PATH=/usr/bin:/bin", "TMPDIR=" + temporary,
                                                 "USER=root", "LOGNAME=root", "TERM=dumb"});
        const auto argv = pointers(arguments);
        const auto envp = pointers(environment);
        if (user != "root") {
            const passwd* entry = ::getpwnam(user.c_str());
            if (entry == nullptr || ::setgroups(0, nullptr) != 0 || ::setgid(entry->pw_gid) != 0 ||
                ::setuid(entry->pw_uid) != 0)
                ::_exit(126);
        }
        ::execve(BELFRY_CRONTAB, argv.data(), envp.data());
        ::_exit(127);
    }

    // With these as stdin, stdout and stderr; -1: closed.
    int run_with(const std::string& user, const Words& arguments, const Words& environment, int in,
                 int out, int error) const {
        const pid_t pid = ::fork();
        REQUIRE(pid >= 0);
        if (pid != 0) return status_of(pid);
        const int given[] = {in, out, error};
        for (int fd = 0; fd < 3; ++fd) {
            if (given[fd] < 0) {
                ::close(fd);
            } else {
                ::dup2(given[fd], fd);
            }
        }
        become(user, arguments, environment);
    }

    Ended run(const std::string& user, const Words& arguments, const std::string& input = "",
              const Words& environment = {}) const {
        const UniqueFd in = memory(input);
        const UniqueFd out = memory();
        const UniqueFd error = memory();
        const int status = run_with(user, arguments, environment, in.get(), out.get(), error.get());
        return {status, content(out.get()), content(error.get())};
    }

    // On a terminal of its own, with `keys` typed as soon as `prompt` is there.
    Ended run_on_terminal(const std::string& user, const Words& arguments,
                          const std::string& prompt, const std::string& keys,
                          const Words& environment = {}) const {
        int ours = -1;
        const pid_t pid = ::forkpty(&ours, nullptr, nullptr, nullptr);
        REQUIRE(pid >= 0);
        if (pid == 0) become(user, arguments, environment);
        const UniqueFd terminal(ours);
        std::string text;
        char buffer[4096];
        bool is_typed = keys.empty();
        for (ssize_t count; (count = ::read(ours, buffer, sizeof buffer)) > 0;) {
            text.append(buffer, static_cast<std::size_t>(count));
            if (is_typed || !contains(text, prompt)) continue;
            is_typed = true;
            REQUIRE(::write(ours, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
        }
        text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
        return {status_of(pid), text, ""};
    }
};

std::string replacing(const std::string& with) { return "printf '" + with + "' >\"$1\""; }

}  // namespace

TEST_CASE("crontab: root works without a daemon, and the files are as Debian's", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    REQUIRE(::chown(machine.root.path(kTables).c_str(), 0, 4711) == 0);
    CHECK(machine.run("root", {"-u", "daemon", "-"}, kTable).status == 0);
    struct stat status {};
    REQUIRE(::stat(machine.root.path(std::string(kTables) + "daemon").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK(status.st_uid == ::getpwnam("daemon")->pw_uid);
    CHECK(status.st_gid == 4711);
    const Ended listed = machine.run("root", {"-lu", "daemon"});
    CHECK(listed.status == 0);
    CHECK(listed.out == kTable);
    CHECK(machine.run("root", {"-r", "-u", "daemon"}).status == 0);
    const Ended none = machine.run("root", {"-l", "-u", "daemon"});
    CHECK(none.status == 1);
    CHECK(none.error == "no crontab for daemon\n");
    CHECK(machine.run("root", {"--undo", "-u", "daemon"}).status == 0);
    CHECK(machine.table("daemon") == kTable);
}

TEST_CASE("crontab: who owns the spool works without a daemon, and for nobody else", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    const passwd* const nobody = ::getpwnam("nobody");
    for (const char* folder : {"/var/spool/cron", "/var/spool/cron/crontabs"}) {
        REQUIRE(::chown(machine.root.path(folder).c_str(), nobody->pw_uid, nobody->pw_gid) == 0);
    }
    CHECK(machine.run("nobody", {"-"}, kTable).status == 0);
    CHECK(machine.run("nobody", {"-l"}).out == kTable);
    CHECK(machine.run("nobody", {"-e"}, "", {"EDITOR=" + machine.editor(replacing("@daily e\\n"))})
              .status == 0);
    CHECK(machine.table("nobody") == "@daily e\n");
    const Ended other = machine.run("nobody", {"-u", "daemon", "-"}, kTable);
    CHECK(other.status == 1);
    CHECK(contains(other.error, "must be privileged to use -u"));
}

TEST_CASE("crontab: USER and LOGNAME do not say who somebody is", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    // Both are root in this environment.
    const Ended ended = machine.run("daemon", {"-l"});
    CHECK(ended.status == 1);
    CHECK(contains(ended.error, "no crond listens"));
    CHECK(machine.run("daemon", {"-u", "root", "-l"}).error ==
          "crontab: must be privileged to use -u for another user\n");
    CHECK(machine.run("root", {"-u", "no-such-user", "-l"}).error ==
          "crontab: user 'no-such-user' unknown\n");
}

TEST_CASE("crontab: without arguments on a terminal it shows its usage and changes nothing",
          "[system]") {
    if (!is_root()) return;
    const Machine machine;
    REQUIRE(machine.run("root", {"-"}, kTable).status == 0);
    const Ended ended = machine.run_on_terminal("root", {}, "", "");
    CHECK(ended.status == 1);
    CHECK(contains(ended.out, "usage: crontab "));
    CHECK(machine.table("root") == kTable);
}

TEST_CASE("crontab: on a terminal it says what was installed, and asks before it removes",
          "[system]") {
    if (!is_root()) return;
    const Machine machine;
    machine.root.write("/table", kTable);
    const std::string file = machine.root.path("/table");
    CHECK(contains(machine.run_on_terminal("root", {file}, "", "").out,
                   "crontab: 1 entry installed for root; next: backup at "));
    const std::string question = "Remove the crontab of root? (y/n) ";
    CHECK(contains(machine.run_on_terminal("root", {"-r"}, question, "n\n").out, question));
    CHECK(machine.table("root") == kTable);
    machine.run_on_terminal("root", {"-r"}, question, "y\n");
    CHECK(machine.table("root").empty());
}

TEST_CASE("crontab: a hostile table is harmless on a terminal, and whole in a pipe", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    const std::string text = "* * * * * x\n# \r\b\x1b[2J\xff\n";
    machine.root.write(std::string(kTables) + "root", text, 0600);
    CHECK(machine.run_on_terminal("root", {"-l"}, "", "").out ==
          "* * * * * x\n# \\x0d\\x08\\x1b[2J\\xff\n");
    const Ended piped = machine.run("root", {"-l"});
    CHECK(piped.out == text);
    CHECK(machine.run("root", {"-"}, piped.out).status == 0);
    CHECK(machine.table("root") == text);
}

TEST_CASE("crontab -e: an editor with arguments, by way of the shell", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    REQUIRE(machine.run("root", {"-"}, kTable).status == 0);
    CHECK(machine.run("root", {"-e"}, "", {"VISUAL=sed -i s/3/4/", "EDITOR=false"}).status == 0);
    CHECK(machine.table("root") == "0 4 * * * backup\n");
    CHECK(fs::is_empty(machine.temporary));
}

TEST_CASE("crontab -e: an editor that fails, or is killed, changes nothing", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    REQUIRE(machine.run("root", {"-"}, kTable).status == 0);
    for (const auto& [script, said] : std::vector<std::pair<std::string, std::string>>{
             {"exit 3", "ended with status 3"}, {"kill -KILL $$", "was ended by signal 9"}}) {
        const std::string editor = machine.editor("echo more >>\"$1\"\n" + script);
        const Ended ended = machine.run("root", {"-e"}, "", {"EDITOR=exec " + editor});
        CHECK(ended.status == 1);
        CHECK(contains(ended.error, said));
        CHECK(contains(ended.error, "your edit is kept in " + machine.temporary + "/crontab."));
        CHECK(machine.table("root") == kTable);
    }
    const Ended none = machine.run("root", {"-e"}, "", {"EDITOR=/no/such/editor"});
    CHECK(none.status == 1);
    CHECK(contains(none.error, "ended with status 127"));
}

TEST_CASE("crontab -e: keys that interrupt are the editor's", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    REQUIRE(machine.run("root", {"-"}, kTable).status == 0);
    // It ignores the interrupt, says so by going on, and writes.
    const std::string editor = machine.editor(
        "trap 'got=1' INT QUIT\necho ready\nwhile [ -z \"$got\" ]; do sleep 0.05; "
        "done\n" +
        replacing("@daily kept\\n"));
    for (const char* key : {"\x03", "\x1c"}) {
        const Ended ended =
            machine.run_on_terminal("root", {"-e"}, "ready", key, {"EDITOR=" + editor});
        INFO(ended.out);
        CHECK(ended.status == 0);
        CHECK(machine.table("root") == "@daily kept\n");
        REQUIRE(machine.run("root", {"-"}, kTable).status == 0);
    }
}

TEST_CASE("crontab -e: stopped with its editor and continued by a shell, it goes on", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    // As editors do at the key that stops.
    const std::string editor = machine.editor("kill -TSTP 0\n" + replacing("@daily on\\n"));
    const std::string root = machine.root.path("");
    int ours = -1;
    const pid_t pid = ::forkpty(&ours, nullptr, nullptr, nullptr);
    REQUIRE(pid >= 0);
    if (pid == 0) {
        ::unsetenv("VISUAL");
        ::setenv("EDITOR", editor.c_str(), 1);
        ::setenv("TMPDIR", machine.temporary.c_str(), 1);
        ::execl("/bin/sh", "sh", "-c", "set -m; \"$0\" --root \"$1\" -e; echo back; fg",
                BELFRY_CRONTAB, root.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    const UniqueFd terminal(ours);
    const std::string text = drain(ours);
    INFO(text);
    CHECK(contains(text, "back"));
    CHECK(status_of(pid) == 0);
    CHECK(machine.table("root") == "@daily on\n");
}

TEST_CASE("crontab -e: a terminal that goes leaves the edit where it was", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    REQUIRE(machine.run("root", {"-"}, kTable).status == 0);
    const std::string editor =
        machine.editor("echo '@daily lost?' >\"$1\"\necho ready\ncat\nexit 1");
    int ours = -1;
    const pid_t pid = ::forkpty(&ours, nullptr, nullptr, nullptr);
    REQUIRE(pid >= 0);
    if (pid == 0) machine.become("root", {"-e"}, {"EDITOR=exec " + editor});
    UniqueFd terminal(ours);
    std::string text;
    char byte = 0;
    while (!contains(text, "ready") && ::read(ours, &byte, 1) == 1) text += byte;
    terminal.reset();
    CHECK(status_of(pid) == 1);
    CHECK(machine.table("root") == kTable);
    std::vector<fs::path> kept;
    for (const auto& entry : fs::recursive_directory_iterator(machine.temporary)) {
        if (entry.is_regular_file()) kept.push_back(entry.path());
    }
    REQUIRE(kept.size() == 1);
    std::ifstream file(kept.front());
    std::string line;
    std::getline(file, line);
    CHECK(line == "@daily lost?");
}

TEST_CASE("crontab: a stream that is closed is told, and nothing is lost", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    REQUIRE(machine.run("root", {"-"}, kTable).status == 0);
    const UniqueFd error = memory();
    const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    for (const int out : {-1, full.get()}) {
        CHECK(machine.run_with("root", {"-l"}, {}, -1, out, error.get()) == 1);
    }
    CHECK(contains(content(error.get()), "crontab: write to stdout: "));
    // To read the new table from no stdin must not install an empty one.
    CHECK(machine.run_with("root", {"-"}, {}, -1, -1, -1) == 1);
    CHECK(machine.table("root") == kTable);
    const std::string editor = machine.editor(replacing("@daily closed\\n"));
    CHECK(machine.run_with("root", {"-e"}, {"EDITOR=" + editor}, -1, -1, -1) == 0);
    CHECK(machine.table("root") == "@daily closed\n");
}

TEST_CASE("crontab: a reader that has had enough ends it in silence", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    std::string text;
    for (int line = 0; line < 20'000; ++line) text += "0 3 * * * backup\n";
    REQUIRE(machine.run("root", {"-"}, text).status == 0);
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    reader.reset();
    const UniqueFd error = memory();
    CHECK(machine.run_with("root", {"-l"}, {}, -1, writer.get(), error.get()) == 1);
    CHECK(content(error.get()).empty());
}

TEST_CASE("crontab: users change their own tables at the daemon, which runs them", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    Process crond(crond_arguments(machine.root));
    REQUIRE(crond.writes("\"event\":\"started\""));
    const Ended installed = machine.run("daemon", {"-"}, kTable);
    INFO(installed.error);
    CHECK(installed.status == 0);
    CHECK(installed.error.empty());
    CHECK(machine.table("daemon") == kTable);
    CHECK(machine.run("daemon", {"-l"}).out == kTable);
    const std::string script = "sed -i s/backup/edited/ \"$1\"";
    CHECK(machine.run("daemon", {"-e"}, "", {"EDITOR=" + machine.editor(script)}).status == 0);
    CHECK(machine.table("daemon") == "0 3 * * * edited\n");
    CHECK(fs::is_empty(machine.temporary));
    CHECK(machine.run("daemon", {"-r"}).status == 0);
    CHECK(machine.run("daemon", {"-l"}).error == "no crontab for daemon\n");
    CHECK(machine.run("daemon", {"-r"}).error == "no crontab for daemon\n");
    CHECK(machine.run("daemon", {"--undo"}).status == 0);
    CHECK(machine.run("daemon", {"-l"}).out == "0 3 * * * edited\n");
    const Ended wrong = machine.run("daemon", {"-"}, "61 * * * * x\n");
    CHECK(wrong.status == 1);
    CHECK(contains(wrong.error, "-:1:1: error: minute '61'"));
    CHECK(machine.table("daemon") == "0 3 * * * edited\n");
}

TEST_CASE("crontab: what root changes meanwhile is not overwritten by a user's editor",
          "[system]") {
    if (!is_root()) return;
    const Machine machine;
    Process crond(crond_arguments(machine.root));
    REQUIRE(crond.writes("\"event\":\"started\""));
    REQUIRE(machine.run("daemon", {"-"}, kTable).status == 0);
    // The user's editor waits until root has installed another.
    const std::string go = machine.root.open_folder("/go");
    const std::string editor =
        machine.editor("touch " + go + "/open\nuntil [ -e " + go + "/on ]; do sleep 0.05; done\n" +
                       replacing("@daily mine\\n"));
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const UniqueFd error = memory();
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        ::_exit(machine.run_with("daemon", {"-e"}, {"EDITOR=" + editor}, null.get(), null.get(),
                                 error.get()));
    }
    REQUIRE(eventually([&] { return fs::exists(go + "/open"); }));
    REQUIRE(machine.run("root", {"-u", "daemon", "-"}, "@daily roots\n").status == 0);
    machine.root.write("/go/on", "");
    CHECK(status_of(pid) == 1);
    const std::string said = content(error.get());
    CHECK(contains(said, "was changed while you edited it"));
    CHECK(contains(said, "your edit is kept in "));
    CHECK(machine.table("daemon") == "@daily roots\n");
}

TEST_CASE("crontab: cron.deny keeps a user out, and says where that stands", "[system]") {
    if (!is_root()) return;
    const Machine machine;
    machine.root.write("/etc/cron.deny", "daemon\n");
    Process crond(crond_arguments(machine.root));
    REQUIRE(crond.writes("\"event\":\"started\""));
    for (const Words& arguments : {Words{"-l"}, Words{"-"}, Words{"-r"}, Words{"-e"}}) {
        const Ended ended = machine.run("daemon", arguments, kTable, {"EDITOR=true"});
        CHECK(ended.status == 1);
        CHECK(contains(ended.error, "crontab: you (daemon) are not allowed to use this program"));
    }
    CHECK(machine.table("daemon").empty());
    CHECK(machine.run("nobody", {"-"}, kTable).status == 0);
    CHECK(machine.run("root", {"-u", "daemon", "-"}, kTable).status == 0);
}
