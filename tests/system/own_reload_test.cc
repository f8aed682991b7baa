// How tables given as arguments are read anew while crond runs.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "fates.h"
#include "own_tables.h"

using namespace cron;
using namespace cron::system_test;
namespace fs = std::filesystem;

namespace {

// As Kubernetes mounts and changes one; the table is a link to it.
class ConfigMap {
  public:
    explicit ConfigMap(const TempRoot& root) : folder_(root.path("/map")) {
        fs::create_directories(folder_);
        fs::create_symlink("..data/crontab", folder_ + "/crontab");
        fs::create_symlink("map/crontab", root.path("/table"));
    }
    void swap(const std::string& text) {
        const std::string before = folder_ + "/.." + std::to_string(version_++);
        const std::string next = ".." + std::to_string(version_);
        fs::create_directories(folder_ + "/" + next);
        std::ofstream(folder_ + "/" + next + "/crontab") << text;
        fs::create_symlink(next, folder_ + "/..data_tmp");
        fs::rename(folder_ + "/..data_tmp", folder_ + "/..data");
        fs::remove_all(before);
    }

  private:
    std::string folder_;
    int version_ = 0;
};

std::size_t descriptors_of(pid_t pid) {
    const fs::directory_iterator listing("/proc/" + std::to_string(pid) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(listing), end(listing)));
}

// Of the runs of the job of this name that were started.
std::multiset<std::string> dues_of(Process& crond, const std::string& name) {
    std::multiset<std::string> dues;
    const std::string& text = crond.output();
    for (std::size_t at = text.find(event("run-started")); at != std::string::npos;
         at = text.find(event("run-started"), at + 1)) {
        const std::string line = text.substr(at, text.find('\n', at) - at);
        if (line.find(name) == std::string::npos) continue;
        dues.insert(line.substr(line.find("\"due\":\"") + 7, 20));
    }
    return dues;
}

TEST_CASE("reload: a storm of swaps, rewrites and SIGHUP loses no second and repeats none",
          "[system]") {
    const TempRoot root;
    const std::string steady = "CRON_NAME=steady\n@every 1s true\n";
    ConfigMap map(root);
    map.swap(steady);
    // In place, and not at once: what is read of it must never be half of it.
    root.write("/other", "CRON_NAME=other\n@every 1s true\n");
    const auto rewrite = [&](int i) {
        std::ofstream file(root.path("/other"));
        file << "# " << i << std::endl << std::string(5000, '#') << std::endl;
        file << "CRON_NAME=other\n@every 1s true\n";
    };
    auto arguments = own_arguments(root);
    arguments.push_back(root.path("/other"));
    Process crond(arguments);
    REQUIRE(crond.writes(event("run-ended"), 2));
    const std::size_t descriptors = descriptors_of(crond.pid());
    int storm = 0;
    const int runs = crond.count(event("run-ended"));
    REQUIRE(eventually([&] {
        for (int i = 0; i < 20; ++i) {
            map.swap(steady + "# " + std::to_string(++storm) + "\n0 0 1 1 * false\n");
            rewrite(storm);
        }
        crond.signal(SIGHUP);
        return crond.count(event("run-ended")) >= runs + 12;
    }));
    CHECK(storm > 200);
    // The last state wins.
    map.swap(steady + "CRON_NAME=the-last\n@every 1s true\n");
    CHECK(crond.writes("the-last"));
    CHECK(eventually([&] { return descriptors_of(crond.pid()) <= descriptors + 8; }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(dues_of(crond, "steady").size() >= 6);
    check_every_second(crond.output(), "steady");
    check_every_second(crond.output(), "other");
    CHECK(crond.count("its entry is gone") == 0);
}

TEST_CASE("reload: what waits goes on, and nothing waits for what runs", "[system]") {
    const TempRoot root;
    const std::string folder = root.open_folder("/out");
    REQUIRE(::mkfifo(root.path("/gate").c_str(), 0600) == 0);
    const std::string waiting =
        // The second is in the queue of the pool, the third waits to be tried again.
        "CRON_POOL=one\nCRON_NAME=runs\n@reboot read x <" + root.path("/gate") + "\n" +
        "CRON_NAME=queued\n@reboot echo x >" + folder + "/queued\nCRON_POOL=\"\"\n" +
        "CRON_RETRY=100/1s\nCRON_NAME=tried\n@reboot test -e " + folder + "/reloaded && echo x >" +
        folder + "/tried\nCRON_RETRY=\"\"\n" + "CRON_JITTER=4s\nCRON_NAME=late\n@reboot echo x >>" +
        folder + "/late\n";
    root.write("/table", waiting);
    root.write("/config", "{\"pools\": {\"one\": 1}}");
    Process crond(own_arguments(root, {"--config", root.path("/config")}));
    REQUIRE(crond.writes(event("run-retried")));
    root.write("/table", waiting + "CRON_JITTER=\"\"\nCRON_NAME=new\n@every 1s true\n");
    // It is read while the first still runs.
    CHECK(crond.writes("\"new\""));
    crond.signal(SIGHUP);
    std::ofstream(folder + "/reloaded") << "x";
    CHECK(eventually([&] { return root.read("/out/tried") == "x\n"; }));
    CHECK(root.read("/out/queued").empty());
    std::ofstream(root.path("/gate")) << "go\n";
    CHECK(eventually([&] { return root.read("/out/queued") == "x\n"; }));
    CHECK(eventually([&] { return root.read("/out/late") == "x\n"; }));
    CHECK(crond.count("gone from the table") == 0);
}

TEST_CASE("reload: a bad line is said and the good ones run; a table that vanishes runs on",
          "[system]") {
    const TempRoot root;
    root.write("/table", "CRON_NAME=first\n@every 1s true\n");
    Process crond(own_arguments(root));
    REQUIRE(crond.writes(event("run-ended")));
    root.write("/table", "CRON_NAME=second\n@every 1s true\n61 * * * * false\n");
    CHECK(crond.writes("minute '61'"));
    CHECK(crond.count("\"line\":3,\"column\":1") == 1);
    CHECK(crond.writes("\"second\""));
    const auto goes_on = [&] {
        const int before = crond.count(event("run-ended"));
        return crond.writes(event("run-ended"), before + 2);
    };
    fs::remove(root.path("/table"));
    CHECK(crond.writes("does not exist; the version read before stays in force"));
    CHECK(goes_on());
    crond.signal(SIGHUP);
    CHECK(crond.writes("does not exist; the version read before stays in force", 2));
    CHECK(goes_on());
    CHECK(crond.count(event("table-removed")) == 0);
    root.write("/table", "CRON_NAME=third\n@every 1s true\n");
    CHECK(crond.writes("\"third\""));
}

TEST_CASE("reload: who writes a table slowly has it read when he closes it, SIGHUP or not",
          "[system]") {
    const bool is_asked = GENERATE(false, true);
    const TempRoot root;
    root.write("/table", "CRON_NAME=first\n@every 1s true\n");
    Process crond(own_arguments(root));
    REQUIRE(crond.writes(event("run-ended")));
    {
        std::ofstream file(root.path("/table"));
        file << "CRON_NAME=half\n@every 1s tr" << std::flush;
        if (is_asked) crond.signal(SIGHUP);
        // A due time goes by.
        REQUIRE(crond.writes(event("run-ended"), crond.count(event("run-ended")) + 1));
        file << "ue\n";
    }
    CHECK(crond.writes("\"half\""));
    CHECK(crond.count("\"tr\"") == 0);
    CHECK(crond.count(event("table-loaded")) == 1);
    crond.signal(SIGTERM);
    REQUIRE(crond.wait() == 0);
    check_every_second(crond.output(), "first");
}

TEST_CASE("reload: --no-watch leaves it to SIGHUP", "[system]") {
    const TempRoot root;
    root.write("/table", "CRON_NAME=first\n@every 1s true\n");
    Process crond(own_arguments(root, {"--no-watch"}));
    REQUIRE(crond.writes(event("run-ended")));
    root.write("/table", "CRON_NAME=second\n@every 1s true\n");
    CHECK(crond.writes(event("run-ended"), crond.count(event("run-ended")) + 3));
    CHECK(crond.count("\"second\"") == 0);
    crond.signal(SIGHUP);
    CHECK(crond.writes("\"second\""));
}

TEST_CASE("start: a table that is not there is an error and ends it", "[system]") {
    const TempRoot root;
    Process crond(own_arguments(root));
    CHECK(crond.wait() == 1);
    CHECK(crond.count("table " + root.path("/table") + ": No such file") == 1);
}

}  // namespace
