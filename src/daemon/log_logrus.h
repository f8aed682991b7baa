// A record as supercronic would log it. Pure.
#pragma once

#include <string>

#include "compat/logrus.h"
#include "daemon/log_format.h"

namespace cron::daemon {

compat::Level logrus_level(Level level);

// The message of the record, or else its event, and its fields. As text a message has no event
// beside it: supercronic's have none.
std::string logrus_line(const Record& record, const Stamp& stamp, compat::Style style);

}  // namespace cron::daemon
