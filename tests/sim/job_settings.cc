#include "job_settings.h"

#include <array>

#include <fmt/format.h>

#include "schedule/duration.h"

namespace cron::sim {
namespace {

using crontab::Overlap;
using crontab::Policy;
using schedule::print_duration;

std::string print(Overlap overlap) {
    switch (overlap) {
        case Overlap::allow:
            return "allow";
        case Overlap::forbid:
            return "forbid";
        case Overlap::queue:
            return "queue";
        case Overlap::replace:
            return "replace";
    }
    return "";
}

std::string print(const crontab::Retry& retry) {
    return fmt::format("{}/{}..{}", retry.times, print_duration(retry.delay),
                       print_duration(retry.delay_max));
}

std::string print(const std::optional<crontab::Window>& window) {
    if (!window) return "";
    const auto [begin, end] = *window;
    return fmt::format("{:02}:{:02}-{:02}:{:02}", begin / hours{1}, begin % hours{1} / minutes{1},
                       end / hours{1}, end % hours{1} / minutes{1});
}

struct Setting {
    std::string_view name;
    std::string (*value)(const JobSettings&);
    void (*set_default)(JobSettings&);
};

constexpr std::array<Setting, 10> kSettings = {{
    {"CRON_TZ", [](const JobSettings& job) { return job.zone.name(); },
     [](JobSettings& job) { job.zone = calendar::Zone{}; }},
    {"CRON_ENABLED",
     [](const JobSettings& job) { return std::string(job.policy.enabled ? "yes" : "no"); },
     [](JobSettings& job) { job.policy.enabled = Policy{}.enabled; }},
    {"CRON_OVERLAP", [](const JobSettings& job) { return print(job.policy.overlap); },
     [](JobSettings& job) { job.policy.overlap = Policy{}.overlap; }},
    {"CRON_TIMEOUT", [](const JobSettings& job) { return print_duration(job.policy.timeout); },
     [](JobSettings& job) { job.policy.timeout = Policy{}.timeout; }},
    {"CRON_KILL_AFTER",
     [](const JobSettings& job) { return print_duration(job.policy.kill_after); },
     [](JobSettings& job) { job.policy.kill_after = Policy{}.kill_after; }},
    {"CRON_RETRY", [](const JobSettings& job) { return print(job.policy.retry); },
     [](JobSettings& job) { job.policy.retry = Policy{}.retry; }},
    {"CRON_CATCH_UP", [](const JobSettings& job) { return print_duration(job.policy.catch_up); },
     [](JobSettings& job) { job.policy.catch_up = Policy{}.catch_up; }},
    {"CRON_JITTER", [](const JobSettings& job) { return print_duration(job.delay); },
     [](JobSettings& job) { job.delay = seconds{0}; }},
    {"CRON_WINDOW", [](const JobSettings& job) { return print(job.policy.window); },
     [](JobSettings& job) { job.policy.window = Policy{}.window; }},
    {"CRON_POOL", [](const JobSettings& job) { return job.policy.pool; },
     [](JobSettings& job) { job.policy.pool = Policy{}.pool; }},
}};

}  // namespace

std::map<std::string, std::string> settings_of(const JobSettings& settings) {
    std::map<std::string, std::string> found;
    for (const Setting& setting : kSettings) {
        const std::string value = setting.value(settings);
        if (value != setting.value({})) found.emplace(setting.name, value);
    }
    return found;
}

bool set_default(JobSettings& settings, std::string_view name) {
    for (const Setting& setting : kSettings) {
        if (setting.name != name) continue;
        setting.set_default(settings);
        return true;
    }
    return false;
}

}  // namespace cron::sim
