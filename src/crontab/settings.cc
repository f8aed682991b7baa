#include "crontab/settings.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "base/edit_distance.h"
#include "base/text.h"
#include "crontab/launch_text.h"
#include "crontab/policy_text.h"
#include "schedule/duration.h"

namespace cron::crontab {
namespace {

constexpr std::size_t kComparedBytesMax = 64;  // of a name that is looked for among the settings

// One that is handed to a member of the policy.
template <auto member, auto read>
Result<void> apply(Settings& settings, std::string_view value) {
    return settings.set(member, value, read);
}

Result<seconds> read_positive_duration(std::string_view value) {
    return read_duration(value, seconds{1}, schedule::kDurationMax);
}
Result<seconds> read_grace(std::string_view value) {
    return read_duration(value, seconds{0}, schedule::kDurationMax);
}
Result<seconds> read_jitter(std::string_view value) {
    return read_duration(value, seconds{0}, kJitterMax);
}
Result<std::optional<Window>> read_some_window(std::string_view value) {
    return read_window(value);
}

constexpr auto kSettings = std::to_array<Setting>({
    {kZoneSetting, "the zone in which the schedules below are read", "", true, true,
     [](Settings& settings, std::string_view value) { return settings.set_zone(value); }},
    {kSecondsSetting, "yes where the schedules below begin with the second", "no", false, true,
     [](Settings& settings, std::string_view value) { return settings.set_seconds(value); }},
    {kNameSetting, "the name of the next entry's job", "", false, false,
     [](Settings& settings, std::string_view value) { return settings.set_name(value); }},
    {"CRON_ENABLED", "no where the entries below are suspended", "yes", false, true,
     apply<&Policy::enabled, read_yes_no>},
    {"CRON_OVERLAP", "what happens when a job is due while its last run still lives", "allow",
     false, true,
     [](Settings& settings, std::string_view value) { return settings.set_overlap(value); }},
    {"CRON_TIMEOUT", "how long a run may take before it is ended", "", false, false,
     apply<&Policy::timeout, read_positive_duration>},
    {"CRON_KILL_AFTER", "how long a run that is told to end has until it is killed", "10s", false,
     false, apply<&Policy::kill_after, read_grace>},
    {"CRON_RETRY", "how often a run that failed is tried again", "0", false, false,
     apply<&Policy::retry, read_retry>},
    {"CRON_CATCH_UP", "how old a missed due time may be to be made up for", "", false, false,
     apply<&Policy::catch_up, read_positive_duration>},
    {"CRON_JITTER", "the span after their due times over which the starts of jobs are spread", "0s",
     false, false, apply<&Policy::jitter, read_jitter>},
    {"RANDOM_DELAY", "the same as CRON_JITTER, in minutes, and added to it", "0", true, false,
     apply<&Policy::random_delay, read_minutes>},
    {"CRON_WINDOW", "the span of the day in which the jobs below may start", "", false, true,
     apply<&Policy::window, read_some_window>},
    {"CRON_POOL", "the pool whose size limits how many of its jobs run at once", "", false, true,
     [](Settings& settings, std::string_view value) { return settings.set_pool(value); }},
    {"CRON_MAIL", "when the output of a run is mailed", "output", false, false,
     apply<&Policy::mail, read_mail>},
    {"CRON_ON_FAILURE", "the command that is run when a run has failed", "", false, false,
     apply<&Policy::on_failure, read_hook>},
    {"CRON_ON_SUCCESS", "the command that is run when a run has succeeded", "", false, false,
     apply<&Policy::on_success, read_hook>},
    {"CRON_FAIL_ON_STDERR", "yes where a run that writes to its standard error has failed", "no",
     false, false, apply<&Policy::fails_on_stderr, read_yes_no>},
    {"CRON_NICE", "the nice value of the jobs below", "", false, false,
     [](Settings& settings, std::string_view value) { return settings.set_nice(value); }},
    {"CRON_IONICE", "the class and level with which the jobs below use disks", "", false, false,
     [](Settings& settings, std::string_view value) { return settings.set_io_priority(value); }},
    {"CRON_UMASK", "the permissions that files of the jobs below are made without", "022", false,
     true, apply<&Policy::Launch::umask, read_umask>},
    {"CRON_MAX_OUTPUT", "how much of a run's output is kept", "1M", false, false,
     apply<&Policy::max_output_bytes, read_max_output>},
    {kCpuSetting, "the processor time that a run may take, as a share of one processor", "", false,
     false, apply<&Limits::cpu_percent, read_cpu_percent>},
    {kMemorySetting, "the memory that a run may take", "", false, false,
     apply<&Limits::memory_bytes, read_memory>},
    {kPidsSetting, "how many processes and threads a run may have at once", "", false, false,
     apply<&Limits::pids, read_pids>},
});

// Of a run whose success is not mailed.
MailWhen without_success(MailWhen mail) {
    switch (mail) {
        case MailWhen::output:
            return MailWhen::failed_output;
        case MailWhen::always:
            return MailWhen::failure;
        case MailWhen::failed_output:
        case MailWhen::failure:
        case MailWhen::never:
            break;
    }
    return mail;
}

}  // namespace

Result<void> Settings::set_zone(std::string_view name) {
    zone_ = options_.zone;
    if (name.empty()) return {};
    auto known = zones_.find(std::string(name));
    if (known == zones_.end()) {
        // A zone takes some 16 KB: a table of nothing but rules must not take the machine.
        if (zones_.size() >= kZonesMax) {
            return failure(ErrorCode::limit,
                           fmt::format("it is one of more than {} zones in the table", kZonesMax));
        }
        Result<calendar::Zone> found =
            options_.find_zone ? options_.find_zone(name)
                               : failure(ErrorCode::not_found, "no zones are known here");
        known = zones_.emplace(name, std::move(found)).first;
    }
    const Result<calendar::Zone>& zone = known->second;
    if (!zone) return tl::unexpected(zone.error());
    zone_ = *zone;
    return {};
}

Result<void> Settings::set_seconds(std::string_view value) {
    form_ = form_of(options_.dialect);
    if (value.empty()) return {};
    const auto yes = read_yes_no(value);
    if (!yes) return tl::unexpected(yes.error());
    if (*yes) form_ = schedule::Form::six_fields;
    return {};
}

Result<void> Settings::set_name(std::string_view value) {
    name_.clear();
    if (value.empty()) return {};
    const auto name = read_name(value);
    if (!name) return tl::unexpected(name.error());
    if (names_.find(std::string(*name)) != names_.end()) {
        return failure(ErrorCode::invalid,
                       fmt::format("{} is set twice: each job of a table has a name of its own",
                                   quoted(*name)));
    }
    name_ = *name;
    return {};
}

std::string Settings::take_name() {
    if (!name_.empty()) names_.insert(name_);
    return std::exchange(name_, {});
}

Result<void> Settings::set_overlap(std::string_view value) {
    const Result<void> done = set(&Policy::overlap, value, read_overlap);
    if (done && !value.empty()) return done;
    policy_.overlap = options_.overlap;
    shared_.clear();
    return done;
}

Result<void> Settings::set_pool(std::string_view value) {
    return set(&Policy::pool, value, [this](std::string_view text) -> Result<std::string> {
        const auto name = read_name(text);
        if (!name) return tl::unexpected(name.error());
        return options_.kind == Kind::system ? std::string(*name)
                                             : fmt::format("{}/{}", options_.owner, *name);
    });
}

Result<void> Settings::set_nice(std::string_view value) {
    const auto set_to = set(&Policy::Launch::nice, value, [this](std::string_view text) {
        return read_nice(text, is_of_root() ? kNiceMin : 0);
    });
    policy_.launch.nice_as_user = policy_.launch.nice && !is_of_root();
    return set_to;
}

Result<void> Settings::set_io_priority(std::string_view value) {
    return set(&Policy::Launch::io_priority, value,
               [this](std::string_view text) { return read_io_priority(text, is_of_root()); });
}

Result<std::shared_ptr<const Policy>> Settings::share_policy(const Flags& flags) {
    auto& shared = shared_[{flags.single, flags.mail_on_failure_only}];
    if (shared != nullptr) return shared;
    if (policies_ >= kPoliciesMax) {
        return failure(ErrorCode::limit,
                       fmt::format("the settings change more than {} times", kPoliciesMax));
    }
    ++policies_;
    Policy policy = policy_;
    if (flags.single) policy.overlap = Overlap::forbid;
    if (flags.mail_on_failure_only) policy.mail = without_success(policy.mail);
    shared = std::make_shared<const Policy>(std::move(policy));
    return shared;
}

std::span<const Setting> all_settings() { return kSettings; }

const Setting* find_setting(std::string_view name) {
    const auto* const found =
        std::find_if(kSettings.begin(), kSettings.end(),
                     [&](const Setting& setting) { return setting.name == name; });
    return found == kSettings.end() ? nullptr : found;
}

const Setting& nearest_setting(std::string_view name) {
    const std::string_view compared = name.substr(0, kComparedBytesMax);
    return *std::min_element(
        kSettings.begin(), kSettings.end(), [&](const Setting& a, const Setting& b) {
            return edit_distance(a.name, compared) < edit_distance(b.name, compared);
        });
}

}  // namespace cron::crontab
