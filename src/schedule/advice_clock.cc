// What the clock changes of a year do to a schedule, where it matters.

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "schedule/advice_text.h"
#include "schedule/clock_change.h"
#include "schedule/match.h"

namespace cron::schedule {
namespace {

using std::chrono::days;
using std::chrono::year_month_day;

constexpr days kYearLength{365};
constexpr std::size_t kChangesMax = 16;  // of a clock in a year; no zone has half as many

std::string date_text(Local local) {
    const year_month_day date{std::chrono::floor<days>(local)};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

// "02:30", with seconds where there are some.
std::string time_text(Local local) {
    const std::chrono::hh_mm_ss time{local - std::chrono::floor<days>(local)};
    std::string text = fmt::format("{:02}:{:02}", time.hours().count(), time.minutes().count());
    if (time.seconds() != seconds{0}) text += fmt::format(":{:02}", time.seconds().count());
    return text;
}

// With the date where it is not that of `day`.
std::string time_text(Local local, Local day) {
    const bool same = std::chrono::floor<days>(local) == std::chrono::floor<days>(day);
    return same ? time_text(local) : date_text(local) + " " + time_text(local);
}

// Whether that day, of which the span of the change is a part, has no other match.
bool is_whole_day(const Schedule& schedule, const ClockChange& change) {
    const auto day = std::chrono::floor<days>(change.first_match);
    return count_matches(schedule.fields(), day, day + days{1}) <= change.matches;
}

std::string skipped_effect(const Schedule& schedule, const calendar::Zone& zone,
                           const ClockChange& change) {
    if (change.effect == ClockChange::Effect::not_due) {
        return is_whole_day(schedule, change) ? "not due on that day" : "";
    }
    // Of changes close to each other one may give back what the other takes.
    if (change.effect != ClockChange::Effect::moved ||
        next_after(schedule, zone, change.at - seconds{1}) != Instant{change.at}) {
        return {};
    }
    const std::string due = time_text(change.after, change.before);
    if (first_match(schedule.fields(), change.after) == change.after) {
        return fmt::format("due at {} once, for {} as well", due,
                           time_text(change.first_match, change.before));
    }
    return fmt::format("due at {} instead of {}{}", due,
                       time_text(change.first_match, change.before),
                       change.matches > 1 ? ", once" : "");
}

std::string repeated_effect(const Schedule& schedule, const ClockChange& change) {
    if (change.effect == ClockChange::Effect::due_twice && is_whole_day(schedule, change)) {
        return change.matches == 1 ? "due both times"
                                   : fmt::format("due {} times", 2 * change.matches);
    }
    if (change.effect != ClockChange::Effect::due_once) return {};
    return fmt::format("due at {} the first time only",
                       time_text(change.first_match, change.after));
}

// "on 2026-03-29 the clock skips 02:00 to 03:00: due at 03:00 instead of 02:30"
std::string change_text(const ClockChange& change, const std::string& effect) {
    const Local begin = std::min(change.before, change.after);
    const Local end = std::max(change.before, change.after);
    return fmt::format("on {} the clock {} {} to {}{}: {}", date_text(begin),
                       change.is_skip() ? "skips" : "reads", time_text(begin),
                       time_text(end, begin), change.is_skip() ? "" : " twice", effect);
}

// Hour and minute, or the nickname.
Word time_of(std::string_view text, Form form) {
    if (text.starts_with('@')) return {0, text};
    const FieldTexts texts(text, form);
    return texts.between(texts[kSecond].text.empty() ? kMinute : kSecond, kHour);
}

}  // namespace

std::vector<Advice> advise_on_clock(std::string_view text, Form form, const Schedule& schedule,
                                    const calendar::Zone& zone, Instant from) {
    if (schedule.kind() != Schedule::Kind::fields) return {};
    std::string skipped;
    std::string repeated;
    for (const ClockChange& change :
         clock_changes(schedule, zone, from, from + kYearLength, kChangesMax)) {
        if (change.effect == ClockChange::Effect::none) continue;
        std::string& texts = change.is_skip() ? skipped : repeated;
        const std::string effect = change.is_skip() ? skipped_effect(schedule, zone, change)
                                                    : repeated_effect(schedule, change);
        if (effect.empty()) continue;
        if (!texts.empty()) texts += "; ";
        texts += change_text(change, effect);
    }
    std::vector<Advice> found;
    const std::string place = fmt::format("in {} ", zone.name());
    if (!skipped.empty()) {
        found.push_back(advice_at(time_of(text, form), "skipped-time", place + skipped,
                                  "choose a time that is never skipped, or write CRON_TZ=UTC "
                                  "above the line"));
    }
    if (!repeated.empty()) {
        found.push_back(advice_at(time_of(text, form), "repeated-time", place + repeated,
                                  "choose a time that comes once, or write CRON_TZ=UTC above the "
                                  "line"));
    }
    return found;
}

std::optional<Advice> advise_if_past(std::string_view text, Form form, const Schedule& schedule,
                                     const calendar::Zone& zone, Instant now) {
    if (schedule.kind() != Schedule::Kind::fields || !schedule.fields().years.is_limited() ||
        next_after(schedule, zone, now)) {
        return std::nullopt;
    }
    const std::optional<Instant> last = previous_before(schedule, zone, now + microseconds{1});
    if (!last) return std::nullopt;
    const auto at = floor_seconds(*last);
    const Local local{at.time_since_epoch() + zone.period_at(at).offset};
    return advice_at(FieldTexts(text, form)[kYear], "never-due",
                     fmt::format("this is never due again: the last time was {} {}",
                                 date_text(local), time_text(local)),
                     "write a year to come, or '*' for every year");
}

}  // namespace cron::schedule
