// A time zone as a value: periods of constant offset, and the rule after the last. Pure: loading is
// in zones/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "calendar/instant.h"
#include "calendar/posix_rule.h"

namespace cron::calendar {

// From `begin` (included) to `end` (excluded) local time is real time + offset.
struct Period {
    std::chrono::sys_seconds begin{};  // sys_seconds::min() for the first
    std::chrono::sys_seconds end{};    // sys_seconds::max() for the last
    seconds offset{};

    friend bool operator==(const Period&, const Period&) = default;
};

// From `at` on, the offset is `offset`.
struct Transition {
    std::chrono::sys_seconds at{};
    seconds offset{};

    friend bool operator==(const Transition&, const Transition&) = default;
};

// How a local time fits its zone.
struct LocalFit {
    enum class Kind {
        unique,    // one instant reads so: `first`
        skipped,   // none does: `first` is the instant of the transition that skips it
        repeated,  // two do: `first` and `second`
    };
    Kind kind = Kind::unique;
    std::chrono::sys_seconds first{};
    std::chrono::sys_seconds second{};
};

// Cheap to copy (immutable data is shared). Two zones are equal when their names and data are.
class Zone {
  public:
    Zone() : Zone(fixed("UTC", seconds{0})) {}

    static Zone fixed(std::string name, seconds offset);
    // A zone that has always followed `rule`.
    static Zone from_rule(std::string name, const PosixRule& rule);
    // `initial` holds before the first of `transitions` (ascending); from the last on, `rule` where
    // there is one. Without transitions the rule holds always.
    static Zone from_transitions(std::string name, seconds initial,
                                 const std::vector<Transition>& transitions,
                                 const std::optional<PosixRule>& rule);

    const std::string& name() const;
    // The period that holds `instant`. Adjacent periods have different offsets (equal neighbours
    // are merged). One binary search, for any instant.
    Period period_at(std::chrono::sys_seconds instant) const;
    // Of a local time that comes more than twice, the first two instants.
    LocalFit fit(Local local) const;

    friend bool operator==(const Zone& a, const Zone& b);

  private:
    struct Data;
    explicit Zone(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
    std::shared_ptr<const Data> data_;
};

}  // namespace cron::calendar
