// Settings without a good value, and the entries below them that do not run for it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crontab/report.h"

namespace cron::crontab {

class Suspensions {
  public:
    explicit Suspensions(Report& report) : report_(report) {}

    // From here on, for `message`, which is at `place` of the report.
    void begin(std::string_view setting, std::optional<std::size_t> place, std::string message);
    // The setting has a good value, or another bad one: the report says how many entries it was.
    void end(std::string_view setting);
    void end_all();

    bool holds(std::string_view setting) const;
    bool any() const { return !suspensions_.empty(); }
    // An entry that does not run, for all that hold.
    void count_entry();

  private:
    struct Suspension {
        std::string_view setting;
        std::optional<std::size_t> place;
        std::string message;
        std::size_t entries = 0;
    };

    void tell(const Suspension& suspension);

    Report& report_;
    std::vector<Suspension> suspensions_;  // at most one a setting
};

}  // namespace cron::crontab
