// A live upgrade that cannot be: the daemon that is there goes on as it was.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <catch2/catch.hpp>

#include "daemon/upgrade_memory.h"
#include "process/child.h"
#include "versions.h"

namespace cron::system_test {
namespace {

namespace fs = std::filesystem;

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

// A job that ends with status 7 when it is told to.
std::string job_that_waits(const std::string& folder) {
    return "CRON_OVERLAP=forbid\n@every 1s until [ -e " + folder +
           "/end ]; do sleep 0.05; done; exit 7\n";
}

void check_goes_on(const TempRoot& root, const Versions& versions, Process& crond) {
    const auto descriptors = descriptor_count(crond.pid());
    // The run is still its child, and is known by its end.
    root.write("/out/end", "");
    REQUIRE(crond.writes("\"status\":\"7\""));
    fs::remove(root.path("/var/spool/cron/crontabs/daemon"));
    CHECK(eventually([&] { return children_of(crond.pid()).empty(); }));
    CHECK(descriptor_count(crond.pid()) <= descriptors);
    fs::remove(versions.program());
    versions.install_next();
    upgrade(crond);
    CHECK(crond.count("\"to\":\"9.9.9\"") == 1);
}

}  // namespace

TEST_CASE("upgrade: a program that is missing, broken or not to be trusted is refused",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const Versions versions(root);
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", job_that_waits(folder));
    Process crond(versions.arguments());
    REQUIRE(crond.writes(event("run-started")));
    const std::pair<const char*, std::function<void()>> cases[] = {
        {"No such file", [&] { fs::remove(versions.program()); }},
        {"Permission denied", [&] { root.write("/bin/crond", "#!/bin/sh\n", 0644); }},
        {"can be written by others", [&] { root.write("/bin/crond", "#!/bin/sh\n", 0777); }},
        {"belongs to another user",
         [&] { root.write("/bin/crond", "#!/bin/sh\n", 0755, "daemon"); }},
        {"no regular file",
         [&] {
             fs::remove(versions.program());
             fs::create_directory(versions.program());
         }},
        {"ended with status 1: it is broken",
         [&] {
             fs::remove(versions.program());
             root.write("/bin/crond", "#!/bin/sh\necho it is broken\nexit 1\n", 0755);
         }},
        {"ended with signal 11",
         [&] { root.write("/bin/crond", "#!/bin/sh\nkill -SEGV $$\n", 0755); }}};
    int refused = 0;
    for (const auto& [reason, spoil] : cases) {
        spoil();
        crond.signal(SIGUSR2);
        REQUIRE(crond.writes(event("upgrade-refused"), ++refused));
        CHECK(crond.count(reason) == 1);
    }
    check_goes_on(root, versions, crond);
}

TEST_CASE("upgrade: settings that would end the start of the next program are refused",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const Versions versions(root);
    Process crond(versions.arguments());
    REQUIRE(crond.writes(event("started")));
    root.write("/etc/crond.json", "{");
    crond.signal(SIGUSR2);
    REQUIRE(crond.writes(event("upgrade-refused")));
    root.write("/etc/crond.json", "{}");
    upgrade(crond);
}

TEST_CASE("upgrade: where the program cannot be executed after all, the daemon goes on as it was",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const Versions versions(root);
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", job_that_waits(folder));
    Process crond(versions.arguments());
    REQUIRE(crond.writes(event("run-started")));
    // It passes the check, and is gone.
    root.write("/bin/crond", "#!/bin/sh\nrm \"$0\"\necho 2.0\n", 0755);
    crond.signal(SIGUSR2);
    REQUIRE(crond.writes(event("upgrade-failed")));
    root.write("/bin/crond", "", 0755);
    check_goes_on(root, versions, crond);
}

TEST_CASE("upgrade: while verdicts are in memory only it is refused, and not after", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const Versions versions(root);
    root.user_table("daemon", "@every 1s true\n");
    Process crond(versions.arguments());
    REQUIRE(crond.writes(event("run-ended")));
    // No file may grow: so the disk fails.
    rlimit limit{};
    REQUIRE(::prlimit(crond.pid(), RLIMIT_FSIZE, nullptr, &limit) == 0);
    const rlimit none{0, limit.rlim_max};
    REQUIRE(::prlimit(crond.pid(), RLIMIT_FSIZE, &none, nullptr) == 0);
    REQUIRE(crond.writes(event("ledger-weak")));
    crond.signal(SIGUSR2);
    REQUIRE(crond.writes(event("upgrade-refused")));
    REQUIRE(::prlimit(crond.pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
    REQUIRE(crond.writes(event("ledger-restored")));
    upgrade(crond);
    CHECK(crond.count(event("run-lost")) == 0);
}

TEST_CASE("upgrade: tables as arguments are not upgraded, for they are run anew", "[system]") {
    const TempRoot root;
    root.write("/table", "@every 1s true\n");
    Process crond({BELFRY_CROND, "--log", "json", root.path("/table")});
    REQUIRE(crond.writes(event("started")));
    crond.signal(SIGUSR2);
    REQUIRE(crond.writes(event("upgrade-refused")));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE(
    "upgrade: asked for while it starts it comes when the tables are read; twice at once is "
    "once; a stop goes before it",
    "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const Versions versions(root);
    {
        Process crond(versions.arguments());
        // Its pid is told before it is ready.
        REQUIRE(eventually([&] { return !root.read("/run/crond.pid").empty(); }));
        crond.signal(SIGUSR2);
        REQUIRE(crond.writes(event("upgraded")));
        for (int i = 0; i < 5; ++i) crond.signal(SIGUSR2);
        crond.signal(SIGHUP);
        REQUIRE(crond.writes(event("upgraded"), 2));
        crond.signal(SIGUSR2);
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
    }
    Process crond(versions.arguments());
    REQUIRE(crond.writes(event("started")));
    crond.signal(SIGTERM);
    ::kill(crond.pid(), SIGUSR2);
    CHECK(crond.wait() == 0);
}

TEST_CASE(
    "upgrade: of a format that it does not know a daemon takes the locks, and collects the "
    "children that nobody tells it of",
    "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const Versions versions(root);
    const auto hand_over = [&root](std::uint64_t format) {
        return [&root, format] {
            daemon::Handover handover;
            handover.format = format;
            handover.version = "12.0";
            handover.pid = ::getpid();
            handover.process_start = process::process_start(::getpid()).value_or(0);
            const int lock = ::open(root.path("/run/crond.pid").c_str(), O_RDWR | O_CREAT, 0600);
            ::flock(lock, LOCK_EX);
            handover.descriptors = {{"pidfile", lock}};
            // Both stay open through exec.
            const int memory = daemon::write_handover(handover)->release();
            ::fcntl(memory, F_SETFD, 0);
            ::putenv(::strdup(daemon::handover_variable(memory).c_str()));
            if (::fork() == 0) ::_exit(3);
        };
    };
    for (const std::uint64_t format : {daemon::kHandoverFormat, daemon::kHandoverFormat + 1}) {
        CAPTURE(format);
        Process crond(versions.arguments(), hand_over(format));
        REQUIRE(crond.writes(event("upgraded")));
        const bool is_known = format == daemon::kHandoverFormat;
        CHECK(crond.count(event("handover-unread")) == (is_known ? 0 : 1));
        CHECK(eventually([&] { return children_of(crond.pid()).empty(); }));
        Process second(versions.arguments());
        CHECK(second.wait() == 1);
        CHECK(second.count("is locked by") == 1);
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
    }
}

}  // namespace cron::system_test
