// crond where the machine has too little: of processes, of descriptors, of disk.
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include <catch2/catch.hpp>

#include "storm.h"

namespace cron::system_test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// Users of whom nothing else runs, one a test: these run side by side.
constexpr const char* kPoor = "uucp";
constexpr const char* kPoorDaemon = "news";
constexpr int kProcessesMax = 200;

passwd poor_user(const char* name) {
    const passwd* user = ::getpwnam(name);
    REQUIRE(user != nullptr);
    return *user;
}

void become(const passwd& user) {
    const bool is_done =
        ::setgroups(0, nullptr) == 0 && ::setgid(user.pw_gid) == 0 && ::setuid(user.pw_uid) == 0;
    if (!is_done) ::_exit(126);
}

void limit(int resource, rlim_t value) {
    const rlimit both{value, value};
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) ::_exit(126);
}

// As many processes of the user as he may have, while it lives.
class Crowd {
  public:
    explicit Crowd(const passwd& user) {
        for (int i = 0; i < kProcessesMax; ++i) {
            const pid_t pid = ::fork();
            REQUIRE(pid >= 0);
            if (pid == 0) {
                become(user);
                ::prctl(PR_SET_PDEATHSIG, SIGKILL);
                while (true) ::pause();
            }
            pids_.push_back(pid);
        }
    }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;
    ~Crowd() {
        for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
        for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
    }

  private:
    std::vector<pid_t> pids_;
};

std::string poor_jobs(const Storm& storm) {
    return "CRON_TZ=UTC\nMAILTO=\"\"\n" + noted_job(storm.notes, "poor-1", "") +
           noted_job(storm.notes, "poor-2", "");
}

// The user has as many processes as he may have, and then not, again and again.
int crowd_and_clear(Storm& storm, Process& crond, const passwd& user) {
    int times = 0;
    for (; !storm.is_over(); ++times) {
        {
            const int before = crond.count(event("run-postponed"));
            const Crowd crowd(user);
            REQUIRE(crond.writes(event("run-postponed"), before + 1));
            Storm::pass(storm.random_time(milliseconds(3000)), crond);
        }
        const std::size_t noted = storm.root.lines("/out/notes").size();
        CHECK(eventually([&] {
            crond.output();
            return storm.root.lines("/out/notes").size() > noted;
        }));
        Storm::pass(storm.random_time(milliseconds(2000)), crond);
    }
    return times;
}

void finish(Storm& storm, Process& crond, const std::string& what) {
    storm.settle(crond);
    storm.end(crond);
    storm.check_accounts();
    for (const char* never : {"lost", "missed", "not-started"}) CHECK(storm.count(never) == 0);
    storm.print(what + ", " + std::to_string(storm.logged("run-postponed")) + " starts put off");
}

// A small file system over the spool (a write-ahead log takes up to 4 MB of it), seen by this
// process and its children only.
class SmallSpool {
  public:
    explicit SmallSpool(const TempRoot& root) : path_(root.path("/var/spool/cron")) {
        is_there_ = ::unshare(CLONE_NEWNS) == 0 &&
                    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                    ::mount("spool", path_.c_str(), "tmpfs", 0, "size=16m,mode=755") == 0;
        if (!is_there_) WARN("skipped: needs a mount of its own");
    }
    SmallSpool(const SmallSpool&) = delete;
    SmallSpool& operator=(const SmallSpool&) = delete;
    ~SmallSpool() {
        if (is_there_) ::umount2(path_.c_str(), MNT_DETACH);
    }

    bool is_there() const { return is_there_; }
    void fill() const {
        const UniqueFd file(
            ::open((path_ + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        REQUIRE(file);
        const std::string block(4096, 'x');
        while (::write(file.get(), block.data(), block.size()) > 0) {
        }
    }
    void clear() const { fs::remove(path_ + "/filler"); }

  private:
    std::string path_;
    bool is_there_ = false;
};

void write_table(const Storm& storm) {
    std::string text = "CRON_TZ=UTC\nMAILTO=\"\"\n";
    for (const char* name : {"plain-1", "plain-2", "plain-3"}) {
        text += noted_job(storm.notes, name, "", "@every 1s daemon");
    }
    text += noted_job(storm.notes, "forbid", "sleep 1.3; " + noted_end(storm.notes),
                      "@every 1s daemon", {{"CRON_OVERLAP", "forbid"}});
    storm.root.system_table(text);
}

bool go_on(const Storm& storm, Process& crond) {
    const std::size_t noted = storm.root.lines("/out/notes").size();
    return eventually([&] {
        crond.output();
        return storm.root.lines("/out/notes").size() > noted + 8;
    });
}

}  // namespace

TEST_CASE(
    "storm: the jobs of a user who has too many processes are put off on record, and those of "
    "others go on",
    "[storm][pids]") {
    if (!is_root()) return;
    Storm storm;
    const passwd user = poor_user(kPoor);
    storm.root.user_table("daemon", "CRON_TZ=UTC\nMAILTO=\"\"\n" +
                                        noted_job(storm.notes, "rich-1", "") +
                                        noted_job(storm.notes, "rich-2", ""));
    storm.notes += "-of-the-poor";
    storm.root.user_table(kPoor, poor_jobs(storm));
    Process crond(crond_arguments(storm.root), [] { limit(RLIMIT_NPROC, kProcessesMax); });
    REQUIRE(crond.writes(event("started")));
    const int times = crowd_and_clear(storm, crond, user);
    finish(storm, crond, std::to_string(times) + " times out of processes");
    CHECK(storm.count("merged", "rich-1") + storm.count("merged", "rich-2") == 0);
}

TEST_CASE("storm: a daemon that gets no process for a while puts its jobs off on record",
          "[storm][own_pids]") {
    if (!is_root()) return;
    Storm storm;
    const passwd user = poor_user(kPoorDaemon);
    storm.root.user_table(kPoorDaemon, poor_jobs(storm));
    for (const auto& file : fs::recursive_directory_iterator(storm.root.path(""))) {
        REQUIRE(::lchown(file.path().c_str(), user.pw_uid, user.pw_gid) == 0);
    }
    Process crond(crond_arguments(storm.root), [&] {
        limit(RLIMIT_NPROC, kProcessesMax);
        become(user);
    });
    REQUIRE(crond.writes(event("started")));
    const int times = crowd_and_clear(storm, crond, user);
    finish(storm, crond, std::to_string(times) + " times out of processes of its own");
}

TEST_CASE(
    "storm: a daemon that is out of descriptors puts jobs off on record, and forgets no table",
    "[storm][descriptors]") {
    if (!is_root()) return;
    Storm storm;
    std::string text = "CRON_TZ=UTC\nMAILTO=\"\"\n";
    for (int job = 0; job < 20; ++job) {
        text += noted_job(storm.notes, "burst-" + std::to_string(job), "sleep 1.4");
    }
    storm.root.user_table("daemon", text);
    Process crond(crond_arguments(storm.root), [] { limit(RLIMIT_NOFILE, 64); });
    REQUIRE(crond.writes(event("started")));
    REQUIRE(crond.writes(event("run-postponed")));
    while (!storm.is_over()) {
        crond.signal(SIGHUP);
        Storm::pass(storm.random_time(milliseconds(1000)), crond);
    }
    CHECK(crond.count(event("table-removed")) == 0);
    CHECK(crond.count(event("run-withdrawn")) == 0);
    finish(storm, crond, "64 descriptors");
}

TEST_CASE(
    "storm: while the disk is full jobs run, the log says what that weakens, and when it is over",
    "[storm][disk]") {
    if (!is_root()) return;
    Storm storm;
    const SmallSpool spool(storm.root);
    if (!spool.is_there()) return;
    write_table(storm);
    Process crond(crond_arguments(storm.root));
    REQUIRE(crond.writes(event("run-ended")));
    int times = 0;
    while (!storm.is_over()) {
        ++times;
        spool.fill();
        REQUIRE(crond.writes(event("ledger-weak"), times));
        CHECK(go_on(storm, crond));
        spool.clear();
        REQUIRE(crond.writes(event("ledger-restored"), times));
        CHECK(go_on(storm, crond));
    }
    finish(storm, crond, std::to_string(times) + " times out of disk");
    storm.check_at_once({"forbid"}, 1);
}

TEST_CASE("storm: a daemon that is killed and starts anew while its disk is full runs jobs",
          "[storm][disk]") {
    if (!is_root()) return;
    Storm storm;
    const SmallSpool spool(storm.root);
    if (!spool.is_there()) return;
    write_table(storm);
    for (int life = 0; life < 3; ++life) {
        Process crond(crond_arguments(storm.root));
        REQUIRE(crond.writes(event("run-ended")));
        spool.fill();
        CHECK(go_on(storm, crond));
        crond.signal(SIGKILL);
        crond.wait();
        storm.read_log(crond);
        Process next(crond_arguments(storm.root));
        REQUIRE(next.writes(event("started")));
        CHECK(go_on(storm, next));
        spool.clear();
        CHECK(go_on(storm, next));
        REQUIRE(next.writes(event("ledger-restored")));
        next.signal(SIGKILL);
        next.wait();
        storm.read_log(next);
    }
    Process last(crond_arguments(storm.root));
    REQUIRE(last.writes(event("started")));
    storm.settle(last);
    storm.end(last);
}

}  // namespace cron::system_test
