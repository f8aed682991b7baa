// The capabilities that crond keeps, each with its why. It runs as root; what it executes as root,
// crond-job and so every job of root above all, has all those again that crond was started with.
// DESIGN: Privileges. Source: capabilities(7).
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"

namespace cron::daemon {

struct Capability {
    int number = 0;
    std::string_view name;
    std::string_view why;
};
std::span<const Capability> kept_capabilities();

// Gives up all others of this thread, and of those that it makes later. Nothing is done without
// root, nor where root would not have them again at an exec: an error says why they are all kept.
Result<void> drop_capabilities();

}  // namespace cron::daemon
