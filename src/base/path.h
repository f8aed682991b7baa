// Paths as text, as every program of ours understands them. No file is looked at.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace cron {

// `path` from the root on, a relative one below `directory`, without slashes at its end
// or twice, and without a "." between them. ".." stays: what it means is up to links.
// An error: it is empty; `what` is the option that gave it.
Result<std::string> absolute_path(std::string_view what, std::string_view path,
                                  std::string_view directory);

// What --root puts before other paths: the same, but empty for the root itself.
Result<std::string> root_prefix(std::string_view path, std::string_view directory);

}  // namespace cron
