#include "base/error.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace cron {
namespace {

ErrorCode code_of(int error) {
    switch (error) {
        case ENOENT:
            return ErrorCode::not_found;
        case EACCES:
        case EPERM:
            return ErrorCode::denied;
        default:
            return ErrorCode::system;
    }
}

}  // namespace

tl::unexpected<Error> failure(ErrorCode code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message), 0});
}

tl::unexpected<Error> system_failure(int error, std::string_view call, std::string_view object) {
    std::string message =
        object.empty()
            ? fmt::format("{}: {}", call, std::generic_category().message(error))
            : fmt::format("{} {}: {}", call, object, std::generic_category().message(error));
    return tl::unexpected<Error>(Error{code_of(error), std::move(message), error});
}

}  // namespace cron
