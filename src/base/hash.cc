#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace cron {

std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed) {
    return XXH64(bytes.data(), bytes.size(), seed);
}

ContentHash content_hash(std::string_view bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return {hash.high64, hash.low64};
}

}  // namespace cron
