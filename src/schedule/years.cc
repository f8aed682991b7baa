#include "schedule/years.h"

#include <algorithm>

#include "base/check.h"

namespace cron::schedule {
namespace {

std::size_t index_of(int year) { return static_cast<std::size_t>(year - kYearFirst); }

}  // namespace

bool Years::contains(int year) const {
    if (!is_limited()) return true;
    return year >= kYearFirst && year <= kYearLast && bits_[index_of(year)];
}

std::optional<int> Years::after(int year) const {
    if (!is_limited()) return year + 1;
    for (int later = std::max(year + 1, kYearFirst); later <= kYearLast; ++later) {
        if (bits_[index_of(later)]) return later;
    }
    return std::nullopt;
}

std::optional<int> Years::before(int year) const {
    if (!is_limited()) return year - 1;
    for (int earlier = std::min(year - 1, kYearLast); earlier >= kYearFirst; --earlier) {
        if (bits_[index_of(earlier)]) return earlier;
    }
    return std::nullopt;
}

std::vector<unsigned> Years::numbers() const {
    std::vector<unsigned> numbers;
    for (int year = kYearFirst; year <= kYearLast; ++year) {
        if (bits_[index_of(year)]) numbers.push_back(static_cast<unsigned>(year));
    }
    return numbers;
}

void Years::add(unsigned low, unsigned high, std::uint64_t step) {
    CRON_CHECK(step >= 1 && low >= kYearFirst && low <= high && high <= kYearLast);
    for (std::uint64_t year = low; year <= high; year += step) {
        bits_.set(index_of(static_cast<int>(year)));
    }
}

}  // namespace cron::schedule
