// Where supercronic's metrics are served: HOST[:PORT]. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace cron::compat {

inline constexpr const char* kMetricsPort = "9746";

struct ListenAddress {
    std::string host;  // empty: all that the machine has
    std::string port = kMetricsPort;
};

// address = [ host ] [ ":" port ] | "[" IPv6 "]" [ ":" port ] | IPv6
Result<ListenAddress> parse_address(std::string_view text);

}  // namespace cron::compat
