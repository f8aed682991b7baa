// What the log says of what happens to runs. Pure.
#pragma once

#include <vector>

#include "daemon/customs.h"
#include "daemon/record.h"
#include "daemon/run_fact.h"

namespace cron::daemon {

// Whether starts, or ends, are told at all: -L.
bool is_wanted(const RunFact& fact, const RunLines& lines);

std::vector<Record> records_of(const RunFact& fact, Instant now, const Customs& customs);

}  // namespace cron::daemon
