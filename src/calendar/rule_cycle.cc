#include "calendar/rule_cycle.h"

#include <algorithm>

namespace cron::calendar {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

constexpr year kFirstYear{2000};
constexpr int kCycleYears = 400;
// Offsets and times of the day move a change by up to 8 days, and a span of daylight time can reach
// into the next year: two years more on either side hold all that touches the cycle.
constexpr int kMarginYears = 2;

struct Span {
    sys_seconds begin{};
    sys_seconds end{};
};

// The day of `day` in `in`, counted as if it were a date in UTC.
sys_days date_of(const RuleDay& day, year in) {
    using std::chrono::days;
    const sys_days january_first = in / std::chrono::January / 1;
    switch (day.kind) {
        case RuleDay::Kind::julian_without_leap_day:
            // J60 is 1 March in every year.
            return january_first + days{day.day - 1 + (in.is_leap() && day.day >= 60 ? 1 : 0)};
        case RuleDay::Kind::day_of_year:
            return january_first + days{day.day};
        case RuleDay::Kind::weekday_of_month:
            break;
    }
    const std::chrono::month month{static_cast<unsigned>(day.month)};
    const std::chrono::weekday weekday{static_cast<unsigned>(day.day)};
    if (day.week == 5) return in / month / weekday[std::chrono::last];
    return in / month / weekday[static_cast<unsigned>(day.week)];
}

sys_seconds change(const RuleDay& day, year in, seconds offset_before) {
    return date_of(day, in) + day.time - offset_before;
}

// The spans of daylight time that touch the cycle, ascending and apart.
std::vector<Span> daylight_spans(const PosixRule& rule) {
    std::vector<Span> spans;
    const PosixRule::Daylight& daylight = *rule.daylight;
    for (int i = -kMarginYears; i < kCycleYears + kMarginYears; ++i) {
        const year in = kFirstYear + std::chrono::years{i};
        Span span{change(daylight.start, in, rule.standard_offset),
                  change(daylight.end, in, daylight.offset)};
        if (span.end < span.begin)
            span.end = change(daylight.end, in + std::chrono::years{1}, daylight.offset);
        if (span.end <= span.begin) continue;
        if (!spans.empty() && span.begin <= spans.back().end) {
            spans.back().end = std::max(spans.back().end, span.end);
        } else {
            spans.push_back(span);
        }
    }
    return spans;
}

}  // namespace

std::size_t RuleCycle::index_after(sys_seconds instant) const {
    const auto next = std::upper_bound(transitions.begin(), transitions.end(), instant,
                                       [](sys_seconds a, const Transition& b) { return a < b.at; });
    return static_cast<std::size_t>(next - transitions.begin());
}

seconds RuleCycle::offset_at(sys_seconds instant) const {
    seconds within = (instant - begin) % kCycle;
    if (within < seconds{0}) within += kCycle;
    const std::size_t index = index_after(begin + within);
    return index == 0 ? initial : transitions[index - 1].offset;
}

RuleCycle expand(const PosixRule& rule) {
    RuleCycle cycle{sys_days{kFirstYear / std::chrono::January / 1}, rule.standard_offset, {}};
    if (!rule.daylight || rule.daylight->offset == rule.standard_offset) return cycle;
    const auto add = [&](sys_seconds at, seconds offset) {
        if (at <= cycle.begin)
            cycle.initial = offset;
        else if (at <= cycle.begin + kCycle)
            cycle.transitions.push_back({at, offset});
    };
    for (const Span& span : daylight_spans(rule)) {
        add(span.begin, rule.daylight->offset);
        add(span.end, rule.standard_offset);
    }
    return cycle;
}

}  // namespace cron::calendar
