// cronctl explain: what a schedule means.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "calendar/span.h"
#include "ctl/commands.h"
#include "ctl/instant_text.h"
#include "ctl/json.h"
#include "ctl/marks.h"
#include "ctl/report.h"
#include "schedule/describe.h"

namespace cron::ctl {
namespace {

constexpr std::size_t kNextShown = 5;
constexpr hours kClockSpan{24 * 366};  // "the next year"
constexpr std::size_t kChangesMax = 100;

// Up to when the changes of the clock are told.
Instant end_of_changes(Instant from) {
    return std::min<Instant>(from + kClockSpan, calendar::kLatest - seconds{1});
}

Explanation explain(const Expression& expression, const calendar::Zone& zone, Instant from) {
    Explanation found;
    found.expression = expression;
    found.words = schedule::describe(expression.schedule);
    preview::ZoneClock clock(zone);
    auto due = schedule::next_after(expression.schedule, zone, from);
    for (; due && found.next.size() < kNextShown;
         due = schedule::next_after(expression.schedule, zone, *due)) {
        found.next.push_back({*due, clock.note_of(expression.schedule, *due)});
    }
    found.changes =
        schedule::clock_changes(expression.schedule, zone, from, end_of_changes(from), kChangesMax);
    found.advice = schedule::advise(expression.text, expression.form, expression.schedule);
    const auto of_clock = schedule::advise_on_clock(expression.text, expression.form,
                                                    expression.schedule, zone, from);
    found.advice.insert(found.advice.end(), of_clock.begin(), of_clock.end());
    return found;
}

std::string next_lines(const Explanation& found, const calendar::Zone& zone, bool has_colours) {
    const schedule::Schedule& schedule = found.expression.schedule;
    if (schedule.kind() == schedule::Schedule::Kind::reboot)
        return "  The clock has no part in it.\n";
    if (found.next.empty()) return "  It is never due.\n";
    std::string out = fmt::format("  Next in {}:\n", printable(zone.name()));
    preview::ZoneClock clock(zone);
    for (const auto& [at, note] : found.next) {
        out += fmt::format("    {}", print_instant(at, zone));
        const std::string mark = mark_of(note, clock.read(at), schedule.is_wildcard());
        if (!mark.empty()) out += "  " + painted(mark, Colour::mark, has_colours);
        out += '\n';
    }
    return out;
}

std::string change_lines(const Explanation& found, const calendar::Zone& zone, Instant from) {
    const schedule::Schedule& schedule = found.expression.schedule;
    if (schedule.kind() == schedule::Schedule::Kind::reboot || found.next.empty()) return {};
    const Instant end = end_of_changes(from);
    const std::string last_day = print_instant(end, zone).substr(0, 10);
    if (found.changes.empty()) {
        return fmt::format("  The clock of {} does not change {}.\n", printable(zone.name()),
                           end < from + kClockSpan ? "up to " + last_day : "in the next year");
    }
    std::string out = fmt::format("  Changes of the clock up to {}:\n", last_day);
    for (const schedule::ClockChange& change : found.changes) {
        out += fmt::format("    {} becomes {}: {}\n", print_local(change.before),
                           print_time(change.after), effect_of(change));
    }
    return out;
}

std::string print(const Explanation& found, const calendar::Zone& zone, Instant from,
                  bool has_colours) {
    const Expression& expression = found.expression;
    std::string out =
        fmt::format("{}\n  Runs {}.\n",
                    painted(printable(expression.text), Colour::bold, has_colours), found.words);
    if (expression.is_choice) {
        out += fmt::format(
            "  H and a~b are a choice that each job of a table makes for itself and keeps;\n"
            "  this one is made for the text alone: {}\n",
            schedule::print(expression.schedule));
    }
    out += next_lines(found, zone, has_colours);
    out += change_lines(found, zone, from);
    for (const schedule::Advice& advice : found.advice)
        out += shown(advice, expression.text, has_colours);
    return out;
}

}  // namespace

int run_explain(const Context& context) {
    const Options& options = context.options;
    const Result<Instant> from = context.from();
    if (!from) return context.fail(from.error());
    const schedule::Form form =
        options.seconds ? schedule::Form::six_fields : schedule::Form::five_fields;
    std::vector<Explanation> explanations;
    bool is_good = true;
    for (const std::string& text : schedule_texts(options.what, form)) {
        const auto expression = read_expression(text, form, context.surroundings.has_error_colours);
        if (!expression) {
            context.streams.error.write(expression.error().printed);
            is_good = false;
            continue;
        }
        explanations.push_back(explain(*expression, context.zone, *from));
    }
    Output& out = context.streams.out;
    if (options.json) {
        const JsonHead head{"explain", context.zone.name(), print_instant(*from, context.zone), {}};
        out.write(json_of_explain(head, explanations, context.zone));
    } else {
        for (std::size_t i = 0; i < explanations.size(); ++i) {
            if (i > 0) out.write("\n");
            out.write(
                print(explanations[i], context.zone, *from, context.surroundings.has_colours));
        }
    }
    return is_good ? kGood : kTrouble;
}

}  // namespace cron::ctl
