// The members of one JSON object, as far as they are wanted: for messages of strangers. Pure.
// Source: RFC 8259.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cron::control {

inline constexpr std::size_t kDepthMax = 32;
inline constexpr std::size_t kListMax = 10'000;

struct Members {
    std::map<std::string, std::string, std::less<>> texts;
    std::map<std::string, std::uint64_t, std::less<>> numbers;           // whole ones
    std::map<std::string, std::vector<std::string>, std::less<>> lists;  // of texts
};

// Those of `wanted` that are there and are of these kinds; what else there is, is skipped and takes
// no room. An error of code invalid: it is no JSON object, has a wanted member twice, a list of
// more than kListMax, or is nested deeper than kDepthMax.
Result<Members> read_members(std::string_view json, std::span<const std::string_view> wanted);

}  // namespace cron::control
