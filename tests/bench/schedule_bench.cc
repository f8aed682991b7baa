// Nanoseconds for one next_after from a random start of the years 2024 to 2033.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "calendar/posix_rule.h"
#include "schedule/schedule.h"

namespace cron::schedule {
namespace {

void measure(std::string_view text, const calendar::Zone& zone,
             const std::vector<Instant>& starts) {
    constexpr int kRounds = 20;
    const auto parsed = parse(text, 0);
    CRON_CHECK(parsed);
    std::uint64_t found = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (int round = 0; round < kRounds; ++round) {
        for (const Instant start : starts)
            found += next_after(parsed->schedule, zone, start).has_value();
    }
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    std::printf("%-24s %-10s %8.1f ns (%llu found)\n", std::string(text).c_str(),
                zone.name().c_str(), spent.count() / (kRounds * static_cast<double>(starts.size())),
                static_cast<unsigned long long>(found));
}

}  // namespace
}  // namespace cron::schedule

int main() {
    using namespace cron;
    std::mt19937_64 random(1);
    std::vector<Instant> starts;
    for (int i = 0; i < 20'000; ++i) {
        starts.push_back(
            Instant{seconds{1'704'067'200 + static_cast<std::int64_t>(random() % 315'360'000)}});
    }
    const auto rule = calendar::parse_posix_rule("EST5EDT,M3.2.0,M11.1.0");
    CRON_CHECK(rule);
    for (const auto& zone : {calendar::Zone(), calendar::Zone::from_rule("New_York", *rule)}) {
        for (const char* text :
             {"* * * * *", "*/5 * * * *", "0 2 * * *", "30 4 1,15 * 5", "0 9 * * mon-fri",
              "0 0 1 1 *", "0 0 29 2 *", "0 0 31 2 *", "@every 90s"}) {
            schedule::measure(text, zone, starts);
        }
    }
}
