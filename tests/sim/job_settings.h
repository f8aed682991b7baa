// The settings that a job of the simulation may have: which are set, back to their defaults, and as
// a table writes them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "calendar/zone.h"
#include "crontab/policy.h"

namespace cron::sim {

struct JobSettings {
    crontab::Policy policy;
    seconds delay{};  // of CRON_JITTER, which only has a value in the job that it is drawn for
    calendar::Zone zone;
};

// Name and value of each that is not at its default.
std::map<std::string, std::string> settings_of(const JobSettings& settings);
// False: no setting has this name.
bool set_default(JobSettings& settings, std::string_view name);

}  // namespace cron::sim
