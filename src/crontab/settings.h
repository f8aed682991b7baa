// Settings are assignments that tell cron how to run the entries below them. One row each.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "calendar/zone.h"
#include "crontab/table.h"
#include "schedule/schedule.h"

namespace cron::crontab {

inline constexpr std::string_view kSettingPrefix = "CRON_";
inline constexpr std::string_view kZoneSetting = "CRON_TZ";
inline constexpr std::string_view kSecondsSetting = "CRON_SECONDS";

// What the settings so far say for the entries below.
class Settings {
  public:
    explicit Settings(const Options& options) : options_(options), zone_(options.zone) {}

    // In which the schedules are read.
    const calendar::Zone& zone() const { return zone_; }
    schedule::Form form() const { return form_; }

    // An empty name is the daemon's zone.
    Result<void> set_zone(std::string_view name);
    // "yes" is six fields, "no" and nothing are five.
    Result<void> set_seconds(std::string_view value);

  private:
    const Options& options_;
    calendar::Zone zone_;
    schedule::Form form_ = schedule::Form::five_fields;
    std::map<std::string, Result<calendar::Zone>> zones_;  // those asked for so far, by name
};

struct Setting {
    std::string_view name;
    std::string_view meaning;  // a clause, for messages
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
