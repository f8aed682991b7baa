// Every zone of the system against glibc, in the years 1970 to 2100.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "folder.h"
#include "zones/load.h"

using namespace cron;
using namespace cron::zones;
namespace fs = std::filesystem;

namespace {

constexpr std::time_t kBegin = 0;            // 1970-01-01
constexpr std::time_t kEnd = 4'133'894'400;  // 2100-12-31
constexpr std::time_t kStep =
    20 * 86'400;  // finds glibc's transitions: Ramadan is the shortest period today
constexpr int kRandomSamples = 200;
constexpr std::size_t kShownMax = 10;

long glibc_offset(std::time_t at) {
    std::tm parts{};
    if (localtime_r(&at, &parts) == nullptr) std::abort();
    return parts.tm_gmtoff;
}

// Sets TZ for as long as it lives.
class GlibcZone {
  public:
    explicit GlibcZone(const std::string& tz) {
        if (const char* value = std::getenv("TZ")) before_ = value;
        setenv("TZ", tz.c_str(), 1);
        tzset();
    }
    GlibcZone(const GlibcZone&) = delete;
    GlibcZone& operator=(const GlibcZone&) = delete;
    ~GlibcZone() {
        if (before_) {
            setenv("TZ", before_->c_str(), 1);
        } else {
            unsetenv("TZ");
        }
        tzset();
    }

  private:
    std::optional<std::string> before_;
};

struct Comparison {
    std::mt19937_64 random;
    std::size_t samples = 0;
    std::vector<std::string> mismatches;

    void compare(const calendar::Zone& zone, std::time_t at) {
        ++samples;
        const auto ours = zone.period_at(std::chrono::sys_seconds{seconds{at}}).offset.count();
        const long theirs = glibc_offset(at);
        if (ours != theirs) {
            mismatches.push_back(
                fmt::format("{} at {}: {}, glibc {}", zone.name(), at, ours, theirs));
        }
    }

    void compare_around(const calendar::Zone& zone, std::time_t at) {
        for (const int delta : {-1, 0, 1}) compare(zone, at + delta);
    }

    // glibc's zone is set to the same file.
    void compare_all(const calendar::Zone& zone) {
        const std::chrono::sys_seconds end{seconds{kEnd}};
        for (auto period = zone.period_at(std::chrono::sys_seconds{seconds{kBegin}});
             period.end < end; period = zone.period_at(period.end)) {
            compare_around(zone, period.end.time_since_epoch().count());
        }
        for (std::time_t at = kBegin; at < kEnd; at += kStep) {
            compare(zone, at);
            if (glibc_offset(at) != glibc_offset(at + kStep))
                compare_around(zone, glibc_transition(at));
        }
        for (int i = 0; i < kRandomSamples; ++i) {
            compare(zone, static_cast<std::time_t>(random() % static_cast<std::uint64_t>(kEnd)));
        }
    }

    static std::time_t glibc_transition(std::time_t after) {
        const long before = glibc_offset(after);
        std::time_t low = after;
        std::time_t high = after + kStep;
        while (high - low > 1) {
            const std::time_t middle = low + (high - low) / 2;
            (glibc_offset(middle) == before ? low : high) = middle;
        }
        return high;
    }
};

std::vector<std::string> zone_names(const std::string& zoneinfo_dir) {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(zoneinfo_dir)) {
        const std::string name = fs::relative(entry.path(), zoneinfo_dir).string();
        if (name.starts_with("right/") || name.starts_with("posix/") || name == "localtime")
            continue;
        if (entry.is_regular_file() && read_bytes(entry.path().string()).starts_with("TZif"))
            names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

// Every name is loaded; of equal files only the first is compared.
void compare_folder(const std::string& zoneinfo_dir, std::string_view what) {
    const auto seed = new_seed();
    Comparison comparison{std::mt19937_64(seed), 0, {}};
    Sources sources;
    sources.zoneinfo_dir = zoneinfo_dir;
    std::set<std::string> files;
    const std::vector<std::string> names = zone_names(zoneinfo_dir);
    for (const std::string& name : names) {
        const auto zone = find_zone(name, sources);
        INFO(name << (zone ? "" : ": " + zone.error().message));
        REQUIRE(zone.has_value());
        const std::string path = zoneinfo_dir + "/" + name;
        if (!files.insert(read_bytes(path)).second) continue;
        const GlibcZone glibc(":" + path);
        comparison.compare_all(*zone);
    }
    fmt::print(
        "{} zone files against glibc: {} zones, {} distinct files, {} samples, {} mismatches (seed "
        "{})\n",
        what, names.size(), files.size(), comparison.samples, comparison.mismatches.size(), seed);
    for (std::size_t i = 0; i < std::min(comparison.mismatches.size(), kShownMax); ++i) {
        UNSCOPED_INFO(comparison.mismatches[i]);
    }
    CHECK(names.size() > 300);
    CHECK(comparison.mismatches.empty());
}

}  // namespace

TEST_CASE("Every zone as it is installed has glibc's offsets", "[zones]") {
    if (!has_zone_data()) {
        WARN("skipped: no /usr/share/zoneinfo");
        return;
    }
    compare_folder("/usr/share/zoneinfo", "installed");
}

TEST_CASE("Every zone in slim files, fat files and another folder has glibc's offsets", "[zones]") {
    const std::string source = "/usr/share/zoneinfo/tzdata.zi";
    const std::string zic = "/usr/sbin/zic";
    if (!fs::exists(source) || !fs::exists(zic)) {
        WARN("skipped: no " << zic << " or no " << source);
        return;
    }
    const std::string form = GENERATE(as<std::string>(), "slim", "fat");
    const Folder folder;
    REQUIRE(std::system(
                fmt::format("{} -b {} -d {} {}", zic, form, folder.path(), source).c_str()) == 0);
    compare_folder(folder.path(), form);
}
