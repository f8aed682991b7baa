// Texts read from and written to descriptors as a whole, whatever these are: files, pipes,
// terminals.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace cron::spool {

// The text up to its end; of one longer than a table may be, a little more than that. `object` is
// what messages call it. Waits where the descriptor is non-blocking.
Result<std::string> read_all(int fd, std::string_view object);

// Likewise. SIGPIPE should be ignored.
Result<void> write_all(int fd, std::string_view text, std::string_view object);

}  // namespace cron::spool
