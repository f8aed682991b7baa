// Nanoseconds for one next_after: from random starts of the years 2024 to 2028, and chained, each
// from the due time before. Beside it, as a measure of the machine, one localtime_r of glibc.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "schedule/schedule.h"
#include "zones/load.h"

namespace cron::schedule {
namespace {

constexpr int kRounds = 40;
constexpr std::size_t kStarts = 20'000;

// The least of kRounds: what else runs on the machine only ever adds. `work` does kStarts calls.
template <class Work>
double nanoseconds_a_call(Work work) {
    double best = 1e18;
    for (int round = 0; round < kRounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        CRON_CHECK(work());
        const std::chrono::duration<double, std::nano> spent =
            std::chrono::steady_clock::now() - begin;
        best = std::min(best, spent.count() / static_cast<double>(kStarts));
    }
    return best;
}

double measure_random(const Schedule& schedule, const calendar::Zone& zone,
                      const std::vector<Instant>& starts) {
    const bool is_ever_due = next_after(schedule, zone, starts.front()).has_value();
    return nanoseconds_a_call([&] {
        std::size_t found = 0;
        for (const Instant start : starts) found += next_after(schedule, zone, start).has_value();
        return found == (is_ever_due ? starts.size() : 0);
    });
}

double measure_chained(const Schedule& schedule, const calendar::Zone& zone, Instant start) {
    return nanoseconds_a_call([&] {
        Instant at = start;
        for (std::size_t i = 0; i < kStarts; ++i) {
            const auto next = next_after(schedule, zone, at);
            at = next ? *next : start;
            if (at >= start + hours{24 * 365 * 1000}) at = start;
        }
        return at >= start;
    });
}

double measure_localtime(const std::vector<Instant>& starts) {
    return nanoseconds_a_call([&] {
        int years = 0;
        for (const Instant start : starts) {
            const std::time_t at = floor_seconds(start).time_since_epoch().count();
            std::tm local{};
            if (localtime_r(&at, &local) != nullptr) years += local.tm_year > 0;
        }
        return years == static_cast<int>(starts.size());
    });
}

std::vector<Instant> random_starts() {
    std::mt19937_64 random(1);
    std::vector<Instant> starts;
    for (std::size_t i = 0; i < kStarts; ++i) {
        constexpr std::uint64_t kSpan = 5ULL * 365 * 86'400;
        starts.push_back(
            Instant{seconds{1'704'067'200 + static_cast<std::int64_t>(random() % kSpan)}});
    }
    return starts;
}

void measure_zone(const char* name, const std::vector<Instant>& starts) {
    const auto zone = zones::find_zone(name, zones::Sources{});
    CRON_CHECK(zone);
    setenv("TZ", name, 1);
    tzset();
    const double localtime = measure_localtime(starts);
    std::printf("%-18s localtime_r %.1f ns\n", name, localtime);
    for (const char* text : {"* * * * *", "*/5 9-17 * * 1-5", "0 0 29 2 *", "30 2 31 12 *",
                             "30 2 * * *", "0 0 LW * *", "0 0 * * 5#3", "0 0 31 2 *"}) {
        const auto schedule = parse_whole(text, 0);
        CRON_CHECK(schedule);
        const double random = measure_random(*schedule, *zone, starts);
        const double chained = measure_chained(*schedule, *zone, starts.front());
        std::printf("  %-18s random %8.1f ns (%5.2f localtime_r)  chained %8.1f ns\n", text, random,
                    random / localtime, chained);
    }
}

}  // namespace
}  // namespace cron::schedule

int main() {
    const std::vector<cron::Instant> starts = cron::schedule::random_starts();
    for (const char* zone : {"UTC", "America/New_York"}) {
        cron::schedule::measure_zone(zone, starts);
    }
}
