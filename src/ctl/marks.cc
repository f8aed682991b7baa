#include "ctl/marks.h"

#include <fmt/format.h>

#include "ctl/instant_text.h"

namespace cron::ctl {
namespace {

using schedule::ClockChange;
using schedule::Passage;

bool is_same_day(Local a, Local b) {
    return std::chrono::floor<std::chrono::days>(a) == std::chrono::floor<std::chrono::days>(b);
}

// The time, with its date where that is not the day of `other`.
std::string time_beside(Local local, Local other) {
    return is_same_day(local, other) ? print_time(local) : print_local(local);
}

// "02:30", "3 times from 02:00 on".
std::string matches_text(std::uint64_t count, Local first, Local other) {
    const std::string time = time_beside(first, other);
    return count == 1 ? time : fmt::format("{} times from {} on", count, time);
}

}  // namespace

std::string mark_of(const preview::ClockNote& note, Local due, bool is_wildcard) {
    const auto skipped = [&] { return matches_text(note.skipped, note.first_skipped, due); };
    switch (note.passage) {
        case Passage::plain:
            if (note.skipped == 0) return {};
            return fmt::format("also for {}, which the clock skips", skipped());
        case Passage::moved:
            if (note.skipped <= 1) return fmt::format("moved: the clock skips {}", skipped());
            return fmt::format("moved: the clock skips {}, which are one run", skipped());
        case Passage::first_pass:
            return is_wildcard ? "first pass of a repeated time"
                               : "first pass of a repeated time, and not due on the second";
        case Passage::second_pass:
            return "second pass of a repeated time";
    }
    return {};
}

std::string_view name_of(Passage passage) {
    switch (passage) {
        case Passage::plain:
            return "plain";
        case Passage::moved:
            return "moved";
        case Passage::first_pass:
            return "first-pass";
        case Passage::second_pass:
            return "second-pass";
    }
    return {};
}

std::string_view name_of(ClockChange::Effect effect) {
    switch (effect) {
        case ClockChange::Effect::none:
            return "none";
        case ClockChange::Effect::not_due:
            return "not-due";
        case ClockChange::Effect::moved:
            return "moved";
        case ClockChange::Effect::due_twice:
            return "due-twice";
        case ClockChange::Effect::due_once:
            return "due-once";
    }
    return {};
}

std::string effect_of(const ClockChange& change) {
    const std::string matches = matches_text(change.matches, change.first_match, change.before);
    const bool is_one = change.matches == 1;
    switch (change.effect) {
        case ClockChange::Effect::none:
            return "no effect";
        case ClockChange::Effect::not_due:
            return fmt::format("not due at {}, which {} not come", matches, is_one ? "does" : "do");
        case ClockChange::Effect::moved:
            return fmt::format("due{} at {} for {}, which {} not come", is_one ? "" : " once",
                               time_beside(change.after, change.before), matches,
                               is_one ? "does" : "do");
        case ClockChange::Effect::due_twice:
            return fmt::format("due at {}, both times that {} come{}", matches,
                               is_one ? "it" : "they", is_one ? "s" : "");
        case ClockChange::Effect::due_once:
            return fmt::format("due at {} the first time only", matches);
    }
    return {};
}

}  // namespace cron::ctl
