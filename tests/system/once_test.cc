// `crond --once JOB`: one run now, with its settings, and its status for an exit status.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "unknown_user.h"

using namespace cron::system_test;
using Catch::Matchers::Contains;

namespace {

std::vector<std::string> once(const TempRoot& root, const std::string& job,
                              const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--once", job};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return with_table(root, arguments);
}

constexpr const char* kNever = "0 0 29 2 * ";  // but in a leap year

std::string job(const std::string& name, const std::string& command) {
    return "CRON_NAME=" + name + "\n" + kNever + command + "\n";
}

}  // namespace

TEST_CASE("once: the job's own output and exit status, and nothing else", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table(job("ok", "echo fine") + job("three", "exit 3") +
                      job("killed", "kill -9 $$") + job("other", "echo never"));
    const Ended ok = run_unknown(once(root, "ok"));
    CHECK(ok.status == 0);
    CHECK(ok.output == "fine\n");
    CHECK(run_unknown(once(root, "three")).status == 3);
    CHECK(run_unknown(once(root, "killed")).status == 128 + SIGKILL);
    CHECK(run_unknown(once(root, "crontab:8")).output == "never\n");
}

TEST_CASE("once: all settings of a run hold, and none that say when or whether", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.system_table(
        "GREETING=hello\nCRON_UMASK=027\nCRON_ENABLED=no\nCRON_WINDOW=00:00-00:01\n"
        "CRON_JITTER=10h\nCRON_ON_SUCCESS=\"echo hook $CRON_OUTCOME\"\n" +
        job("all", "echo $GREETING $CRON_JOB $CRON_ATTEMPT; umask; cat%from%stdin") +
        "CRON_RETRY=2/1s\nCRON_ON_SUCCESS=\n" +
        job("again", "echo $CRON_ATTEMPT >>" + folder + "/attempts; test $CRON_ATTEMPT = 3"));
    const Ended all = run_unknown(once(root, "all"));
    CHECK(all.status == 0);
    CHECK(all.output == "hello all 1\n0027\nfrom\nstdin\nhook success\n");
    CHECK(run_unknown(once(root, "again")).status == 0);
    CHECK(root.read("/out/attempts") == "1\n2\n3\n");
}

TEST_CASE("once: a timeout is 124, and what is no program 127 or 126", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.write("/no-program", "", 0644);
    root.system_table("CRON_TIMEOUT=1s\n" + job("slow", "sleep 1000") + "CRON_TIMEOUT=\n" +
                      "SHELL=/not/there\n" + job("none", "true") +
                      "SHELL=" + root.path("/no-program") + "\n" + job("denied", "true"));
    CHECK(run_unknown(once(root, "slow")).status == 124);
    CHECK(run_unknown(once(root, "none")).status == 127);
    CHECK(run_unknown(once(root, "denied")).status == 126);
}

TEST_CASE("once: a job that is not there, or may be several, is 125 and lists them", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table(job("backup-a", "true") + job("backup-b", "true"));
    for (const std::string asked : {"restore", "backup"}) {
        const Ended ended = run_unknown(once(root, asked));
        CHECK(ended.status == 125);
        CHECK_THAT(ended.output, Contains("backup-a (crontab:2), backup-b (crontab:4)"));
        const Ended test = run_unknown(once(root, asked, {"--test"}));
        CHECK(test.status == 1);
        CHECK_THAT(test.output, Contains("backup-a (crontab:2), backup-b (crontab:4)"));
    }
    CHECK(run_unknown(once(root, "backup-b", {"--test"})).status == 0);
}

TEST_CASE("once: told to end, it tells its job, and ends as by that signal", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.system_table(job("long", "trap 'echo told; exit 0' TERM; echo up; sleep 1000 & wait"));
    for (const int number : {SIGTERM, SIGINT}) {
        Process crond(once(root, "long"), become_unknown);
        REQUIRE(crond.writes("up"));
        crond.signal(number);
        CHECK(crond.wait() == 128 + number);
        CHECK(crond.count("told") == 1);
    }
}

TEST_CASE("once: with --state it is on record, and refused while a crond holds the folder",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string state = unknown_folder(root, "/state");
    root.system_table(job("ok", "echo fine") + "@every 1s true\n");
    CHECK(run_unknown(once(root, "ok", {"--test", "--state", state})).status == 0);
    CHECK(std::filesystem::is_empty(state));
    CHECK(run_unknown(once(root, "ok", {"--state", state})).status == 0);
    CHECK(std::filesystem::file_size(state + "/ledger.db") > 0);
    // It has missed nothing, for nobody was there to schedule.
    Process crond(with_table(root, {"--state", state}), become_unknown);
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(crond.count(event("due-missed")) == 0);
    CHECK(crond.count(event("run-lost")) == 0);
    const Ended refused = run_unknown(once(root, "ok", {"--state", state}));
    CHECK(refused.status == 125);
    CHECK_THAT(refused.output, Contains("is locked by process " + std::to_string(crond.pid())));
    CHECK(run_unknown(once(root, "ok")).status == 0);
}
