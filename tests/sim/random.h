// Chance from one seed. Draws are engine() % n: the library's distributions differ between
// libraries, and a seed must mean the same everywhere.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "calendar/instant.h"

namespace cron::sim {

class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
    bool one_in(std::uint64_t count) { return below(count) == 0; }
    microseconds between(microseconds low, microseconds high) {
        const auto range = static_cast<std::uint64_t>((high - low).count()) + 1;
        return low + microseconds{static_cast<std::int64_t>(below(range))};
    }
    template <class T>
    const T& pick(const std::vector<T>& choices) {
        return choices[below(choices.size())];
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace cron::sim
