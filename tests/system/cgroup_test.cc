// Runs in control groups of their own: with the real crond, where this machine lets it make some.
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/text.h"
#include "machine.h"

using namespace cron;
using namespace cron::system_test;
namespace fs = std::filesystem;

namespace {

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

std::vector<std::string> arguments(const TempRoot& root) {
    return crond_arguments(root, {"--log-level", "debug", "--mailer", root.mailer()});
}

// Below which `crond` makes groups; none, and a warning that the test is skipped, if nowhere.
std::optional<std::string> base_of(Process& crond) {
    REQUIRE(crond.writes(event("control-groups")));
    const std::string& output = crond.output();
    const std::string told = "runs get control groups below ";
    const std::size_t at = output.find(told);
    if (at == std::string::npos) {
        WARN("skipped: " << output.substr(output.find("runs get no control groups"), 200));
        return std::nullopt;
    }
    const std::size_t begin = at + told.size();
    return output.substr(begin, output.find('"', begin) - begin);
}

// The groups that the process of this pid has made.
std::vector<std::string> groups_of(pid_t pid, const std::string& base) {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(base)) {
        const std::string name = entry.path().filename();
        if (name.starts_with("crond-run-" + std::to_string(pid) + "-")) found.push_back(name);
    }
    return found;
}

// A process that a job has started, by the pid in a file; ended at the end.
class Escaped {
  public:
    Escaped(const TempRoot& root, const std::string& file) {
        REQUIRE(eventually([&] { return root.read(file).ends_with('\n'); }));
        pid_ = static_cast<pid_t>(parse_decimal(root.lines(file).at(0)).value());
    }
    Escaped(const Escaped&) = delete;
    Escaped& operator=(const Escaped&) = delete;
    ~Escaped() { end(); }

    // Whoever has taken it in may be slow to collect it.
    bool lives() const {
        if (::kill(pid_, 0) != 0) return false;
        const fs::path stat = "/proc/" + std::to_string(pid_) + "/stat";
        std::ifstream file(stat);
        std::string text;
        std::getline(file, text);
        const std::size_t name_end = text.rfind(')');
        return name_end != std::string::npos && text.substr(name_end, 3) != ") Z";
    }
    void end() {
        if (lives()) ::kill(pid_, SIGKILL);
    }

  private:
    pid_t pid_ = 0;
};

// In a session of its own, deaf to TERM, and no child of the job: its process group ends without.
std::string escape(const std::string& file) {
    return "setsid sh -c 'trap \"\" TERM; echo $$ >" + file +
           "; exec sleep 300' >/dev/null 2>&1 </dev/null & ";
}

}  // namespace

TEST_CASE("cgroup: of a run that is ended for its time nothing escapes", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "CRON_TIMEOUT=1s\nCRON_KILL_AFTER=1s\n@reboot " +
                                  escape(folder + "/pid") + "exec sleep 300\n");
    Process crond(arguments(root));
    const auto base = base_of(crond);
    if (!base) return;
    // A group that is gone holds no process.
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(eventually([&] { return groups_of(crond.pid(), *base).empty(); }));
    CHECK(crond.count(event("signal-failed")) == 0);
}

TEST_CASE("cgroup: what a run leaves behind in its time lives on, and then its group goes",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "CRON_TIMEOUT=1h\n@reboot " + escape(folder + "/pid") +
                                  "until [ -s " + folder + "/pid ]; do sleep 0.01; done\n");
    Process crond(arguments(root));
    const auto base = base_of(crond);
    if (!base) return;
    Escaped escaped(root, "/out/pid");
    REQUIRE(crond.writes(event("run-ended")));
    for (int turn = 1; turn <= 3; ++turn) {
        crond.signal(SIGUSR1);  // whatever the end has set off comes before the last answer
        REQUIRE(crond.writes(event("holds"), turn));
    }
    CHECK(escaped.lives());
    CHECK(groups_of(crond.pid(), *base).size() == 1);
    escaped.end();
    CHECK(eventually([&] { return groups_of(crond.pid(), *base).empty(); }));
}

TEST_CASE("cgroup: a run that another daemon started is swept by the next one", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon", "CRON_TIMEOUT=10s\nCRON_KILL_AFTER=1s\n@reboot " +
                                  escape(folder + "/pid") + "exec sleep 300\n");
    std::optional<std::string> base;
    pid_t first = 0;
    std::optional<Escaped> escaped;
    {
        Process crond(arguments(root));
        base = base_of(crond);
        if (!base) return;
        first = crond.pid();
        escaped.emplace(root, "/out/pid");
        crond.signal(SIGKILL);
        CHECK(crond.wait() == 128 + SIGKILL);
    }
    CHECK(groups_of(first, *base).size() == 1);
    Process crond(arguments(root));
    REQUIRE(crond.writes(event("run-adopted")));
    REQUIRE(crond.writes(event("run-ended")));
    CHECK(eventually([&] { return !escaped->lives(); }));
    CHECK(eventually([&] { return groups_of(first, *base).empty(); }));
}

TEST_CASE("cgroup: an empty group of a daemon that is gone is removed at the start", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    std::optional<std::string> base;
    pid_t first = 0;
    {
        Process crond(arguments(root));
        base = base_of(crond);
        if (!base) return;
        first = crond.pid();
    }
    const std::string left = *base + "/crond-run-" + std::to_string(first) + "-1-1";
    REQUIRE(fs::create_directory(left));
    Process crond(arguments(root));
    REQUIRE(crond.writes(event("started")));
    CHECK_FALSE(fs::exists(left));
}

TEST_CASE("cgroup: a run has one only where it may be told to end, or has a limit", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    const std::string tell = "@reboot grep ^0:: /proc/self/cgroup >" + folder;
    root.user_table("daemon", tell + "/plain\nCRON_TIMEOUT=1h\n" + tell +
                                  "/timeout\nCRON_TIMEOUT=\"\"\nCRON_OVERLAP=replace\n" + tell +
                                  "/replace\n");
    Process crond(arguments(root));
    if (!base_of(crond)) return;
    REQUIRE(crond.writes(event("run-ended"), 3));
    const std::string name = "/crond-run-" + std::to_string(crond.pid()) + "-";
    CHECK(root.read("/out/plain").starts_with("0::/"));
    CHECK(root.read("/out/plain").find(name) == std::string::npos);
    CHECK(root.read("/out/timeout").find(name) != std::string::npos);
    CHECK(root.read("/out/replace").find(name) != std::string::npos);
    CHECK(crond.count(event("run-ungrouped")) == 0);
}

TEST_CASE("cgroup: a limit is set, or the table is warned once that it cannot be", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    root.user_table("daemon",
                    "CRON_PIDS=77\n@reboot cat /sys/fs/cgroup$(sed -n s/^0:://p "
                    "/proc/self/cgroup)/pids.max >" +
                        folder + "/a\nCRON_PIDS=88\n@reboot true\n");
    Process crond(arguments(root));
    REQUIRE(crond.writes(event("run-ended"), 2));
    if (crond.count("\"name\":\"not-enforced\"") == 0) {
        CHECK(root.read("/out/a") == "77\n");
    } else {
        CHECK(crond.count("\"name\":\"not-enforced\"") == 1);
        CHECK(crond.count("CRON_PIDS cannot be enforced here") == 1);
    }
    CHECK(crond.count(event("setting-failed")) == 0);
}
