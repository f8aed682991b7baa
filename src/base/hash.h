// Hashes with a fixed definition: the same bytes give the same number on every machine and in every
// version.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cron {

// XXH64. For stable choices (`a~b`, jitter) and tables in memory; not against forgers.
std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed = 0);

// XXH3, 128 bits: tells whether the content of a file is as it was.
using ContentHash = std::array<std::uint64_t, 2>;
ContentHash content_hash(std::string_view bytes);

}  // namespace cron
