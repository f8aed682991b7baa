// What crond with tables as arguments refuses and says when it starts, and which signals end it.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "own_tables.h"

using namespace cron::system_test;
namespace fs = std::filesystem;

namespace {

// The line of the log with this event.
std::string line_of(Process& crond, const std::string& name) {
    REQUIRE(crond.writes(event(name)));
    REQUIRE(eventually([&] {
        return crond.output().find('\n', crond.output().find(event(name))) != std::string::npos;
    }));
    const std::string& text = crond.output();
    const std::size_t at = text.find(event(name));
    const std::size_t begin = text.rfind('\n', at) + 1;
    return text.substr(begin, text.find('\n', at) - begin);
}

TEST_CASE("start: SIGQUIT ends crond and its jobs, also where it is not PID 1", "[system]") {
    const TempRoot root;
    root.write("/table", "@reboot echo up; while :; do sleep 0.1; done\n");
    Process crond(own_arguments(root, {"--output", "json"}));
    REQUIRE(crond.writes("\"up\""));
    crond.signal(SIGQUIT);
    CHECK(crond.wait() == 0);
    CHECK(crond.count(event("run-ended")) == 1);
}

TEST_CASE("start: two names of one file are refused, its jobs would run twice", "[system]") {
    const TempRoot root;
    root.write("/table", "@reboot true\n");
    fs::create_symlink("table", root.path("/symbolic"));
    fs::create_hard_link(root.path("/table"), root.path("/hard"));
    for (const std::string how : {"--foreground", "--test"}) {
        for (const std::string& other : {root.path("/symbolic"), root.path("/hard")}) {
            INFO(how << ' ' << other);
            Process crond({BELFRY_CROND, how, root.path("/table"), other});
            CHECK(crond.wait() == 1);
            CHECK(crond.count("table " + other + " is the same file as " + root.path("/table")) ==
                  1);
        }
    }
}

TEST_CASE("start: that stdout is not open is said in the log", "[system]") {
    const TempRoot root;
    root.write("/table", "@reboot true\n");
    Process crond(own_arguments(root, {"--output", "prefix"}), [] { ::close(STDOUT_FILENO); });
    const std::string line = line_of(crond, "output-closed");
    CHECK(line.find("\"stream\":\"stdout\"") != std::string::npos);
    CHECK(line.find("it was not open when crond started") != std::string::npos);
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("start: a second crond of one pid namespace says that another answers for it",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.write("/table", "0 0 1 1 * true\n");
    const std::string crond = BELFRY_CROND " --foreground --log json " + root.path("/table");
    FirstProcess both({"/bin/sh", "-c", crond + " & " + crond + " & wait"});
    CHECK(line_of(both, "no-pulse").find("\"level\":\"info\"") != std::string::npos);
}

}  // namespace
