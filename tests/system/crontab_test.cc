// crontab as a process: real users, terminals, and the real daemon.
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "crontab_machine.h"

using namespace cron;
using namespace cron::system_test;
namespace fs = std::filesystem;

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
