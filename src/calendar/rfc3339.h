// Instants as text. Pure.
// Source: RFC 3339, section 5.6.
#pragma once

#include <array>
#include <string>

#include "calendar/zone.h"

namespace cron::calendar {

// Writes instants as RFC 3339 in whole seconds, always 25 bytes: "2026-03-08T03:00:00-04:00". What
// RFC 3339 cannot say is written in UTC: an offset with seconds (local mean time), and a local year
// before 1 or after 9999. An instant outside kEarliest and kLatest is written as the nearest
// within. Fast where the day is that of the last one.
class InstantWriter {
  public:
    void append(std::string& out, Instant instant, seconds offset);

  private:
    std::chrono::local_days day_ = std::chrono::local_days::min();
    std::array<char, 11> date_{};  // of that day, with the T
};

std::string print_instant(Instant instant, seconds offset);
std::string print_instant(Instant instant, const Zone& zone);

}  // namespace cron::calendar
