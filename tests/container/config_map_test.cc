// A Kubernetes ConfigMap as a volume, changed as the kubelet changes it: a new folder beside the
// old one, and one link that is renamed over another.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "container.h"
#include "fates.h"

using namespace cron;
using namespace cron::system_test;
namespace fs = std::filesystem;

namespace {

// As AtomicWriter of the kubelet does it, in its order.
class ConfigMap {
  public:
    explicit ConfigMap(fs::path folder) : folder_(std::move(folder)) {}

    void write(const std::string& table) {
        const std::string name = "..2026_11_21_12_00_00." + std::to_string(++version_);
        fs::create_directory(folder_ / name);
        std::ofstream(folder_ / name / "crontab") << table;
        fs::create_directory_symlink(name, folder_ / "..data_tmp");
        const fs::path data = folder_ / "..data";
        const fs::path old = fs::is_symlink(data) ? fs::read_symlink(data) : fs::path();
        fs::rename(folder_ / "..data_tmp", data);
        const fs::path visible = folder_ / "crontab";
        if (!fs::is_symlink(visible)) fs::create_symlink("..data/crontab", visible);
        if (!old.empty()) fs::remove_all(folder_ / old);
    }

  private:
    fs::path folder_;
    int version_ = 0;
};

// Each second once; and what tells one version from another.
std::string table_of(const std::string& version) {
    return "CRON_NAME=long\n@reboot echo long runs; sleep 1000\n"
           "CRON_NAME=tick\n@every 1s true\n"
           "CRON_NAME=version" +
           version + "\n0 0 1 1 * true\n";
}

// The seconds for which a job was started, as they are on record.
std::vector<std::string> dues_of(Container& crond, const std::string& job) {
    std::vector<std::string> found;
    for (const std::string& line :
         lines_with(crond.output(), {event("run-started"), "\"job\":\"" + job + "\""})) {
        found.push_back(text_of(line, "due"));
    }
    return found;
}

bool is_loaded(Container& crond, const std::string& version) {
    return eventually([&] {
        crond.signal(SIGUSR1);
        const auto found = lines_with(crond.output(), {event("holds-job"), "version" + version});
        return !found.empty();
    });
}

}  // namespace

TEST_CASE("container: 20 swaps of a ConfigMap lose and double no second, and end no run",
          "[config_map]") {
    if (!has_containers()) return;
    const Machine machine;
    ConfigMap map(machine.path("/config"));
    map.write(table_of("0"));
    Container crond(machine.order());
    REQUIRE(crond.writes("long runs"));
    for (int swap = 1; swap <= 20; ++swap) {
        map.write(table_of(std::to_string(swap)));
        REQUIRE(is_loaded(crond, std::to_string(swap)));
    }
    const std::size_t before = dues_of(crond, "tick").size();
    REQUIRE(eventually([&] { return dues_of(crond, "tick").size() >= before + 3; }));
    CHECK(dues_of(crond, "long").size() == 1);
    CHECK(lines_with(crond.output(), {event("run-ended"), "\"job\":\"long\""}).empty());
    check_every_second(crond.output(), "tick");
    CHECK(lines_with(crond.output(), {"\"level\":\"error\""}).empty());
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE(
    "container: of a ConfigMap with an error the good entries are used, and the bad one is "
    "told with its line",
    "[config_map]") {
    if (!has_containers()) return;
    const Machine machine;
    ConfigMap map(machine.path("/config"));
    map.write(table_of("1"));
    Container crond(machine.order());
    REQUIRE(is_loaded(crond, "1"));
    map.write(table_of("2") + "61 * * * * true\n");
    REQUIRE(is_loaded(crond, "2"));
    CHECK(lines_with(crond.output(), {event("table-error"), "61", ":7"}).size() == 1);
    const std::size_t before = dues_of(crond, "tick").size();
    CHECK(eventually([&] { return dues_of(crond, "tick").size() >= before + 2; }));
    // No process of crond's can still see the old one, and the next is taken as any other.
    map.write(table_of("3"));
    CHECK(is_loaded(crond, "3"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}
