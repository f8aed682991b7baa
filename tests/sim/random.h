// Chance from one seed, in streams that do not know of each other: what is decided from one stays
// as it is whatever is drawn from another. Draws are next() % n: the library's distributions differ
// between libraries, and a seed must mean the same everywhere.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/job_id.h"
#include "calendar/instant.h"

namespace cron::sim {

// SplitMix64 (Steele, Lea, Flood 2014). The library's engines have states so large that a stream
// for each decision would cost more than the decision.
class Random {
  public:
    explicit Random(std::uint64_t seed) : seed_(seed), state_(seed) {}

    // The stream for `purpose` and what it is about, whatever was drawn here before.
    template <class... Subjects>
    Random stream(std::string_view purpose, const Subjects&... subjects) const {
        std::uint64_t seed = stable_hash(purpose, seed_);
        ((seed = mix(seed + kIncrement + number(subjects))), ...);
        return Random(seed);
    }

    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
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
    static constexpr std::uint64_t kIncrement = 0x9e3779b97f4a7c15;

    static std::uint64_t mix(std::uint64_t bits) {
        bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
        bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
        return bits ^ (bits >> 31);
    }
    std::uint64_t next() { return mix(state_ += kIncrement); }

    static std::uint64_t number(std::uint64_t subject) { return subject; }
    static std::uint64_t number(microseconds subject) {
        return static_cast<std::uint64_t>(subject.count());
    }
    static std::uint64_t number(Instant subject) { return number(subject.time_since_epoch()); }
    static std::uint64_t number(std::string_view subject) { return stable_hash(subject); }
    static std::uint64_t number(const JobId& subject) { return number(subject.bytes()); }

    std::uint64_t seed_;
    std::uint64_t state_;
};

}  // namespace cron::sim
