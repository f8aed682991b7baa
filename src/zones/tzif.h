// The bytes of a TZif file as values. It trusts none of them: every count and index is checked
// before it is used. Source: RFC 8536, section 3.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "calendar/zone.h"

namespace cron::zones {

struct Tzif {
    seconds initial{};                              // the offset before the first transition
    std::vector<calendar::Transition> transitions;  // ascending; some may change nothing
    std::string footer;  // the POSIX rule from the last transition on; empty if there is none
};

// The error is a clause whose subject is the file ("is cut short"). A file that counts leap seconds
// ("right/...") is refused: the system's clock does not count them.
Result<Tzif> read_tzif(std::string_view bytes);

}  // namespace cron::zones
