// Says that the clock was set, and not more often than is of use: some machine's clock is set to
// and fro without end.
#pragma once

#include <cstdint>
#include <optional>

#include "calendar/instant.h"
#include "daemon/record.h"

namespace cron::daemon {

class ClockNotice {
  public:
    // The clock was set. The line that is due for it, if one is: with how often since the last.
    std::optional<Record> was_set(Monotonic now) {
        ++count_;
        if (said_at_ && now - *said_at_ < kPause) return std::nullopt;
        said_at_ = now;
        Record record{Level::info, "clock-was-set", {}, {}, 0};
        if (count_ > 1) record.fields.push_back({"times", count_});
        count_ = 0;
        return record;
    }

    static constexpr minutes kPause{1};

  private:
    std::int64_t count_ = 0;
    std::optional<Monotonic> said_at_;
};

}  // namespace cron::daemon
