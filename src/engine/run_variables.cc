#include "engine/run_variables.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "calendar/rfc3339.h"

namespace cron::engine {
namespace {

// Year, month, day, hour, minute and second, by `format`.
std::string print(std::chrono::sys_seconds reading, std::string_view format) {
    const auto days = std::chrono::floor<std::chrono::days>(reading);
    const std::chrono::year_month_day date{days};
    const std::chrono::hh_mm_ss time{reading - days};
    return fmt::format(fmt::runtime(format), static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

// Up to kTitleBytesMax, not within a character of UTF-8.
std::string cut(std::string_view title) {
    if (title.size() <= kTitleBytesMax) return std::string(title);
    constexpr std::size_t kCharacterBytesMax = 4;
    std::size_t end = kTitleBytesMax;
    while (end > kTitleBytesMax - kCharacterBytesMax &&
           (static_cast<unsigned char>(title[end]) & 0xC0) == 0x80)
        --end;
    return std::string(title.substr(0, end));
}

}  // namespace

std::string job_code(const JobId& job) { return fmt::format("{:016x}", stable_hash(job.bytes())); }

std::string run_id(const RunKey& key) {
    const auto second = floor_seconds(key.due);
    std::string id =
        fmt::format("{}-{}", job_code(key.job), print(second, "{:04}{:02}{:02}T{:02}{:02}{:02}"));
    if (key.due != second) id += fmt::format(".{:06}", (key.due - second).count());
    id += 'Z';
    if (key.pass > 0) id += fmt::format("-p{}", key.pass);
    return id;
}

crontab::Environment run_variables(const RunKey& key, std::uint32_t attempt,
                                   const crontab::Entry& entry) {
    return {{"CRON_JOB", cut(key.job.title())},
            {"CRON_RUN", run_id(key)},
            {"CRON_DUE", calendar::print_instant(key.due, entry.zone)},
            {"CRON_ATTEMPT", std::to_string(attempt)}};
}

}  // namespace cron::engine
