// cronctl next: due times, one a line.
#include <filesystem>
#include <limits>
#include <utility>

#include "ctl/commands.h"
#include "ctl/instant_text.h"
#include "ctl/json.h"
#include "ctl/listing.h"
#include "ctl/marks.h"
#include "ctl/report.h"
#include "preview/timetable.h"

#include <fmt/format.h>

namespace cron::ctl {
namespace {

constexpr std::uint64_t kDefaultCount = 10;

bool exists(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

// What lies between the two ends, in the direction that is looked in.
struct Span {
    Instant from{};
    std::optional<Instant> until;
    bool previous = false;

    bool holds(Instant due) const {
        if (!until) return true;
        return previous ? due > *until : due < *until;
    }
};

Result<Span> span_of(const Context& context) {
    Span span;
    span.previous = context.options.previous;
    const Result<Instant> from = context.from();
    if (!from) return tl::unexpected(from.error());
    span.from = *from;
    if (!context.options.until) return span;
    const Result<Instant> until = context.instant("--until", *context.options.until);
    if (!until) return tl::unexpected(until.error());
    span.until = *until;
    const bool is_backwards = span.previous ? *until > *from : *until < *from;
    if (!is_backwards) return span;
    return failure(ErrorCode::invalid, span.previous
                                           ? "--until is after --from: --previous looks back"
                                           : "--until is before --from");
}

class Printer {
  public:
    Printer(const Context& context, Listing listing)
        : out_(context.streams.out),
          listing_(std::move(listing)),
          clocks_(listing_.entries()),
          has_marks_(context.options.marks || context.surroundings.is_terminal),
          has_colours_(context.surroundings.has_colours),
          is_json_(context.options.json) {}

    void print(const preview::Due& due) {
        const crontab::Entry& entry = *listing_.entries()[due.entry];
        preview::ZoneClock& clock = clocks_.of(due.entry);
        const seconds offset = clock.offset_at(due.at);
        line_.clear();
        if (is_json_) {
            line_ += std::exchange(is_first_, false) ? "\n" : ",\n";
            line_ += R"({"due":")";
            writer_.append(line_, due.at, offset);
            line_ +=
                fmt::format(R"(","epoch":{},)", floor_seconds(due.at).time_since_epoch().count());
            line_ += json_members(clock.note_of(entry.schedule, due.at));
            line_ += listing_.name(due.entry);
            line_ += '}';
        } else {
            writer_.append(line_, due.at, offset);
            line_ += listing_.name(due.entry);
            if (has_marks_)
                add_mark(clock.note_of(entry.schedule, due.at), clock.read(due.at), entry);
            line_ += '\n';
        }
        out_.write(line_);
    }

  private:
    void add_mark(const preview::ClockNote& note, Local due, const crontab::Entry& entry) {
        const std::string mark = mark_of(note, due, entry.schedule.is_wildcard());
        if (mark.empty()) return;
        line_ += '\t';
        line_ += painted(mark, Colour::mark, has_colours_);
    }

    Output& out_;
    Listing listing_;
    preview::Clocks clocks_;
    InstantWriter writer_;
    bool has_marks_ = false;
    bool has_colours_ = false;
    bool is_json_ = false;
    bool is_first_ = true;
    std::string line_;
};

std::string head_of(const Context& context, const Span& span,
                    const std::optional<Expression>& expression, const TableFiles& files) {
    JsonHead head{"next", context.zone.name(), print_instant(span.from, context.zone), {}};
    if (span.until) head.until = print_instant(*span.until, context.zone);
    return json_head_of_next(head, span.previous, expression ? &*expression : nullptr,
                             expression ? nullptr : &files);
}

void print_due(const Context& context, Listing listing, const Span& span) {
    const std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t count = context.options.count.value_or(span.until ? all : kDefaultCount);
    using Direction = preview::Timetable::Direction;
    preview::Timetable timetable(listing.entries(), span.from,
                                 span.previous ? Direction::backward : Direction::forward);
    Printer printer(context, std::move(listing));
    for (std::uint64_t given = 0; given < count && context.streams.out.is_open(); ++given) {
        const auto due = timetable.next();
        if (!due || !span.holds(due->at)) break;
        printer.print(*due);
    }
}

}  // namespace

int run_next(const Context& context) {
    const Options& options = context.options;
    const auto subject = read_subject(options, exists, context.surroundings.has_error_colours);
    if (!subject) {
        context.streams.error.write(subject.error().printed);
        return kTrouble;
    }
    const Result<Span> span = span_of(context);
    if (!span) return context.fail(span.error());

    TableFiles files;
    if (!*subject) {
        auto read = context.tables();
        if (!read) return kTrouble;
        files = *std::move(read);
    }
    if (options.json) context.streams.out.write(head_of(context, *span, *subject, files));
    const Format format = options.json ? Format::json : Format::plain;
    print_due(context,
              *subject ? Listing((*subject)->schedule, context.zone) : Listing(files, format),
              *span);
    if (options.json) context.streams.out.write("\n]}\n");
    return files.have_errors() ? kTrouble : kGood;
}

}  // namespace cron::ctl
