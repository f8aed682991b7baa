// The commands that a table names for the end of a run, by the real crond.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "machine.h"

namespace cron::system_test {
namespace {

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

// As CRON_ON_FAILURE and CRON_ON_SUCCESS: says who it is and what it was told, then its input.
std::string telling(const TempRoot& root, const std::string& name) {
    return "{ echo $(id -un) $CRON_OUTCOME status=$CRON_STATUS signal=$CRON_SIGNAL "
           "attempt=$CRON_ATTEMPT $CRON_JOB: $CRON_REASON; cat; } >" +
           root.path("/out/" + name);
}

std::string told(const TempRoot& root, const std::string& name) {
    return root.read("/out/" + name);
}

std::vector<std::string> mails(const TempRoot& root) {
    std::vector<std::string> found;
    for (const std::string& name : root.names("/mail")) {
        if (name.ends_with(".mail")) found.push_back(root.read("/mail/" + name));
    }
    return found;
}

TEST_CASE("hooks: each end of a run has its command, run as the user with the outcome and output",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.open_folder("/out");
    root.user_table("daemon", "CRON_ON_FAILURE=" + telling(root, "$CRON_JOB") +
                                  "\nCRON_ON_SUCCESS=" + telling(root, "$CRON_JOB") +
                                  "\nCRON_NAME=good\n@reboot echo fine\n"
                                  "CRON_NAME=bad\n@reboot echo out; echo err >&2; exit 3\n"
                                  "CRON_NAME=killed\n@reboot kill -9 $$\n"
                                  "CRON_TIMEOUT=1s\nCRON_NAME=slow\n@reboot exec sleep 600\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
    REQUIRE(crond.writes(event("hook"), 4));
    CHECK(told(root, "good") == "daemon success status=0 signal= attempt=1 good:\nfine\n");
    CHECK(told(root, "bad") ==
          "daemon failure status=3 signal= attempt=1 bad: exit status 3\nout\nerr\n");
    CHECK(told(root, "killed") == "daemon failure status= signal=9 attempt=1 killed: signal 9\n");
    CHECK(told(root, "slow") ==
          "daemon failure status= signal=15 attempt=1 slow: it was ended after its timeout of "
          "1s\n");
    // The mail is sent all the same, and nothing of it is kept.
    CHECK(eventually([&] { return mails(root).size() == 2; }));
    CHECK(eventually([&] { return root.names("/var/spool/cron/output").empty(); }));
}

TEST_CASE("hooks: a run that is tried again has its command once, after the last attempt",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.open_folder("/out");
    root.user_table("daemon", "CRON_RETRY=2/1s\nCRON_ON_FAILURE=echo $CRON_ATTEMPT >>" +
                                  root.path("/out/failed") + "\n@reboot false\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("hook")));
    CHECK(crond.count(event("run-retried")) == 2);
    CHECK(told(root, "failed") == "3\n");
}

TEST_CASE("hooks: a run that cannot start has failed, and a hook that cannot says so", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.open_folder("/out");
    root.user_table("daemon", "CRON_ON_FAILURE=" + telling(root, "hook") + "\nHOME=/\nSHELL=" +
                                  root.path("/no/shell") + "\nCRON_NAME=none\n@reboot true\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-not-started")));
    // They have one shell.
    CHECK(crond.writes(event("hook-problem")));
}

TEST_CASE("mail: a run that could not start has failed, and the mail says why", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon", "CRON_MAIL=failure\nSHELL=/no/such/shell\n@reboot true\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
    REQUIRE(eventually([&] { return mails(root).size() == 1; }));
    CHECK(mails(root)[0].ends_with(
        "\n\nThe job was not started: exec of SHELL: No such file or directory\n"));
}

TEST_CASE("hooks: what they print and how they end is in the log", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon", "CRON_ON_SUCCESS=echo from the hook; exit 9\n@reboot true\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("hook")));
    CHECK(crond.output().find("\"line\":\"from the hook\"") != std::string::npos);
    CHECK(crond.output().find("\"after\":\"success\",\"status\":\"9\"") != std::string::npos);
    CHECK(crond.count(event("run-ended")) == 1);
}

TEST_CASE("failure: standard error makes one where the table says so, in files and in pipes",
          "[system]") {
    if (!is_root()) return;
    const std::string table =
        "CRON_FAIL_ON_STDERR=yes\nCRON_ON_FAILURE=echo failed: $CRON_REASON\n"
        "CRON_ON_SUCCESS=echo succeeded\n"
        "@reboot echo error >&2; echo output\n@reboot echo output only\n";
    const auto check = [](Process& crond) {
        CHECK(crond.writes("failed: it wrote to its standard error"));
        CHECK(crond.writes("succeeded"));
        CHECK(crond.count("succeeded") == 1);
    };
    {
        const TempRoot root;
        root.user_table("daemon", table);
        Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
        check(crond);
        REQUIRE(eventually([&] { return mails(root).size() == 2; }));
        const auto all = mails(root);
        CHECK(std::any_of(all.begin(), all.end(), [](const std::string& mail) {
            return mail.find("\n\noutput\nerror\n\nThe job failed: ") != std::string::npos;
        }));
        CHECK(eventually([&] { return root.names("/var/spool/cron/output").empty(); }));
    }
    for (const char* format : {"prefix", "raw"}) {
        const TempRoot root;
        root.write("/table", table);
        Process crond({BELFRY_CROND, "--foreground", "--output", format, root.path("/table")});
        check(crond);
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
    }
}

// A lock of the test's that the hooks wait for: they go on when it dies.
class Gate {
  public:
    explicit Gate(const TempRoot& root) : path_(root.path("/gate")) {
        root.write("/gate", "");
        fd_.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
        REQUIRE(::flock(fd_.get(), LOCK_EX) == 0);
    }
    std::string wait() const { return "flock -s " + path_ + " true"; }
    void open() { fd_.reset(); }

  private:
    std::string path_;
    UniqueFd fd_;
};

TEST_CASE("hooks: what one prints is kept within the limit of its entry while it runs",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    Gate gate(root);
    root.user_table(
        "daemon",
        "CRON_MAX_OUTPUT=64K\nCRON_ON_SUCCESS=yes $(printf %01000d 1) | head -c 8000000; " +
            gate.wait() + "\n@reboot true\n");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-ended")));
    const std::string output = "/var/spool/cron/output";
    const auto is_cut = [&] {
        for (const std::string& name : root.names(output)) {
            struct stat file {};
            if (::stat(root.path(output + "/" + name).c_str(), &file) != 0) continue;
            if (file.st_size == 8'000'000 && file.st_blocks * 512 < 1'000'000) return true;
        }
        return false;
    };
    CHECK(eventually(is_cut));
    gate.open();
    CHECK(crond.writes(event("hook")));
}

TEST_CASE("hooks: those that wait for their turn hold no output in memory, and get it in the end",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.open_folder("/out");
    const std::string begun = root.open_folder("/begun");
    Gate gate(root);
    std::string table = "CRON_ON_SUCCESS=: >" + begun + "/$CRON_JOB; " + gate.wait() + "; cat >" +
                        root.path("/out/$CRON_JOB") + "\n";
    constexpr int kHooks = 12;
    for (int i = 0; i < kHooks; ++i) {
        const std::string name = "job" + std::to_string(i);
        table += "CRON_NAME=" + name + "\n@reboot echo " + name + "\n";
    }
    root.user_table("daemon", table);
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("run-ended"), kHooks));
    // All hooks that are ever to run at once do: the others are known to wait.
    const auto inputs = [&] {
        int count = 0;
        for (const auto& file :
             std::filesystem::directory_iterator("/proc/" + std::to_string(crond.pid()) + "/fd")) {
            std::error_code error;
            const auto target = std::filesystem::read_symlink(file.path(), error).string();
            count += target.find("cron-input") != std::string::npos ? 1 : 0;
        }
        return count;
    };
    REQUIRE(eventually([&] { return !root.names("/begun").empty(); }));
    CHECK(eventually([&] { return inputs() == 0; }));
    gate.open();
    CHECK(crond.writes(event("hook"), kHooks));
    for (int i = 0; i < kHooks; ++i) {
        const std::string name = "job" + std::to_string(i);
        CHECK(told(root, name) == name + "\n");
    }
}

TEST_CASE("failure: of standard error counts what the last attempt wrote", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon",
                    "CRON_FAIL_ON_STDERR=yes\nCRON_RETRY=3/1s\n"
                    "CRON_ON_SUCCESS=echo succeeded at $CRON_ATTEMPT\n"
                    "CRON_ON_FAILURE=echo failed at $CRON_ATTEMPT\n"
                    "@reboot [ $CRON_ATTEMPT = 3 ] || echo error >/dev/stderr; echo output\n");
    Process crond(crond_arguments(root, {"--mailer", root.mailer()}));
    REQUIRE(crond.writes(event("hook")));
    CHECK(crond.writes("succeeded at 3"));
    REQUIRE(eventually([&] { return mails(root).size() == 1; }));
    CHECK(mails(root)[0].ends_with("\n\noutput\noutput\noutput\nerror\n"));
}

TEST_CASE("hooks: of one that a stop leaves running the log has what it has printed", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.open_folder("/out");
    Gate gate(root);
    root.user_table("daemon", "CRON_ON_SUCCESS=echo so far; echo >" + root.path("/out/begun") +
                                  "; " + gate.wait() + "\n@reboot true\n");
    Process crond(crond_arguments(root));
    REQUIRE(eventually([&] { return told(root, "begun") == "\n"; }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(crond.writes("\"line\":\"so far\""));
    CHECK(crond.writes("it goes on while the daemon stops"));
}

TEST_CASE("hooks: without root that of another user does not run", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.open_folder("/out");
    root.system_table("CRON_ON_FAILURE=id -un >" + root.path("/out/who") +
                      "\n@reboot daemon true\n");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root.path(""))) {
        ::chown(entry.path().c_str(), 5, 60);  // games
    }
    ::chown(root.path("").c_str(), 5, 60);
    Process crond(crond_arguments(root, {"--output", "raw"}), [] {
        if (::setgid(60) != 0 || ::setuid(5) != 0) ::_exit(99);
    });
    REQUIRE(crond.writes(event("run-not-started")));
    CHECK(crond.writes("the user cannot be become without root"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(told(root, "who").empty());
}

}  // namespace
}  // namespace cron::system_test
