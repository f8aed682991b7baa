// The years to which a schedule may be limited.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

namespace cron::schedule {

inline constexpr int kYearFirst = 1970;
inline constexpr int kYearLast = 2099;

// A value: every year there is, or some of those from kYearFirst to kYearLast.
class Years {
  public:
    bool is_limited() const { return bits_.any(); }
    bool contains(int year) const;
    // The nearest after, and before, `year`; none if there is none.
    std::optional<int> after(int year) const;
    std::optional<int> before(int year) const;
    // Where they are limited, ascending.
    std::vector<unsigned> numbers() const;

    // Limits them to low, low + step and so on up to `high`, beside those that they are limited to.
    void add(unsigned low, unsigned high, std::uint64_t step);

    friend bool operator==(const Years&, const Years&) = default;

  private:
    std::bitset<kYearLast - kYearFirst + 1> bits_;  // none: every year
};

}  // namespace cron::schedule
