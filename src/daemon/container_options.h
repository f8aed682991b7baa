// The options of crond that need tables as arguments: those of a container. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "daemon/options.h"

namespace cron::daemon {

// As they were written.
struct ContainerWords {
    bool system = false, watch = false, no_watch = false;
    std::optional<std::string> state, once, environment;
};

// Sets in `options`, which has its tables, what the words say; relative paths are below
// `directory`. An error is one clause.
Result<void> apply(const ContainerWords& words, std::string_view directory, Options& options);

}  // namespace cron::daemon
