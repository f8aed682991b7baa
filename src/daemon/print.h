// What is said to whoever called the program, on the descriptors that he gave.
#pragma once

#include <string_view>

namespace cron::daemon {

// The whole text, where it can be written. Where it cannot, the exit status has to say it.
void print(int fd, std::string_view text);

}  // namespace cron::daemon
