// Where control groups can be made, and what is written there: on folders that look like those of
// a machine.
#include "process/cgroup.h"

#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "process/child.h"

namespace cron::process {
namespace {

namespace fs = std::filesystem;

// A machine with cgroup2 mounted on /cg, as the files of a temporary folder.
class FakeMachine {
  public:
    FakeMachine() {
        std::string path = (fs::temp_directory_path() / "cgroup-XXXXXX").string();
        REQUIRE(mkdtemp(path.data()) != nullptr);
        root_ = path;
        write("proc/self/mountinfo", "31 23 0:28 / " + root_ + "/cg rw - cgroup2 cgroup2 rw\n");
    }
    FakeMachine(const FakeMachine&) = delete;
    FakeMachine& operator=(const FakeMachine&) = delete;
    ~FakeMachine() { fs::remove_all(root_); }

    void write(const std::string& below, const std::string& text) const {
        fs::create_directories(fs::path(root_ + "/" + below).parent_path());
        std::ofstream(root_ + "/" + below) << text;
    }
    std::string read(const std::string& below) const {
        std::ifstream file(root_ + "/" + below);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    // We are in it.
    void enter(const std::string& path) const { write("proc/self/cgroup", "0::" + path + "\n"); }
    // A group with these files; all but the root of the machine's have cgroup.events.
    void group(const std::string& path, const std::string& processes, bool is_root = false) const {
        const std::string folder = "cg" + path + "/";
        write(folder + "cgroup.procs", processes);
        write(folder + "cgroup.controllers", "cpuset cpu io memory pids\n");
        write(folder + "cgroup.subtree_control", "");
        if (!is_root) write(folder + "cgroup.events", "populated 1\nfrozen 0\n");
    }
    void run_systemd() const { fs::create_directories(root_ + "/systemd"); }
    bool delegate(const std::string& path) const {
        return setxattr((root_ + "/cg" + path).c_str(), "user.delegate", "1", 1, 0) == 0;
    }
    std::string path(const std::string& below) const { return root_ + below; }
    CgroupTree open() const { return CgroupTree::open({root_ + "/proc", root_ + "/systemd"}); }

  private:
    std::string root_;
};

std::string own_pid() { return std::to_string(getpid()) + "\n"; }

bool is_about(const std::string& obstacle, std::string_view what) {
    return obstacle.find(what) != std::string::npos;
}

// A place where crond is alone, with a group to move into: mkdir gives it no files here.
void be_container(const FakeMachine& machine) {
    machine.enter("/");
    machine.group("", own_pid());
    machine.group("/crond", "");
}

TEST_CASE("cgroup: the path is on the line of version 2, whatever the others say", "[cgroup]") {
    CHECK(cgroup_path("0::/\n") == "/");
    CHECK(cgroup_path("0::/system.slice/crond.service\n") == "/system.slice/crond.service");
    CHECK(cgroup_path("9:name=systemd:/a\n4:memory:/b\n0::/c:d\n") == "/c:d");
    CHECK(cgroup_path("0::/last") == "/last");
    for (const std::string_view none : {"", "\n", "0::", "0::\n", "0::relative\n", "10::/x\n",
                                        "4:memory:/x\n", "0:/\n", " 0::/x"}) {
        CAPTURE(none);
        CHECK_FALSE(cgroup_path(none));
    }
}

TEST_CASE("cgroup: its folder is below the mount that shows it", "[cgroup]") {
    struct Case {
        std::string mounts;
        std::string path;
        std::string folder;  // empty: none
        bool is_top = false;
    };
    const std::string unified = "24 23 0:22 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 c rw\n";
    const std::string hybrid =
        "31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    const std::string container = "24 23 0:22 /docker/1 /sys/fs/cgroup ro - cgroup2 c rw\n";
    const std::vector<Case> cases = {
        {unified, "/", "/sys/fs/cgroup", true},
        {unified, "/system.slice/a.service", "/sys/fs/cgroup/system.slice/a.service"},
        {hybrid, "/", "/sys/fs/cgroup/unified", true},
        {container, "/docker/1", "/sys/fs/cgroup", true},
        {container, "/docker/1/crond", "/sys/fs/cgroup/crond"},
        // Groups that the mount does not show.
        {container, "/docker/12", ""},
        {container, "/docker", ""},
        {container, "/", ""},
        {unified, "/..", ""},
        {unified, "/../other", ""},
        {"24 23 0:22 /.. /sys/fs/cgroup rw - cgroup2 c rw\n", "/", ""},
        // The later of two hides the first.
        {unified + "25 23 0:22 / /mnt rw - cgroup2 c rw\n", "/x", "/mnt/x"},
        {"24 23 0:22 / /a\\040b\\134c rw - cgroup2 c rw\n", "/", "/a b\\c", true},
        // What is no mount of version 2.
        {"", "/", ""},
        {"24 23 0:22 / /sys/fs/cgroup rw - cgroup c rw,memory\n", "/", ""},
        {"24 23 0:22 / /cgroup2 rw - tmpfs cgroup2 rw\n", "/", ""},
        {" - cgroup2\n\n - \ncgroup2\n24 23 - cgroup2 c rw\n24 23 0:22 / - cgroup2 c rw\n", "/",
         ""},
        {"24 23 0:22 / /a\\04 rw - cgroup2", "/", "/a\\04", true},
    };
    for (const Case& each : cases) {
        CAPTURE(each.mounts, each.path);
        const auto found = find_cgroup_folder(each.mounts, each.path);
        CHECK((found ? found->path : "") == each.folder);
        if (found) CHECK(found->is_top == each.is_top);
    }
}

TEST_CASE("cgroup tree: none without version 2, and that is said", "[cgroup]") {
    const FakeMachine machine;
    machine.write("proc/self/cgroup", "4:memory:/x\n");
    CgroupTree tree = machine.open();
    CHECK(is_about(tree.obstacle(), "no control groups of version 2"));
    CHECK(is_about(tree.obstacle(Controller::memory), "no control groups of version 2"));
}

TEST_CASE("cgroup tree: nothing is made in a group that is systemd's", "[cgroup]") {
    const FakeMachine machine;
    machine.run_systemd();
    for (const std::string& path :
         std::vector<std::string>{"/", "/system.slice/cron.service", "/user.slice/a.scope"}) {
        CAPTURE(path);
        machine.group(path == "/" ? "" : path, own_pid(), path == "/");
        machine.enter(path);
        const CgroupTree tree = machine.open();
        CHECK(is_about(tree.obstacle(), "is not delegated to crond"));
    }
}

TEST_CASE("cgroup tree: in a delegated group crond moves out of the way of its controllers",
          "[cgroup]") {
    const FakeMachine machine;
    machine.run_systemd();
    const std::string unit = "/system.slice/crond.service";
    machine.group(unit, own_pid());
    machine.group(unit + "/crond", "");
    machine.enter(unit);
    if (!machine.delegate(unit)) {
        WARN("skipped: no extended attributes here");
        return;
    }
    CgroupTree tree = machine.open();
    CHECK(tree.obstacle().empty());
    for (const Controller each : kControllers) CHECK(tree.obstacle(each).empty());
    CHECK(tree.base() == machine.path("/cg" + unit));
    CHECK(machine.read("cg" + unit + "/crond/cgroup.procs") == "0");

    // And is at home there when it is started in it.
    machine.write("cg" + unit + "/crond/cgroup.procs", "");
    machine.enter(unit + "/crond");
    tree = machine.open();
    CHECK(tree.base() == machine.path("/cg" + unit));
    CHECK(tree.obstacle(Controller::cpu).empty());
    CHECK(machine.read("cg" + unit + "/crond/cgroup.procs").empty());
}

TEST_CASE("cgroup tree: where others are in the group, nobody is moved and there are no limits",
          "[cgroup]") {
    const FakeMachine machine;
    be_container(machine);
    // A process of another pid namespace reads 0.
    for (const std::string& processes : {own_pid() + "1\n", "1\n" + own_pid(), "0\n" + own_pid()}) {
        CAPTURE(processes);
        machine.write("cg/cgroup.procs", processes);
        const CgroupTree tree = machine.open();
        CHECK(tree.obstacle().empty());
        CHECK(is_about(tree.obstacle(Controller::memory), "has other processes than crond"));
        CHECK(machine.read("cg/crond/cgroup.procs").empty());
    }
}

TEST_CASE("cgroup tree: at the root of a machine without systemd nothing has to move", "[cgroup]") {
    const FakeMachine machine;
    machine.group("", "1\n2\n" + own_pid(), true);
    machine.group("/crond", "");
    machine.enter("/");
    const CgroupTree tree = machine.open();
    CHECK(tree.obstacle().empty());
    CHECK(tree.obstacle(Controller::pids).empty());
    CHECK(machine.read("cg/crond/cgroup.procs").empty());
}

TEST_CASE("cgroup tree: a controller that is not there is named", "[cgroup]") {
    const FakeMachine machine;
    be_container(machine);
    machine.write("cg/cgroup.controllers", "cpuset pids\n");
    const CgroupTree tree = machine.open();
    CHECK(is_about(tree.obstacle(Controller::cpu), "has no controller cpu"));
    CHECK(is_about(tree.obstacle(Controller::memory), "has no controller memory"));
    CHECK(tree.obstacle(Controller::pids).empty());

    machine.write("cg/crond/cgroup.procs", "");
    machine.write("cg/cgroup.controllers", "hugetlb\n");
    CHECK(machine.open().obstacle().empty());
    CHECK(machine.read("cg/crond/cgroup.procs").empty());  // there is nothing to move for
}

TEST_CASE("cgroup tree: what is written for each limit, and nothing for those not set",
          "[cgroup]") {
    const FakeMachine machine;
    be_container(machine);
    CgroupTree tree = machine.open();
    CHECK(machine.read("cg/cgroup.subtree_control").empty());  // nobody needs it yet
    struct Case {
        crontab::Limits limits;
        std::vector<std::pair<std::string, std::string>> written;
    };
    const std::vector<Case> cases = {
        {{50, {}, {}}, {{"/cgroup.subtree_control", "+cpu"}, {"cpu.max", "50000 100000"}}},
        {{100'000, {}, {}}, {{"cpu.max", "100000000 100000"}}},
        {{1, {}, {}}, {{"cpu.max", "1000 100000"}}},
        {{{}, 512U << 20, {}},
         {{"/cgroup.subtree_control", "+memory"},
          {"memory.max", "536870912"},
          {"memory.oom.group", "1"}}},
        {{{}, {}, 64}, {{"/cgroup.subtree_control", "+pidsry"}, {"pids.max", "64"}}},
        {{200, 1U << 20, 1},
         {{"cpu.max", "200000 100000"},
          {"memory.max", "1048576"},
          {"memory.oom.group", "1"},
          {"pids.max", "1"}}},
    };
    for (const Case& each : cases) {
        const auto group = tree.make();
        REQUIRE(group);
        const std::string name = "cg/" + fs::path(group->path()).filename().string();
        for (const char* const file : {"cpu.max", "memory.max", "memory.oom.group", "pids.max"}) {
            machine.write(fmt::format("{}/{}", name, file), "");
        }
        CHECK(tree.limit(*group, each.limits).empty());
        std::size_t in_group = 0;
        for (const auto& [file, text] : each.written) {
            CAPTURE(file);
            const bool is_of_base = file.front() == '/';
            in_group += is_of_base ? 0 : 1;
            CHECK(machine.read((is_of_base ? "cg" : name + "/") + file) == text);
        }
        std::size_t written = 0;
        for (const auto& file : fs::directory_iterator(group->path())) {
            written += file.file_size() > 0 ? 1 : 0;
        }
        CHECK(written == in_group);
    }
    tree.release();
    CHECK(machine.read("cg/cgroup.subtree_control").starts_with("-"));
}

TEST_CASE("cgroup tree: a limit that cannot be set is an error, and the others are set",
          "[cgroup]") {
    const FakeMachine machine;
    be_container(machine);
    CgroupTree tree = machine.open();
    const auto group = tree.make();
    REQUIRE(group);
    machine.write("cg/" + fs::path(group->path()).filename().string() + "/pids.max", "");
    const auto failed = tree.limit(*group, {{}, 1U << 20, 5});
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].first == Controller::memory);
    CHECK(failed[0].second.system_errno == ENOENT);
    CHECK(machine.read("cg/" + fs::path(group->path()).filename().string() + "/pids.max") == "5");
}

TEST_CASE(
    "cgroup tree: groups are left behind by processes that are gone, and by the program before us "
    "in this one",
    "[cgroup]") {
    const FakeMachine machine;
    be_container(machine);
    const std::string start = std::to_string(process_start(getpid()).value());
    const std::string pid = std::to_string(getpid());
    const std::string start_of_first = std::to_string(process_start(1).value());
    for (const std::string& name :
         {"crond-run-" + pid + "-" + start + "-1", "crond-run-1-" + start_of_first + "-1",
          "crond-run-" + pid + "-1-7", std::string("crond-run-4194305-1-1"),
          std::string("crond-run-99999999999999999999-1-1"), std::string("crond-run--1-1"),
          std::string("crond-run-x-1-1"), std::string("crond-run-"), std::string("other")}) {
        fs::create_directories(machine.path("/cg/" + name));
    }
    const CgroupTree tree = machine.open();
    {
        const std::vector<Cgroup> left = tree.left_behind();
        std::set<std::string> names;
        for (const Cgroup& group : left) names.insert(fs::path(group.path()).filename());
        CHECK(names == std::set<std::string>{"crond-run-4194305-1-1", "crond-run-" + pid + "-1-7",
                                             "crond-run-" + pid + "-" + start + "-1"});
    }
    // Their owner has removed them.
    CHECK_FALSE(fs::exists(machine.path("/cg/crond-run-" + pid + "-1-7")));
    CHECK(fs::exists(machine.path("/cg/crond-run-1-" + start_of_first + "-1")));
}

TEST_CASE("cgroup: what memory.events says of kills, else none", "[cgroup]") {
    const FakeMachine machine;
    machine.group("/a", "");
    const Cgroup group(machine.path("/cg/a"));
    CHECK(group.memory_kills() == 0);
    const std::pair<std::string, std::uint64_t> cases[] = {
        {"low 0\nhigh 0\nmax 31\noom 2\noom_kill 3\noom_group_kill 1\n", 3},
        {"low 0\noom_kill 0\n", 0},
        {"low 0\noom_kill 18446744073709551616\n", 0},
        {"low 0\noom_kill", 0},
        {"", 0}};
    for (const auto& [text, kills] : cases) {
        machine.write("cg/a/memory.events", text);
        CHECK(group.memory_kills() == kills);
    }
}

}  // namespace
}  // namespace cron::process
