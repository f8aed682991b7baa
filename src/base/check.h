// CRON_CHECK(condition): a claim about our own code, tested in every build. A false one is a bug
// and ends the process.
#pragma once

namespace cron {

[[noreturn]] void check_failed(const char* claim, const char* file, int line);

}  // namespace cron

#define CRON_CHECK(condition)                            \
    (static_cast<bool>(condition) ? static_cast<void>(0) \
                                  : ::cron::check_failed(#condition, __FILE__, __LINE__))
