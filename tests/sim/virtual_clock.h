// The clocks of a machine that exists only here, and what can be wrong with them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "calendar/instant.h"
#include "engine/engine.h"

namespace cron::sim {

class VirtualClock {
  public:
    explicit VirtualClock(Instant begin) : instant_(begin), truth_(begin) {}

    Now now() const { return {instant_, monotonic_}; }
    // The same within the years in which anything is due: what an engine makes of it.
    Now seen() const {
        return {std::clamp(instant_, engine::kClockMin, engine::kClockMax), monotonic_};
    }
    // The time in which the machine was not suspended, through all boots.
    microseconds elapsed() const { return elapsed_; }
    // What a right clock reads.
    Instant truth() const { return truth_; }

    void advance(microseconds duration) {
        elapsed_ += duration;
        truth_ += duration;
        instant_ += microseconds{duration.count() * rate_ / kRight};
        if (!is_frozen_) monotonic_ += duration;
    }
    void suspend(microseconds duration) {
        instant_ += duration;
        truth_ += duration;
    }
    void set(Instant instant) { instant_ = instant; }
    void boot() { monotonic_ = Monotonic{}; }

    // How far the wall clock goes while `kRight` pass; it may stand still, or run back.
    static constexpr std::int64_t kRight = 1'000;
    void set_rate(std::int64_t rate) { rate_ = rate; }
    // The monotonic clock stands still, and yet things happen.
    void set_frozen(bool is_frozen) { is_frozen_ = is_frozen; }

    // How long until the clock reads this; none: not in ten thousand years, as it runs now.
    std::optional<microseconds> until(Instant instant) const {
        if (instant <= instant_) return microseconds{0};
        if (rate_ <= 0 || (instant - instant_) / rate_ > kForEver / kRight) return std::nullopt;
        const auto whole = (instant - instant_) / rate_ * kRight;
        const auto rest = (instant - instant_).count() % rate_ * kRight;
        return whole + microseconds{(rest + rate_ - 1) / rate_};
    }
    std::optional<microseconds> until(Monotonic monotonic) const {
        if (monotonic <= monotonic_) return microseconds{0};
        if (is_frozen_) return std::nullopt;
        return monotonic - monotonic_;
    }

  private:
    static constexpr microseconds kForEver = hours{24} * 365 * 10'000;

    Instant instant_;
    Instant truth_;
    Monotonic monotonic_{};
    microseconds elapsed_{};
    std::int64_t rate_ = kRight;
    bool is_frozen_ = false;
};

}  // namespace cron::sim
