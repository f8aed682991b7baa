#include "spool/watch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::spool::test {
namespace {

// A watcher of a spool, as the daemon uses it.
struct Watching {
    Spool spool;
    Tables tables = spool.tables();
    Watcher watcher = std::move(*Watcher::create());

    // Scans until nothing is watched anew; then nothing waits.
    void settle() {
        tables.scan(kEarly);
        for (int rounds = 0; arm(); ++rounds) {
            REQUIRE(rounds < 5);
            tables.scan(kEarly);
        }
        watcher.drain();
        REQUIRE_FALSE(watcher.drain());
    }
    bool arm() {
        const Watcher::Armed armed = watcher.watch(tables.watched());
        CHECK_FALSE(armed.error);
        return armed.added;
    }
};

TEST_CASE("drain: each kind of change to a table wakes", "[spool]") {
    Watching watching;
    Spool& spool = watching.spool;
    const std::string user = spool.crontabs + "/alice";
    spool.write_user("alice", "1 2 * * * a\n");
    write(spool.system_table, "1 2 * * * root a\n");
    write(spool.system_folder + "/one", "1 2 * * * root a\n");
    watching.settle();
    SECTION("nothing") { CHECK_FALSE(watching.watcher.drain()); }
    SECTION("a new table") {
        write(spool.crontabs + "/bob", "");
        CHECK(watching.watcher.drain());
    }
    SECTION("a write in place") {
        write(user, "2 2 * * * a\n");
        CHECK(watching.watcher.drain());
    }
    SECTION("a write of who keeps the file open") {
        UniqueFd fd(open(user.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        REQUIRE(::write(fd.get(), "#", 1) == 1);
        CHECK(watching.watcher.drain());
        fd.reset();
        CHECK(watching.watcher.drain());
    }
    SECTION("another file renamed over it") {
        replace(user, "2 2 * * * a\n");
        CHECK(watching.watcher.drain());
    }
    SECTION("deleted") {
        remove(user);
        CHECK(watching.watcher.drain());
    }
    SECTION("moved away") {
        rename(user, spool.root.path() + "/away");
        CHECK(watching.watcher.drain());
    }
    SECTION("another mode") {
        change_mode(user, 0622);
        CHECK(watching.watcher.drain());
    }
    SECTION("/etc/crontab") {
        replace(spool.system_table, "");
        CHECK(watching.watcher.drain());
    }
    SECTION("cron.d") {
        write(spool.system_folder + "/one", "");
        CHECK(watching.watcher.drain());
    }
    // Told once.
    CHECK_FALSE(watching.watcher.drain());
}

TEST_CASE("drain: what scans do, and other files in /etc, do not wake", "[spool]") {
    Watching watching;
    Spool& spool = watching.spool;
    spool.write_user("alice", "1 2 * * * a\n");
    watching.settle();
    watching.tables.reload_all(kEarly);
    CHECK_FALSE(watching.arm());
    CHECK_FALSE(watching.watcher.drain());
    write(spool.etc + "/passwd", "");
    write(spool.root.path() + "/other", "");
    CHECK_FALSE(watching.watcher.drain());
}

TEST_CASE("drain: a folder that is replaced wakes, and is watched anew", "[spool]") {
    Watching watching;
    Spool& spool = watching.spool;
    watching.settle();
    rename(spool.crontabs, spool.crontabs + ".old");
    make_folder(spool.crontabs);
    CHECK(watching.watcher.drain());
    watching.settle();
    write(spool.crontabs + "/alice", "");
    CHECK(watching.watcher.drain());
    write(spool.crontabs + ".old/bob", "");
    CHECK_FALSE(watching.watcher.drain());
}

TEST_CASE("drain: a folder that is missing wakes when it appears, with all above it", "[spool]") {
    Watching watching;
    Spool& spool = watching.spool;
    watching.settle();
    remove(spool.etc);
    CHECK(watching.watcher.drain());
    watching.settle();
    make_folder(spool.etc);
    CHECK(watching.watcher.drain());
    watching.settle();
    make_folder(spool.system_folder);
    CHECK(watching.watcher.drain());
    watching.settle();
    write(spool.system_folder + "/one", "");
    CHECK(watching.watcher.drain());
    watching.settle();
    write(spool.system_table, "");
    CHECK(watching.watcher.drain());
}

TEST_CASE("drain: changes behind a link wake: of its target, and of each link on the way",
          "[spool]") {
    Watching watching;
    Spool& spool = watching.spool;
    const std::string opt = spool.root.path() + "/opt";
    make_folder(opt);
    make_folder(opt + "/release-1");
    write(opt + "/release-1/table", "1 2 * * * root a\n");
    link_to("release-1", opt + "/current");
    link_to("../../opt/current/table", spool.system_folder + "/linked");
    watching.settle();
    SECTION("the target") {
        write(opt + "/release-1/table", "");
        CHECK(watching.watcher.drain());
    }
    SECTION("a link on the way") {
        link_to("release-2", opt + "/next");
        CHECK_FALSE(watching.watcher.drain());
        rename(opt + "/next", opt + "/current");
        CHECK(watching.watcher.drain());
    }
    SECTION("a target that went and comes back") {
        remove(opt + "/release-1/table");
        CHECK(watching.watcher.drain());
        watching.settle();
        write(opt + "/release-1/table", "1 2 * * * root a\n");
        CHECK(watching.watcher.drain());
    }
}

TEST_CASE("drain: a missing argument wakes when it appears", "[spool]") {
    Watching watching;
    const std::string path = watching.spool.root.path() + "/deep/my.crontab";
    watching.spool.settings.places = {};
    watching.spool.settings.arguments = {path};
    watching.tables = watching.spool.tables();
    watching.settle();
    make_folder(watching.spool.root.path() + "/deep");
    CHECK(watching.watcher.drain());
    watching.settle();
    write(path, "1 2 * * * a\n");
    CHECK(watching.watcher.drain());
}

// As Kubernetes mounts and changes one: crontab -> ..data/crontab, ..data -> ..N.
struct ConfigMap {
    std::string folder;
    int version = 0;

    explicit ConfigMap(const std::string& path) : folder(path) {
        make_folder(folder);
        link_to("..data/crontab", folder + "/crontab");
        swap("1 2 * * * a\n");
    }
    void swap(std::string_view text) {
        const std::string before = "/.." + std::to_string(version++);
        const std::string next = ".." + std::to_string(version);
        make_folder(folder + "/" + next);
        write(folder + "/" + next + "/crontab", text);
        link_to(next, folder + "/..data_tmp");
        rename(folder + "/..data_tmp", folder + "/..data");
        if (version > 1) remove(folder + before);
    }
};

TEST_CASE("drain: each swap of a ConfigMap wakes, and leaves one watch for each folder on the way",
          "[spool]") {
    Watching watching;
    ConfigMap map(watching.spool.root.path() + "/map");
    watching.spool.settings.places = {};
    watching.spool.settings.arguments = {map.folder + "/crontab"};
    watching.tables = watching.spool.tables();
    watching.settle();
    const auto watches = [&] {
        std::ifstream info("/proc/self/fdinfo/" + std::to_string(watching.watcher.fd()));
        std::size_t count = 0;
        for (std::string line; std::getline(info, line);) count += line.starts_with("inotify");
        return count;
    };
    const std::size_t before = watches();
    CHECK(before >= 3);  // the mount, the version, and a folder above them
    for (int i = 0; i < 200; ++i) {
        map.swap("1 2 * * * a" + std::to_string(i) + "\n");
        REQUIRE(watching.watcher.drain());
        const Changes changes = watching.tables.scan(kLate);
        REQUIRE(commands(changes, "crontab").at(0) == "a" + std::to_string(i));
        watching.settle();
        REQUIRE(watches() == before);
    }
}

TEST_CASE("drain: a folder far above an argument that is moved away wakes", "[spool]") {
    Watching watching;
    const std::string top = watching.spool.root.path() + "/top";
    make_folder(top);
    make_folder(top + "/deep");
    write(top + "/deep/table", "1 2 * * * a\n");
    watching.spool.settings.places = {};
    watching.spool.settings.arguments = {top + "/deep/table"};
    watching.tables = watching.spool.tables();
    watching.settle();
    // What else happens there does not matter.
    write(watching.spool.root.path() + "/other", "");
    write(top + "/other", "");
    CHECK_FALSE(watching.watcher.drain());
    rename(top, top + ".old");
    CHECK(watching.watcher.drain());
    watching.settle();
    make_folder(top);
    make_folder(top + "/deep");
    CHECK(watching.watcher.drain());
    watching.settle();
    write(top + "/deep/table", "1 2 * * * b\n");
    CHECK(watching.watcher.drain());
    CHECK(commands(watching.tables.scan(kLate), "table") == std::vector<std::string>{"b"});
}

TEST_CASE("is_being_written: from the first write to the close", "[spool]") {
    Watching watching;
    const std::string path = watching.spool.system_folder + "/one";
    write(path, "1 2 * * * root a\n");
    watching.settle();
    UniqueFd fd(open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    REQUIRE(watching.watcher.drain());
    CHECK(watching.watcher.is_being_written());
    REQUIRE(::write(fd.get(), "1 ", 2) == 2);
    REQUIRE(watching.watcher.drain());
    CHECK(watching.watcher.is_being_written());
    SECTION("closed") { fd.reset(); }
    SECTION("another in its place") { replace(path, ""); }
    SECTION("removed") { remove(path); }
    REQUIRE(watching.watcher.drain());
    CHECK_FALSE(watching.watcher.is_being_written());
}

TEST_CASE("watch: says when something is watched only from now on", "[spool]") {
    const TemporaryFolder folder;
    Watcher watcher = std::move(*Watcher::create());
    CHECK(watcher.watch({{folder.path(), "one"}}).added);
    CHECK_FALSE(watcher.watch({{folder.path(), "one"}}).added);
    CHECK(watcher.watch({{folder.path(), "one"}, {folder.path(), "two"}}).added);
    CHECK_FALSE(watcher.watch({{folder.path(), "two"}}).added);
    write(folder.path() + "/one", "");
    CHECK_FALSE(watcher.drain());
    CHECK_FALSE(watcher.watch({}).added);
    write(folder.path() + "/two", "");
    CHECK_FALSE(watcher.drain());
}

TEST_CASE("drain: more events than the queue holds wake", "[spool]") {
    const TemporaryFolder folder;
    Watcher watcher = std::move(*Watcher::create());
    watcher.watch({{folder.path(), "wanted"}});
    std::size_t queue = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue;
    if (queue == 0 || queue > 20'000) {
        WARN("a queue of " << queue << " events: skipped");
        return;
    }
    write(folder.path() + "/a", "");
    write(folder.path() + "/b", "");
    // An event that equals the last one in the queue is merged with it.
    for (std::size_t i = 0; i <= queue / 2; ++i) {
        change_mode(folder.path() + "/a", 0600);
        change_mode(folder.path() + "/b", 0600);
    }
    bool woken = false;
    for (int i = 0; i < 10'000 && !woken; ++i) woken = watcher.drain();
    CHECK(woken);
}

}  // namespace
}  // namespace cron::spool::test
