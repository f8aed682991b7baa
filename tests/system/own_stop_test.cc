// How crond stops where its jobs end with it.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "own_tables.h"

using namespace cron;
using namespace cron::system_test;

namespace {

// A job that writes its pid into /out/NAME, and then does what `rest` says.
std::string job(const TempRoot& root, const std::string& name, const std::string& before,
                const std::string& rest) {
    return "@reboot " + before + " echo $$ >" + root.path("/out/") + name + "; " + rest + "\n";
}

bool has_come_up(const TempRoot& root, const std::vector<std::string>& names) {
    return eventually([&] {
        for (const std::string& name : names) {
            if (root.lines("/out/" + name).empty()) return false;
        }
        return true;
    });
}

pid_t pid_in(const TempRoot& root, const std::string& name) {
    return std::stoi(root.read("/out/" + name));
}

// What loses its parent becomes a child of this process.
struct Subreaper {
    Subreaper() { REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0); }
    Subreaper(const Subreaper&) = delete;
    Subreaper& operator=(const Subreaper&) = delete;
    ~Subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }
};

// A process, or with a minus a group. Here it comes when its parent has ended: the first process of
// a machine need not collect it.
bool is_gone(pid_t number) {
    while (::waitpid(number, nullptr, WNOHANG) > 0) {
    }
    return ::kill(number, 0) != 0;
}

const std::string kForEver = "while :; do sleep 0.1; done";

TEST_CASE("stop: what a run leaves in its group has the grace, and is killed after it",
          "[system]") {
    const Subreaper collects;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    // The shells end on TERM at once; what they have started does not.
    root.write(
        "/table",
        "@reboot (trap '' TERM; sh -c 'echo $PPID >" + folder + "/deaf'; " + kForEver +
            ") & wait\n" +  //
            "@reboot (trap 'sleep 0.5; echo bye >" + folder + "/bye; exit 0' TERM; : >" + folder +
            "/slow; echo up >" + folder + "/slow; " + kForEver + ") & wait\n" +
            job(root, "anew",
                "trap '(trap \"\" TERM; echo x >" + folder + "/forked; sleep 1000) & exit 0' TERM;",
                kForEver));
    Process crond(own_arguments(root, {"--grace", "1h"}));
    REQUIRE(has_come_up(root, {"deaf", "slow", "anew"}));
    crond.signal(SIGTERM);
    REQUIRE(eventually(
        [&] { return root.read("/out/bye") == "bye\n" && root.read("/out/forked") == "x\n"; }));
    crond.signal(SIGINT);  // the grace is over
    CHECK(crond.wait() == 0);
    // Of the groups nothing is left.
    CHECK(eventually([&] { return is_gone(pid_in(root, "deaf")); }));
    CHECK(eventually([&] { return is_gone(-pid_in(root, "anew")); }));
}

TEST_CASE("stop: when all have ended it does not wait for the grace, and their ends are written",
          "[system]") {
    const TempRoot root;
    root.open_folder("/out");
    root.write(
        "/table",
        job(root, "trap", "trap 'exit 42' TERM;", kForEver) + job(root, "plain", "", kForEver) +
            // Its group is its own.
            job(root, "stopped", "trap 'echo bye >" + root.path("/out/bye") + "; exit 43' TERM;",
                "kill -STOP $$; " + kForEver));
    Process crond(own_arguments(root, {"--grace", "1h"}));
    REQUIRE(has_come_up(root, {"trap", "plain", "stopped"}));
    REQUIRE(eventually([&] { return state_of(pid_in(root, "stopped")) == 'T'; }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(crond.count(event("run-ended")) == 3);
    CHECK(crond.count("\"status\":\"42\"") == 1);
    CHECK(crond.count("\"status\":\"43\"") == 1);
    CHECK(crond.count("\"status\":\"signal 15\"") == 1);
    CHECK(root.read("/out/bye") == "bye\n");
    // The last word.
    CHECK(crond.output().rfind(event("stopped")) > crond.output().rfind(event("run-ended")));
}

TEST_CASE("stop: a second signal leaves nothing of a group", "[system]") {
    const Subreaper collects;
    const TempRoot root;
    root.open_folder("/out");
    root.write("/table", job(root, "leader", "trap '' TERM;",
                             "(sh -c 'echo $PPID >" + root.path("/out/deaf") + "'; " + kForEver +
                                 ") & " + kForEver));
    const int first = GENERATE(SIGTERM, SIGINT);
    Process crond(own_arguments(root, {"--grace", "1h"}));
    REQUIRE(has_come_up(root, {"leader", "deaf"}));
    crond.signal(first);
    crond.signal(first == SIGTERM ? SIGINT : SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(eventually([&] { return is_gone(-pid_in(root, "leader")); }));
}

TEST_CASE("stop: what waits is not started, and what falls due meanwhile is said", "[system]") {
    const std::string format = GENERATE("prefix", "json");
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.write("/table", "CRON_POOL=one\n" + job(root, "first", "trap '' TERM;", kForEver) +
                             "@reboot echo x >" + folder + "/second\nCRON_POOL=\"\"\n" +
                             "CRON_NAME=seconds\n@every 1s true\nCRON_NAME=suspended\n" +
                             "CRON_ENABLED=no\n@every 1s true\n");
    root.write("/config", "{\"pools\": {\"one\": 1}}");
    Process crond(own_arguments(
        root, {"--grace", "3s", "--config", root.path("/config"), "--output", format}));
    REQUIRE(has_come_up(root, {"first"}));
    REQUIRE(crond.writes(event("run-ended")));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(root.read("/out/second").empty());
    CHECK(crond.count("the daemon stops") >= 1);
    CHECK(crond.count(event("due-missed")) == 1);
    const std::string& output = crond.output();
    const std::string said = output.substr(output.find(event("due-missed")));
    CHECK(said.find("seconds") < said.find('\n'));
    // Of the stream's objects only: the log has no such key.
    CHECK((said.find("job_id") < said.find('\n')) == (format == "json"));
}

TEST_CASE("stop: as PID 1 what has left its run's group is told, too, and has some seconds",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    const auto daemon_of = [&](const std::string& name, const std::string& trap) {
        root.write("/" + name,
                   "#!/bin/sh\ntrap '" + trap + "' TERM\n: >" + folder + "/" + name +
                       "\necho up >" + folder + "/" + name + "\n" + kForEver + "\n",
                   0755);
        return "@reboot setsid " + root.path("/" + name) + " </dev/null >/dev/null 2>&1 &\n";
    };
    const std::string good = daemon_of("good", "sleep 0.3; echo bye >" + folder + "/bye; exit 0");
    SECTION("it ends when they have") {
        root.write("/table", good);
        FirstProcess crond(own_arguments(root, {"--grace", "1h"}));
        REQUIRE(has_come_up(root, {"good"}));
        REQUIRE(crond.writes(event("run-ended")));
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
        CHECK(root.read("/out/bye") == "bye\n");
        CHECK(crond.count(event("rest-told-to-end")) == 1);
    }
    SECTION("it does not wait for one that is deaf beyond the grace") {
        root.write("/table", daemon_of("deaf", "") + good);
        FirstProcess crond(own_arguments(root, {"--grace", "2s"}));
        REQUIRE(has_come_up(root, {"good", "deaf"}));
        REQUIRE(crond.writes(event("run-ended"), 2));
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
        CHECK(root.read("/out/bye") == "bye\n");
    }
    SECTION("nor after a second signal") {
        root.write("/table", daemon_of("deaf", ""));
        FirstProcess crond(own_arguments(root, {"--grace", "1h"}));
        REQUIRE(has_come_up(root, {"deaf"}));
        REQUIRE(crond.writes(event("run-ended")));
        crond.signal(SIGTERM);
        REQUIRE(crond.writes(event("rest-told-to-end")));
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
    }
    SECTION("where nothing is left nothing is said") {
        root.write("/table", "@reboot true\n");
        FirstProcess crond(own_arguments(root));
        REQUIRE(crond.writes(event("run-ended")));
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
        CHECK(crond.count(event("rest-told-to-end")) == 0);
    }
}

TEST_CASE("stop: as PID 1 each signal that asks for it does, and Ctrl-C on its terminal",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.write("/table", "@reboot true\n");
    SECTION("signals") {
        const int number = GENERATE(SIGTERM, SIGINT, SIGQUIT);
        FirstProcess crond(own_arguments(root));
        REQUIRE(crond.writes(event("run-ended")));
        crond.signal(number);
        CHECK(crond.wait() == 0);
    }
    SECTION("a terminal") {
        const UniqueFd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
        REQUIRE(terminal);
        REQUIRE((::grantpt(terminal.get()) == 0 && ::unlockpt(terminal.get()) == 0));
        const std::string name = ::ptsname(terminal.get());
        Process crond(
            own_arguments(root),
            [&] {
                ::setsid();
                const int side = ::open(name.c_str(), O_RDWR);
                if (side < 0 || ::ioctl(side, TIOCSCTTY, 0) != 0) ::_exit(126);
                ::dup2(side, STDIN_FILENO);
            },
            CLONE_NEWPID);
        REQUIRE(crond.writes(event("run-ended")));
        REQUIRE(::write(terminal.get(), "\x03", 1) == 1);
        CHECK(crond.wait() == 0);
    }
}

}  // namespace
