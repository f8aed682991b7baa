#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace cron {

void check_failed(const char* claim, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
    std::abort();
}

}  // namespace cron
