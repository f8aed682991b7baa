#include "base/path.h"

#include <fmt/format.h>

namespace cron {

Result<std::string> absolute_path(std::string_view what, std::string_view path,
                                  std::string_view directory) {
    if (path.empty()) return failure(ErrorCode::invalid, fmt::format("{} is an empty path", what));
    std::string absolute(path);
    if (path.front() != '/') {
        absolute = fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", path);
    }
    // One file is to have one name.
    for (const std::string_view part : {"/./", "//"}) {
        for (auto at = absolute.find(part); at != std::string::npos; at = absolute.find(part)) {
            absolute.erase(at, part.size() - 1);
        }
    }
    while (absolute.size() > 1 && absolute.back() == '/') absolute.pop_back();
    return absolute;
}

Result<std::string> root_prefix(std::string_view path, std::string_view directory) {
    Result<std::string> prefix = absolute_path("--root", path, directory);
    if (prefix && *prefix == "/") prefix->clear();
    return prefix;
}

}  // namespace cron
