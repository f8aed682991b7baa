// What is true of a TZif file before anything reads offsets from it: that every count and index in
// it holds, and what its footer says. Source: RFC 8536, section 3.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "calendar/instant.h"

namespace cron::zones {

struct TzifFacts {
    std::size_t transition_count = 0;
    // The footer's rule holds from here on; none if the rule holds always.
    std::optional<std::chrono::sys_seconds> last_transition;
    std::string footer;  // the POSIX rule; empty if there is none (version 1 has no footer)
};

// Checks all of `bytes`; the error is a clause whose subject is the file ("is cut short").
// A file that counts leap seconds ("right/...") is refused: the system's clock does not count them.
Result<TzifFacts> check_tzif(std::string_view bytes);

}  // namespace cron::zones
