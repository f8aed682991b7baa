// What the log of a daemon says of the due times of a job.
#pragma once

#include <string>

namespace cron::system_test {

// Of a log of JSON lines, and a job that is due every second: that each second from the first to
// the last has one fate, a start, or a merge into a later one where the machine stood still.
void check_every_second(const std::string& log, const std::string& job);

}  // namespace cron::system_test
