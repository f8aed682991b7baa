// cronctl as a process: exit statuses, streams, terminals.
#include <fcntl.h>
#include <pty.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/unique_fd.h"
#include "machine.h"

using namespace cron;
using namespace cron::system_test;

namespace {

using Words = std::vector<std::string>;

struct Ended {
    int status = -1;
    std::string out;
    std::string error;
};

// All that is in a descriptor; of a terminal, until its other side is closed.
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

std::vector<char*> pointers(Words& words) {
    std::vector<char*> found;
    for (std::string& word : words) found.push_back(word.data());
    found.push_back(nullptr);
    return found;
}

// Starts cronctl with these descriptors as its own (-1: closed), and a known environment.
pid_t start(Words arguments, int in, int out, int error, Words environment) {
    arguments.insert(arguments.begin(), BELFRY_CRONCTL);
    environment.insert(environment.begin(), "TZ=EST5EDT,M3.2.0,M11.1.0");
    const auto argv = pointers(arguments);
    const auto envp = pointers(environment);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid != 0) return pid;
    const int given[] = {in, out, error};
    for (int fd = 0; fd < 3; ++fd) {
        if (given[fd] < 0) {
            ::close(fd);
        } else {
            ::dup2(given[fd], fd);
        }
    }
    ::execve(BELFRY_CRONCTL, argv.data(), envp.data());
    ::_exit(127);
}

int wait_for(pid_t pid) {
    int status = -1;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

UniqueFd memory() { return UniqueFd(::memfd_create("cronctl-test", MFD_CLOEXEC)); }

Ended run(const Words& arguments, const std::string& input = "", const Words& environment = {}) {
    const UniqueFd in = memory();
    const UniqueFd out = memory();
    const UniqueFd error = memory();
    REQUIRE(::write(in.get(), input.data(), input.size()) == static_cast<ssize_t>(input.size()));
    REQUIRE(::lseek(in.get(), 0, SEEK_SET) == 0);
    const int status = wait_for(start(arguments, in.get(), out.get(), error.get(), environment));
    return {status, content(out.get()), content(error.get())};
}

// With stdout and stderr on a terminal; both come as one.
Ended run_on_terminal(const Words& arguments, const Words& environment = {"TERM=xterm"}) {
    int ours = -1;
    int theirs = -1;
    REQUIRE(::openpty(&ours, &theirs, nullptr, nullptr, nullptr) == 0);
    const UniqueFd terminal(ours);
    UniqueFd side(theirs);
    const UniqueFd in(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const pid_t pid = start(arguments, in.get(), side.get(), side.get(), environment);
    side.reset();
    std::string text = drain(terminal.get());
    text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
    return {wait_for(pid), text, ""};
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::size_t line_count(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

const Words kOverTheGap = {"next", "--from", "2026-03-07", "--count", "3", "30 2 * * *"};

}  // namespace

TEST_CASE("cronctl: due times on stdout, nothing on stderr, status 0", "[system]") {
    const Ended ended = run(kOverTheGap);
    CHECK(ended.status == 0);
    CHECK(ended.out ==
          "2026-03-07T02:30:00-05:00\n2026-03-08T03:00:00-04:00\n2026-03-09T02:30:00-04:00\n");
    CHECK(ended.error.empty());
    CHECK(line_count(run({"next", "@hourly"}).out) == 10);
}

TEST_CASE("cronctl: what is wrong is told on stderr, with status 2", "[system]") {
    const std::vector<std::pair<Words, std::string>> wrong = {
        {{}, "a command is missing"},
        {{"nxt"}, "is not a command"},
        {{"next", "--bogus", "@daily"}, "cronctl next --help"},
        {{"next", "61 * * * *"}, "\n  61 * * * *\n  ^~\n"},
        {{"next", "* * * * * *"}, "--seconds"},
        {{"next", "/nowhere/at/all"}, "there is no such file"},
        {{"check", "/nowhere/at/all"}, "No such file"},
        {{"next", "--zone", "Nowhere/Land", "@daily"}, "Nowhere/Land"},
        {{"next", "--from", "2026-02-30", "@daily"}, "does not exist"},
        {{"explain", "0 0 32 * *"}, "'32'"},
        {{"simulate", "--from", "now", "x"}, "--until"}};
    for (const auto& [arguments, part] : wrong) {
        const Ended ended = run(arguments);
        INFO(ended.error);
        CHECK(ended.status == 2);
        CHECK(ended.out.empty());
        CHECK(contains(ended.error, part));
    }
}

TEST_CASE("cronctl: --help and --version go to stdout, of each command too", "[system]") {
    for (const Words& arguments :
         {Words{"--help"}, Words{"--version"}, Words{"next", "--help"}, Words{"explain", "-h"},
          Words{"check", "--help"}, Words{"simulate", "--help"}}) {
        const Ended ended = run(arguments);
        CHECK(ended.status == 0);
        CHECK(contains(ended.out, "cronctl"));
        CHECK(ended.error.empty());
    }
}

TEST_CASE("cronctl: check exits with 0, 1 or 2, and reads stdin", "[system]") {
    CHECK(run({"check", "-"}, "0 6 * * * /bin/true\n").status == 0);
    CHECK(run({"check", "-"}, "CRON_BOGUS=x\n").status == 1);
    const Ended ended = run({"check", "-"}, "0 6 * * * /bin/true\n0 25 * * * /bin/true\n");
    CHECK(ended.status == 2);
    CHECK(contains(ended.out, "-:2:3: error: hour '25'"));
    CHECK(contains(ended.out, "\n    ^~\n"));
}

TEST_CASE("cronctl: a table may come through a pipe of any name", "[system]") {
    const TempRoot root;
    const std::string pipe = root.path("/pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const pid_t writer = ::fork();
    REQUIRE(writer >= 0);
    if (writer == 0) {
        const int fd = ::open(pipe.c_str(), O_WRONLY);
        ::_exit(::write(fd, "0 6 * * * /bin/true\n", 20) == 20 ? 0 : 1);
    }
    const Ended ended = run({"next", "--count", "1", pipe});
    CHECK(ended.status == 0);
    CHECK(contains(ended.out, pipe + ":1\t"));
    CHECK(wait_for(writer) == 0);
}

TEST_CASE("cronctl: marks and colours are for terminals", "[system]") {
    CHECK_FALSE(contains(run(kOverTheGap).out, "moved"));
    const std::string mark = "moved: the clock skips 02:30";
    CHECK(contains(run_on_terminal(kOverTheGap).out, "\t\x1b[33m" + mark + "\x1b[0m\n"));
    const Words plain = {"TERM=xterm", "NO_COLOR=1"};
    CHECK(contains(run_on_terminal(kOverTheGap, plain).out, "\t" + mark + "\n"));
    CHECK(contains(run_on_terminal(kOverTheGap, {"TERM=dumb"}).out, "\t" + mark + "\n"));
    CHECK(contains(run_on_terminal(kOverTheGap, {}).out, "\t" + mark + "\n"));
    // An empty one is as if it were not set (no-color.org).
    CHECK(contains(run_on_terminal(kOverTheGap, {"TERM=xterm", "NO_COLOR="}).out, "\x1b[33m"));
}

TEST_CASE("cronctl: on a terminal a mistake is in colour, and still nothing hostile", "[system]") {
    const Ended ended = run_on_terminal({"next", "61\x1b[2J * * * *"});
    CHECK(ended.status == 2);
    CHECK(contains(ended.out, "\x1b[1;32m"));
    CHECK_FALSE(contains(ended.out, "\x1b[2J"));
}

TEST_CASE("cronctl: a chart is ASCII where the locale is", "[system]") {
    const Words arguments = {"simulate", "--chart",    "--from", "2026-03-09",
                             "--until",  "2026-03-16", "-"};
    const std::string table = "0 6 * * * /bin/true\n";
    CHECK(contains(run(arguments, table, {"LC_ALL=C"}).out, "@@"));
    CHECK(contains(run(arguments, table, {"LC_ALL=C.UTF-8"}).out, "\xe2\x96\x88"));
}

TEST_CASE("cronctl: a reader that has had enough ends it in silence", "[system]") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const UniqueFd in(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const UniqueFd error = memory();
    // More than any pipe holds, and more than any patience would wait for.
    const pid_t pid = start({"next", "--until", "9999-01-01", "* * * * *"}, in.get(), writer.get(),
                            error.get(), {});
    writer.reset();
    char first[26];
    CHECK(::read(reader.get(), first, sizeof first) == sizeof first);
    CHECK(first[25] == '\n');
    reader.reset();
    CHECK(wait_for(pid) == 0);
    CHECK(content(error.get()).empty());
}

TEST_CASE("cronctl: output that cannot be written is told, with status 2", "[system]") {
    const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    const UniqueFd in(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (const int out : {full.get(), -1}) {
        const UniqueFd error = memory();
        CHECK(wait_for(start(kOverTheGap, in.get(), out, error.get(), {})) == 2);
        CHECK(contains(content(error.get()), "cronctl: write to stdout: "));
    }
}

TEST_CASE("cronctl: --system is the machine's tables, by crond's rules", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table("0 6 * * * root one\n");
    root.write("/etc/cron.d/two", "0 6 * * * root two\n");
    root.write("/etc/cron.d/three", "0 6 * * * root three\n", 0666);
    root.user_table("daemon", "0 6 * * * four\n");
    const Ended ended =
        run({"next", "--system", "--root", root.path(""), "--from", "2026-05-01", "--count", "3"});
    // The one that everybody may write to is refused, and told.
    CHECK(ended.status == 2);
    CHECK(contains(ended.error, "cron.d/three"));
    const std::string six = "2026-05-01T06:00:00-04:00\t" + root.path("");
    CHECK(ended.out == six + "/etc/cron.d/two:1\troot\ttwo\n" + six +
                           "/etc/crontab:1\troot\tone\n" + six +
                           "/var/spool/cron/crontabs/daemon:1\tdaemon\tfour\n");
}

TEST_CASE("cronctl: a choice in an installed table is the one that crond makes", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.open_folder("/out");
    root.write("/etc/cron.d/choice", "H H * * * root true\n");
    Process crond(crond_arguments(root), [] { ::setenv("TZ", "UTC", 1); });
    REQUIRE(crond.writes("\"event\":\"started\""));
    // crond says on SIGUSR1 when each job is due next.
    crond.signal(SIGUSR1);
    const Ended ended = run({"next", "--count", "1", "--zone", "UTC", "--root", root.path(""),
                             root.path("/etc/cron.d/choice")});
    REQUIRE(ended.status == 0);
    CHECK(crond.writes(ended.out.substr(0, 16)));
}
