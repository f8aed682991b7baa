// What the command line and the machine say on mail.
#pragma once

#include "daemon/delivery.h"
#include "daemon/setting.h"

namespace cron::daemon {

// Waits for the resolver of names where the full one is asked for and has to be looked up.
Delivery::Settings mail_settings(const Setting& setting, bool change_user);

}  // namespace cron::daemon
