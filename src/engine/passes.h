// The passes of the clock: each begins where the clock was set back so far that due times come
// again.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/run.h"

namespace cron::engine {

inline constexpr std::size_t kPassesKept = 1'000;  // that still matter to what was away meanwhile

class Passes {
  public:
    // The clock reads `at` when `number` begins, which is the next; wildcard schedules always
    // follow.
    void open(Pass number, bool fixed_too, Instant at);

    Pass last() const { return wildcard_; }  // the highest number
    // In which schedules of this kind are.
    Pass of(bool is_wildcard) const { return is_wildcard ? wildcard_ : fixed_; }
    // What such a schedule had reached in the pass `in`, or in the highest there was, as the passes
    // that began after it have it: all that lies behind their begin is not yet decided.
    Instant taken_back(bool is_wildcard, Pass in, Instant reached) const;

    friend bool operator==(const Passes&, const Passes&) = default;

  private:
    struct Begin {
        Pass number = 0;
        bool fixed_too = false;
        Instant at{};

        friend bool operator==(const Begin&, const Begin&) = default;
    };

    Pass wildcard_ = 0;
    Pass fixed_ = 0;
    std::vector<Begin> begins_;  // ascending
};

}  // namespace cron::engine
