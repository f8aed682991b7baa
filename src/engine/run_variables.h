// What a run is called outside the daemon, and what its job is told of it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "crontab/table.h"
#include "engine/run.h"

namespace cron::engine {

// "9f86d081884c7d65-20261121T071833Z", and "-p2" behind it in pass 2: a hash of the job, and the
// due time in UTC; of a run that was asked for the moment, "20261121T071833.123456Z". The same on
// every machine and in every version, printable, without blanks, and in the order of due times for
// one job. Two jobs may have the same hash, if somebody takes pains.
std::string run_id(const RunKey& key);
// The part of it before the first "-".
std::string job_code(const JobId& job);

inline constexpr std::size_t kTitleBytesMax = 4096;  // of CRON_JOB: commands may be longer

// CRON_JOB, the name of the job or else its command; CRON_RUN, run_id(); CRON_DUE, as RFC 3339 with
// the offset of the entry's zone; CRON_ATTEMPT, from 1.
crontab::Environment run_variables(const RunKey& key, std::uint32_t attempt,
                                   const crontab::Entry& entry);

}  // namespace cron::engine
