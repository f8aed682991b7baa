// A record as a JSON object. In a file of its own for the price of including the library.
#pragma once

#include <string>
#include <string_view>

#include "daemon/record.h"

namespace cron::daemon {

// On one line, time first. A value that is not UTF-8 is base64 (RFC 4648) under key_b64.
std::string json_object(const Record& record, std::string_view time);

}  // namespace cron::daemon
