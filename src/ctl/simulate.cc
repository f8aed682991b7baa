// cronctl simulate: what the engine would start, one start a line, or as a chart.
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "ctl/chart.h"
#include "ctl/commands.h"
#include "ctl/instant_text.h"
#include "ctl/json.h"
#include "ctl/listing.h"
#include "ctl/marks.h"
#include "ctl/report.h"
#include "preview/simulation.h"

namespace cron::ctl {
namespace {

using preview::Happening;
using preview::Simulation;

std::string_view name_of(Happening::Kind kind) {
    switch (kind) {
        case Happening::Kind::started:
            return "started";
        case Happening::Kind::skipped:
            return "skipped";
        case Happening::Kind::merged:
            return "merged";
        case Happening::Kind::missed:
            return "missed";
    }
    return {};
}

// Why something else happened than "started at its time"; empty where nothing did.
std::string reason_of(const Happening& happening, Local due, bool is_wildcard) {
    std::string reason;
    const auto add = [&](std::string_view text) {
        if (text.empty()) return;
        if (!reason.empty()) reason += "; ";
        reason += text;
    };
    if (happening.at_boot) add("@reboot: the machine starts");
    add(happening.reason);
    add(mark_of(happening.note, due, is_wildcard));
    if (happening.count > 1) add(fmt::format("{} due times", happening.count));
    return reason;
}

class Printer {
  public:
    Printer(const Context& context, Simulation& simulation, Listing listing)
        : out_(context.streams.out),
          simulation_(simulation),
          listing_(std::move(listing)),
          has_colours_(context.surroundings.has_colours),
          is_json_(context.options.json) {}

    void print(const Happening& happening) {
        preview::ZoneClock& clock = simulation_.clock_of(happening.entry);
        line_.clear();
        if (is_json_) {
            add_json(happening, clock);
        } else {
            writer_.append(line_, happening.at, clock.offset_at(happening.at));
            line_ += '\t';
            line_ += name_of(happening.kind);
            line_ += listing_.name(happening.entry);
            const std::string reason = reason_text(happening, clock);
            if (!reason.empty()) line_ += '\t' + painted(reason, Colour::mark, has_colours_);
        }
        line_ += '\n';
        out_.write(line_);
    }

  private:
    std::string reason_text(const Happening& happening, preview::ZoneClock& clock) const {
        const bool is_usual = !happening.at_boot && happening.note.is_plain() &&
                              happening.reason.empty() && happening.count == 1;
        if (is_usual) return {};
        const auto& schedule = listing_.entries()[happening.entry]->schedule;
        return reason_of(happening, clock.read(happening.due), schedule.is_wildcard());
    }

    void add_json(const Happening& happening, preview::ZoneClock& clock) {
        line_ += fmt::format(R"({{"version":{},"fate":"{}","at":")", kJsonVersion,
                             name_of(happening.kind));
        writer_.append(line_, happening.at, clock.offset_at(happening.at));
        line_ += fmt::format(R"(","epoch":{},"due":")",
                             floor_seconds(happening.at).time_since_epoch().count());
        writer_.append(line_, happening.due, clock.offset_at(happening.due));
        line_ += fmt::format(R"(","count":{},"cause":"{}","attempt":{},)", happening.count,
                             happening.at_boot ? "boot" : "schedule", happening.attempt);
        line_ += json_members(happening.note);
        const std::string reason = reason_text(happening, clock);
        // Our own words, without quotes or backslashes.
        line_ += reason.empty() ? R"(,"reason":null)" : fmt::format(R"(,"reason":"{}")", reason);
        line_ += listing_.name(happening.entry);
        line_ += '}';
    }

    Output& out_;
    Simulation& simulation_;
    Listing listing_;
    InstantWriter writer_;
    bool has_colours_ = false;
    bool is_json_ = false;
    std::string line_;
};

void print_happenings(const Context& context, Simulation& simulation, const TableFiles& files) {
    const Format format = context.options.json ? Format::json : Format::plain;
    Printer printer(context, simulation, Listing(files, format));
    while (context.streams.out.is_open()) {
        const auto happening = simulation.next();
        if (!happening) return;
        printer.print(*happening);
    }
}

void print_chart(const Context& context, Simulation& simulation, const Simulation::Options& span) {
    preview::ZoneClock clock(context.zone);
    preview::LoadChart chart(context.zone, span.from, span.until);
    std::uint64_t not_started = 0;
    while (const auto happening = simulation.next()) {
        if (happening->kind == Happening::Kind::started) {
            chart.add(happening->at, clock.read(happening->at));
        } else {
            not_started += happening->count;
        }
    }
    Output& out = context.streams.out;
    if (context.options.json) {
        const JsonHead head{"simulate", context.zone.name(), print_instant(span.from, context.zone),
                            print_instant(span.until, context.zone)};
        out.write(json_of_chart(head, chart, not_started, context.zone));
        return;
    }
    out.write(draw(chart, context.zone,
                   {context.surroundings.has_utf8, context.surroundings.has_colours}));
    if (not_started > 0) out.write(fmt::format("\nnot started: {}\n", not_started));
}

}  // namespace

int run_simulate(const Context& context) {
    const Result<Instant> from = context.from();
    if (!from) return context.fail(from.error());
    const Result<Instant> until = context.instant("--until", context.options.until.value_or(""));
    if (!until) return context.fail(until.error());
    if (*until < *from) {
        return context.fail({ErrorCode::invalid, "--until is before --from", 0});
    }
    const auto files = context.tables();
    if (!files) return kTrouble;
    const Simulation::Options span{*from, *until, context.options.run_time};
    Simulation simulation(to_load(*files), span);
    if (context.options.chart) {
        print_chart(context, simulation, span);
    } else {
        print_happenings(context, simulation, *files);
    }
    return files->have_errors() ? kTrouble : kGood;
}

}  // namespace cron::ctl
