// One TZif file as a Zone.
#pragma once

#include <string>

#include "base/error.h"
#include "calendar/zone.h"

namespace cron::zones {

// Reads the regular file `path`; the zone is called `name`. Every error names `path`. not_found if
// there is none.
Result<calendar::Zone> load_zone_file(const std::string& path, std::string name);

}  // namespace cron::zones
