// Asks the daemon over its socket. Waits for it, within a bound.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"
#include "control/codec.h"
#include "control/message.h"

namespace cron::control {

// Longer than the daemon takes at worst before it says that something holds it up.
inline constexpr std::chrono::seconds kPatience{60};

// What the daemon that listens at `socket` answers. An error, where no answer was had:
//   not_found: no daemon listens there.
//   denied: we may not connect, or whoever listens is neither root nor we.
//   limit: no answer came in time. busy: it hung up. After these two nobody knows whether what was
//   asked was done.
//   damaged: the answer is none that we understand.
Result<Answer> ask(const std::string& socket, const Request& request,
                   std::chrono::milliseconds patience = kPatience);

// Who listens there: its release, and the requests that it knows.
Result<Welcome> say_hello(const std::string& socket,
                          std::chrono::milliseconds patience = kPatience);

}  // namespace cron::control
