// Settings are assignments that tell cron how to run the entries below them. One row each.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "calendar/zone.h"
#include "crontab/command.h"
#include "crontab/policy.h"
#include "crontab/table.h"
#include "schedule/schedule.h"

namespace cron::crontab {

inline constexpr std::string_view kSettingPrefix = "CRON_";
inline constexpr std::string_view kZoneSetting = "CRON_TZ";
inline constexpr std::string_view kSecondsSetting = "CRON_SECONDS";
inline constexpr std::string_view kNameSetting = "CRON_NAME";
inline constexpr std::string_view kCpuSetting = "CRON_CPU";
inline constexpr std::string_view kMemorySetting = "CRON_MEMORY";
inline constexpr std::string_view kPidsSetting = "CRON_PIDS";

// What the settings so far say for the entries below.
class Settings {
  public:
    explicit Settings(const Options& options)
        : options_(options), zone_(options.zone), form_(form_of(options.dialect)) {
        policy_.overlap = options.overlap;
    }

    // In which the schedules are read.
    const calendar::Zone& zone() const { return zone_; }
    schedule::Form form() const { return form_; }
    // For the next entry, with its flags. Entries share what is equal; the error: that takes too
    // much memory in all.
    Result<std::shared_ptr<const Policy>> share_policy(const Flags& flags);
    // The name of the next entry's job, once; empty: it is made from its line.
    std::string take_name();

    // An empty name is the daemon's zone.
    Result<void> set_zone(std::string_view name);
    // "yes" is six fields, "no" and nothing are those of the dialect.
    Result<void> set_seconds(std::string_view value);
    Result<void> set_name(std::string_view value);
    Result<void> set_overlap(std::string_view value);
    Result<void> set_pool(std::string_view value);
    // Beyond what every user may have: in tables of root only.
    Result<void> set_nice(std::string_view value);
    Result<void> set_io_priority(std::string_view value);
    // What `read` makes of the value; the member's own default where it is empty or bad.
    template <class Member, class Read>
    Result<void> set(Member Policy::*member, std::string_view value, Read read) {
        return set_in(policy_, member, value, read);
    }
    template <class Member, class Read>
    Result<void> set(Member Policy::Launch::*member, std::string_view value, Read read) {
        return set_in(policy_.launch, member, value, read);
    }
    template <class Member, class Read>
    Result<void> set(Member Limits::*member, std::string_view value, Read read) {
        return set_in(policy_.launch.limits, member, value, read);
    }

  private:
    template <class Part, class Member, class Read>
    Result<void> set_in(Part& part, Member Part::*member, std::string_view value, Read read) {
        Member member_value = Part{}.*member;
        Result<void> result;
        if (!value.empty()) {
            auto read_value = read(value);
            if (read_value) {
                member_value = *std::move(read_value);
            } else {
                result = tl::unexpected(std::move(read_value).error());
            }
        }
        if (part.*member == member_value) return result;
        part.*member = std::move(member_value);
        shared_.clear();
        return result;
    }

    static schedule::Form form_of(Dialect dialect) {
        return dialect == Dialect::supercronic ? schedule::Form::supercronic
                                               : schedule::Form::five_fields;
    }
    bool is_of_root() const { return options_.kind == Kind::system || options_.owner == "root"; }

    const Options& options_;
    calendar::Zone zone_;
    schedule::Form form_;
    std::map<std::string, Result<calendar::Zone>> zones_;  // those asked for so far, by name
    Policy policy_;
    std::map<std::pair<bool, bool>, std::shared_ptr<const Policy>> shared_;  // by the flags -s, -n
    std::size_t policies_ = 0;                                               // made so far
    std::string name_;
    std::set<std::string> names_;  // taken so far
};

struct Setting {
    std::string_view name;
    std::string_view meaning;        // a clause, for messages
    std::string_view default_value;  // as it would be written; empty: there is none
    bool is_passed_to_jobs = false;
    bool bad_value_stops_entries = false;  // those below, where the default would do harm
    // An empty value restores the default; so does a bad one, which is an error.
    Result<void> (*apply)(Settings& settings, std::string_view value) = nullptr;
};

std::span<const Setting> all_settings();

// Null if there is no setting of this name.
const Setting* find_setting(std::string_view name);

// The setting whose name differs from `name` by the fewest letters.
const Setting& nearest_setting(std::string_view name);

}  // namespace cron::crontab
