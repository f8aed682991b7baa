// What a failed call returns: a code to decide on and one clause for people to read.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace cron {

enum class ErrorCode {
    invalid,    // the input is wrong; the message says what would be right
    not_found,  // the thing named does not exist
    denied,     // it exists, and the rules or the system forbid it
    busy,       // somebody else holds it
    limit,      // a bound of ours was passed
    damaged,    // what is stored cannot be read as what it should be
    system,     // a system call failed: system_errno is set
};

struct Error {
    ErrorCode code = ErrorCode::invalid;
    std::string message;  // one clause, lower case, no full stop
    int system_errno = 0;
};

template <class T>
using Result = tl::expected<T, Error>;

tl::unexpected<Error> failure(ErrorCode code, std::string message);

// "CALL OBJECT: strerror", e.g. "open /etc/crontab: Permission denied". ENOENT becomes not_found,
// EACCES and EPERM denied, all else system.
tl::unexpected<Error> system_failure(int error, std::string_view call, std::string_view object);

}  // namespace cron
