// What the ledger costs the starts of jobs: bursts of 1, 100 and 1,000 jobs that are due at one
// second, without a ledger (a table as an argument), with one in memory (/dev/shm) and with one on
// the disk (the folder for temporary files). burst_bench [BURSTS]. Each job is this program again,
// which writes the time and ends.

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr int kPeriodSeconds = 5;  // between two bursts
constexpr std::int64_t kPeriodUs = kPeriodSeconds * std::int64_t{1'000'000};

void write_stamp() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    std::printf("%lld\n", static_cast<long long>(us));
}

// What is measured of one burst, in milliseconds after its second.
struct Burst {
    double first = 0;
    double middle = 0;
    double last = 0;
};

// Writes the table, and says how crond is called on it.
std::string prepare(const fs::path& folder, bool has_ledger, int jobs) {
    const std::string self = fs::read_symlink("/proc/self/exe").string();
    const fs::path tables = folder / "var/spool/cron/crontabs";
    fs::create_directories(tables);
    for (const char* other : {"etc", "run"}) fs::create_directories(folder / other);
    const fs::path table = tables / ::getpwuid(::geteuid())->pw_name;
    std::ofstream text(table);
    for (int job = 0; job < jobs; ++job) {
        text << "@every " << kPeriodSeconds << "s exec '" << self << "' stamp\n";
    }
    text.close();
    fs::permissions(table, fs::perms::owner_read | fs::perms::owner_write);
    const std::string place = has_ledger ? "--root '" + folder.string() : "'" + table.string();
    return "'" BELFRY_CROND "' --foreground --output raw --log-level error " + place + "'";
}

// Of the bursts that were whole.
std::vector<Burst> run_crond(const std::string& command, int jobs, int bursts) {
    const int seconds = (bursts + 1) * kPeriodSeconds;
    std::FILE* output =
        ::popen(("timeout " + std::to_string(seconds) + " " + command).c_str(), "r");
    if (output == nullptr) return {};
    std::map<std::int64_t, std::vector<double>> late;  // by the second
    char line[64];
    while (std::fgets(line, sizeof line, output) != nullptr) {
        const std::int64_t us = std::strtoll(line, nullptr, 10);
        late[us / kPeriodUs].push_back(static_cast<double>(us % kPeriodUs) / 1e3);
    }
    ::pclose(output);
    std::vector<Burst> found;
    for (auto& [second, times] : late) {
        if (times.size() != static_cast<std::size_t>(jobs)) continue;
        std::sort(times.begin(), times.end());
        found.push_back({times.front(), times[times.size() / 2], times.back()});
    }
    return found;
}

double median(const std::vector<Burst>& bursts, double Burst::*member) {
    std::vector<double> values;
    for (const Burst& burst : bursts) values.push_back(burst.*member);
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// Prints one line; `plain` is the measure of no ledger, set by the first.
bool measure(const char* name, const fs::path& parent, bool has_ledger, int jobs, int bursts,
             Burst& plain) {
    const fs::path folder = parent / ("burst_bench." + std::to_string(::getpid()));
    const auto found = run_crond(prepare(folder, has_ledger, jobs), jobs, bursts);
    fs::remove_all(folder);
    if (found.empty()) {
        std::fprintf(stderr, "burst_bench: no burst of %d jobs was whole\n", jobs);
        return false;
    }
    const Burst burst{median(found, &Burst::first), median(found, &Burst::middle),
                      median(found, &Burst::last)};
    if (!has_ledger) plain = burst;
    std::printf("  %-16s first %8.2f ms, median %8.2f ms (%.2f), last %8.2f ms (%.2f)", name,
                burst.first, burst.middle, burst.middle / plain.middle, burst.last,
                burst.last / plain.last);
    if (jobs > 1) std::printf(", %6.0f starts a second", jobs / (burst.last - burst.first) * 1e3);
    std::printf(", %zu bursts\n", found.size());
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "stamp") {
        write_stamp();
        return EXIT_SUCCESS;
    }
    const int bursts = argc > 1 ? std::atoi(argv[1]) : 5;
    const fs::path disk = fs::temp_directory_path();
    const fs::path memory = fs::exists("/dev/shm") ? fs::path("/dev/shm") : disk;
    bool is_done = true;
    for (const int jobs : {1, 100, 1'000}) {
        std::printf("%d at once, after their second (medians, and as a multiple of no ledger)\n",
                    jobs);
        Burst plain;
        is_done &= measure("no ledger", disk, false, jobs, bursts, plain) &&
                   measure("ledger in memory", memory, true, jobs, bursts, plain) &&
                   measure("ledger on disk", disk, true, jobs, bursts, plain);
    }
    return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
