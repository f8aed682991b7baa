// Whether jobs have sessions of PAM, and what to do where they cannot have one.
#pragma once

#include <optional>
#include <string>

#include "daemon/config.h"
#include "process/launch.h"

namespace cron::daemon {

// The service of the machine's cron, whose configuration is below `root`; none if PAM is off.
std::optional<process::PamService> find_pam_service(const Config& config, const std::string& root);

// For the log, where PAM refused a session of `service`: what this machine withholds from modules,
// and how to do without them.
std::string pam_advice(const process::PamService& service);

}  // namespace cron::daemon
