// crond called as supercronic: by that name, or with --compat supercronic. Pure.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "daemon/options.h"

namespace cron::daemon {

inline constexpr std::string_view kSupercronic = "supercronic";

struct SupercronicCall {
    std::span<const char* const> own;     // options of ours, before --compat
    std::span<const char* const> theirs;  // flags and crontab
};

// None: we are called as crond. An error: as somebody whom we do not know.
Result<std::optional<SupercronicCall>> supercronic_call(std::span<const char* const> arguments,
                                                        const Invocation& invocation);

// As parse_options().
Result<Options> parse_as_supercronic(const SupercronicCall& call, std::string_view directory,
                                     const Invocation& invocation);

}  // namespace cron::daemon
