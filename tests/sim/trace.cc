#include "trace.h"

#include <algorithm>
#include <charconv>

namespace cron::sim {

void Trace::fail(std::string_view checker, std::string_view message) {
    if (failure_) return;
    failure_ = fmt::format("{}: {}", checker, message);
    broken_rule_ = checker;
}

std::string Trace::tail() const {
    std::string text;
    for (std::size_t i = count_ - std::min(count_, lines_.size()); i < count_; ++i)
        text += readable(lines_[i % lines_.size()]) + '\n';
    return text;
}

std::string Trace::readable(std::string_view line) {
    std::int64_t count = 0;
    const char* end = std::from_chars(line.data(), line.data() + line.size(), count).ptr;
    return print(Instant{microseconds{count}}).append(end, line.data() + line.size());
}

std::string print(Instant instant) {
    const auto day = std::chrono::floor<std::chrono::days>(instant);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{instant - day};
    return fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

}  // namespace cron::sim
