// crontab -e as a process: real editors, their signals, and the real daemon.
#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "crontab_machine.h"

using namespace cron;
using namespace cron::system_test;
namespace fs = std::filesystem;

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
