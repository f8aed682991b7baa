// A command line parted into options and all else, so that no library has to guess which is which.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cron {

struct Arguments {
    std::vector<std::string> options;      // each with its value, as they were written
    std::vector<std::string> positionals;  // all else; what follows a "--" is never an option
};

// `takes_value` says it of "--root" and of "-n". An error: an option that ends at its "=", which is
// a value forgotten, and not the argument that comes next.
Result<Arguments> part_arguments(std::span<const char* const> arguments,
                                 const std::function<bool(std::string_view option)>& takes_value);

}  // namespace cron
