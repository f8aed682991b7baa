// The name of a run as text, for people, jobs and files: the same for as long as its job has its
// name, on every machine.
#pragma once

#include <cstddef>
#include <string>

#include "crontab/table.h"
#include "engine/effect.h"

namespace cron::engine {

// "9f86d081884c7d65-20260308T023000Z", and "-p2" after it in the pass 2: letters, digits and "-"
// alone. The first part is a hash of the job's identity.
std::string run_id(const RunKey& key);

// A command may be as long as the kernel lets one variable be.
inline constexpr std::size_t kJobNameBytesMax = 255;

// What a job is told of its run: CRON_JOB, CRON_RUN, CRON_DUE (RFC 3339, in the zone of the entry)
// and CRON_ATTEMPT.
crontab::Environment run_variables(const Spawn& spawn);

}  // namespace cron::engine
