#include "engine/run_id.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "calendar/rfc3339.h"

namespace cron::engine {

std::string run_id(const RunKey& key) {
    const auto second = floor_seconds(key.due);
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{second - day};
    std::string id =
        fmt::format("{:016x}-{:04}{:02}{:02}T{:02}{:02}{:02}Z", stable_hash(key.job.bytes()),
                    static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                    static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                    time.seconds().count());
    if (key.pass > 0) id += fmt::format("-p{}", key.pass);
    return id;
}

crontab::Environment run_variables(const Spawn& spawn) {
    const crontab::Entry& entry = *spawn.entry;
    return {{"CRON_JOB", std::string(entry.id.title().substr(0, kJobNameBytesMax))},
            {"CRON_RUN", run_id(spawn.key)},
            {"CRON_DUE", calendar::print_instant(spawn.key.due, entry.zone)},
            {"CRON_ATTEMPT", std::to_string(spawn.attempt)}};
}

}  // namespace cron::engine
