// The lines of a table in their order: what is above a line holds for it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"
#include "crontab/advice.h"
#include "crontab/assignment.h"
#include "crontab/command.h"
#include "crontab/entry.h"
#include "crontab/environment.h"
#include "crontab/report.h"
#include "crontab/settings.h"
#include "crontab/suspensions.h"
#include "crontab/table.h"

namespace cron::crontab {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Parser {
  public:
    explicit Parser(const Options& options)
        : options_(options), settings_(options), seed_(stable_hash(options.machine_id)) {}

    Table parse(std::string_view text) {
        if (is_within_bounds(text)) read_lines(text);
        tell_unused_name();
        suspensions_.end_all();
        Table table;
        table.entries = std::move(entries_);
        table.errors_not_shown = report_.not_shown(Severity::error);
        table.warnings_not_shown = report_.not_shown(Severity::warning);
        table.diagnostics = report_.take();
        return table;
    }

  private:
    bool is_within_bounds(std::string_view text);
    void read_lines(std::string_view text);
    void read_line(Line line);
    bool read_assignment_line(const Line& line);
    void check_name(const Line& line, std::string_view name);
    void check_enforced(const Line& line, const Setting& setting);
    void apply_setting(const Line& line, const Setting& setting, std::string_view value);
    void tell_unused_name();
    std::string take_name();
    void read_entry_line(const Line& line);
    void advise_on_entry(const Line& line, const EntryText& text, const ScheduleText& schedule_text,
                         const schedule::Schedule& schedule);
    void add_entry(const Line& line, const EntryText& text, const schedule::Schedule& schedule,
                   JobId id);
    std::string_view command_of(const EntryText& text) const;
    JobId identify_job(const EntryText& text, const std::string& name);
    void refuse_line(const Line& line, Finding finding);
    void refuse_assignment(const Line& line, std::string_view name, Finding finding);

    void error(const Line& line, Finding finding) {
        report_.add(Severity::error, line, std::move(finding));
    }
    void warn(const Line& line, Finding finding) {
        report_.add(Severity::warning, line, std::move(finding));
    }

    const Options& options_;
    Report report_;
    Entries entries_;
    EnvironmentBuilder environment_;
    Settings settings_;
    Suspensions suspensions_{report_};
    std::map<JobId, std::uint32_t> equals_;  // how many, by the id of the first
    std::uint64_t seed_ = 0;
    bool told_of_carriage_return_ = false;
    bool told_of_assignment_below_ = false;
    std::set<std::string_view> told_unenforced_;  // names of settings
    std::optional<Line> name_line_;               // which sets a name that no entry has yet
};

// Where `part`, a piece of the line, begins.
std::size_t column_of(const Line& line, std::string_view part) {
    return static_cast<std::size_t>(part.data() - line.text.data());
}

bool Parser::is_within_bounds(std::string_view text) {
    if (text.size() > kTableBytesMax) {
        report_.add(
            {"table-too-large", 0, 0,
             fmt::format("the table has {} bytes, more than {}", text.size(), kTableBytesMax),
             "none of its entries runs"});
        return false;
    }
    const auto breaks = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    const std::size_t lines = breaks + (text.empty() || text.back() == '\n' ? 0 : 1);
    if (lines > kLinesMax) {
        report_.add({"too-many-lines", 0, 0,
                     fmt::format("the table has {} lines, more than {}", lines, kLinesMax),
                     "none of its entries runs"});
        return false;
    }
    return true;
}

void Parser::read_lines(std::string_view text) {
    if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
        text.remove_prefix(kByteOrderMark.size());
        warn(Line{1, text.substr(0, text.find('\n'))},
             {"byte-order-mark", 0, 0, "the table begins with a byte order mark",
              "save it without one: other crons do not understand its first line"});
    }
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t length = std::min(text.find('\n'), text.size());
        read_line(Line{number, text.substr(0, length)});
        text.remove_prefix(std::min(length + 1, text.size()));
    }
}

// line = blanks ( "" | "#" text | assignment | entry ) [ CR ]
void Parser::read_line(Line line) {
    if (line.text.size() > kLineBytesMax) {
        return refuse_line(line, {"line-too-long",
                                  kLineBytesMax,
                                  line.text.size(),
                                  fmt::format("the line has {} bytes, more than {}",
                                              line.text.size(), kLineBytesMax),
                                  {}});
    }
    if (!line.text.empty() && line.text.back() == '\r') {
        line.text.remove_suffix(1);
        if (!std::exchange(told_of_carriage_return_, true)) {
            warn(line,
                 {"carriage-return", line.text.size(), line.text.size(),
                  "the line ends with a carriage return, which is dropped here and below",
                  "save the table with Unix line ends: other crons pass it on to the command"});
        }
    }
    const std::size_t begin = line.text.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line.text[begin] == '#') return;
    if (const std::size_t nul = line.text.find('\0'); nul != std::string_view::npos) {
        return refuse_line(line, {"nul-byte", nul, nul + 1, "a NUL byte in the line", {}});
    }
    if (!read_assignment_line(line)) read_entry_line(line);
}

// A line that is not even read. Where it was to set something, that is as bad as a bad value; where
// it was to be an entry, no other one may have its name.
void Parser::refuse_line(const Line& line, Finding finding) {
    const std::string_view text = trim_blanks(line.text);
    const auto assignment = read_assignment(text);
    if (!assignment) return refuse_assignment(line, assignment.error().name, std::move(finding));
    if (*assignment) return refuse_assignment(line, (*assignment)->name, std::move(finding));
    if (!text.empty() && text.front() != '#') take_name();
    error(line, std::move(finding));
}

bool Parser::read_assignment_line(const Line& line) {
    const std::size_t begin = line.text.find_first_not_of(" \t");
    auto assignment = read_assignment(line.text.substr(begin));
    if (!assignment) {
        BadAssignment bad = std::move(assignment).error();
        refuse_assignment(line, bad.name, shifted(std::move(bad.finding), begin));
        return true;
    }
    if (!*assignment) return false;
    const auto [name, value] = **assignment;
    if (name.empty()) {
        error(line, {"bad-assignment", begin, begin + 1, "an assignment without a name",
                     "write NAME=value"});
        return true;
    }
    check_name(line, name);
    const Setting* const setting = find_setting(name);
    const bool is_known_to_supercronic = setting == nullptr || setting->name == kZoneSetting;
    if (options_.dialect == Dialect::supercronic && is_known_to_supercronic && !entries_.empty() &&
        !std::exchange(told_of_assignment_below_, true)) {
        warn(line, {"assignment-below", begin, line.text.size(),
                    "this holds for the lines below it, where supercronic has it hold for all",
                    "move what is meant for all above the first schedule"});
    }
    if (setting != nullptr) apply_setting(line, *setting, value);
    if (setting == nullptr && options_.advise_from) {
        const auto is_set = [&](std::string_view other) {
            return environment_.find(other) != nullptr;
        };
        for (Finding& finding : advise_on_value(name, value, is_set)) {
            warn(line, shifted(std::move(finding), column_of(line, value)));
        }
    }
    if (setting == nullptr || setting->is_passed_to_jobs) {
        if (const auto set = environment_.set(name, value); !set) {
            error(line, {"environment-too-large", begin, line.text.size(), set.error().message,
                         fmt::format("{} is not set for the entries below", quoted(name))});
        }
    }
    return true;
}

// Names that have no effect, or not the one that was meant.
void Parser::check_name(const Line& line, std::string_view name) {
    const std::size_t begin = column_of(line, name);
    const std::size_t end = begin + name.size();
    if (is_fixed_variable(name)) {
        const bool is_of_user = name == "LOGNAME" || name == "USER";
        warn(line, {"ignored-name",
                    begin,
                    end,
                    fmt::format("{} is always {}: this line has no effect", name,
                                is_of_user ? "the user of the job" : "set by cron, for each run"),
                    {}});
    } else if (!is_shell_name(name)) {
        warn(line, {"odd-name", begin, end,
                    fmt::format("{} is a name that shells cannot read", quoted(name)),
                    "a name has letters, digits and _, and does not begin with a digit"});
    } else if (name.substr(0, kSettingPrefix.size()) == kSettingPrefix &&
               find_setting(name) == nullptr) {
        const Setting& nearest = nearest_setting(name);
        warn(line, {"unknown-setting", begin, end,
                    fmt::format("there is no setting {}: it is passed to the jobs", quoted(name)),
                    fmt::format("the nearest is {}: {}", nearest.name, nearest.meaning)});
    }
}

// ", 10s", for a message.
std::string default_of(const Setting& setting) {
    return setting.default_value.empty() ? std::string()
                                         : fmt::format(", {}", setting.default_value);
}

void Parser::apply_setting(const Line& line, const Setting& setting, std::string_view value) {
    if (setting.bad_value_stops_entries) suspensions_.end(setting.name);
    if (setting.name == kNameSetting) tell_unused_name();
    const auto applied = setting.apply(settings_, value);
    if (applied && !value.empty()) {
        if (setting.name == kNameSetting) name_line_ = line;
        check_enforced(line, setting);
    }
    if (applied) return;
    const std::size_t begin = column_of(line, value);
    refuse_assignment(line, setting.name,
                      {"bad-setting", begin, begin + value.size(), applied.error().message,
                       fmt::format("{0} is {1}; {0}=\"\" is the default{2}", setting.name,
                                   setting.meaning, default_of(setting))});
}

void Parser::tell_unused_name() {
    if (!name_line_) return;
    const std::size_t begin = name_line_->text.find_first_not_of(" \t");
    warn(*name_line_, {"unused-name", begin, name_line_->text.size(), "no entry has this name",
                       "CRON_NAME names the next entry alone: write it right above one"});
    name_line_.reset();
}

std::string Parser::take_name() {
    name_line_.reset();
    return settings_.take_name();
}

// Once a table, however often it is set.
void Parser::check_enforced(const Line& line, const Setting& setting) {
    const auto found = options_.unenforced.find(setting.name);
    if (found == options_.unenforced.end() || !told_unenforced_.insert(setting.name).second) return;
    const std::size_t begin = line.text.find_first_not_of(" \t");
    warn(line, {"not-enforced", begin, begin + setting.name.size(),
                fmt::format("{} cannot be enforced here, and the jobs run without it: {}",
                            setting.name, found->second),
                "crond(8) says under Control groups what it needs"});
}

// An error, under which the entries below have the default, or may not be run.
void Parser::refuse_assignment(const Line& line, std::string_view name, Finding finding) {
    const Setting* const setting = find_setting(name);
    std::string message = finding.message;
    const auto place = report_.add(Severity::error, line, std::move(finding));
    if (setting == nullptr) return;
    CRON_CHECK(setting->apply(settings_, {}).has_value());
    if (!setting->bad_value_stops_entries) return;
    suspensions_.begin(setting->name, place, std::move(message));
}

void Parser::read_entry_line(const Line& line) {
    const std::size_t begin = line.text.find_first_not_of(" \t");
    const std::string_view text = line.text.substr(begin);
    const bool form_is_known = !suspensions_.holds(kSecondsSetting);
    const schedule::Form form = form_is_known ? settings_.form() : probable_form(text);
    auto entry = read_entry(text, options_, form);
    // The seed needs the whole line; without it the schedule is read for its errors: they come
    // first.
    const std::string name = take_name();
    const JobId id = entry ? identify_job(*entry, name) : JobId();
    if (!form_is_known) return suspensions_.count_entry();
    const std::size_t schedule_column = begin + schedule_begin(text);
    const std::string_view scheduled = line.text.substr(schedule_column);
    const auto schedule = schedule::parse(scheduled, stable_hash(id.bytes(), seed_), form);
    if (!schedule) {
        return error(line,
                     shifted(schedule_finding(scheduled, form, schedule.error()), schedule_column));
    }
    if (!entry) return error(line, shifted(std::move(entry).error(), begin));
    advise_on_entry(line, *entry, {scheduled.substr(0, schedule->length), form},
                    schedule->schedule);
    add_entry(line, *entry, schedule->schedule, id);
}

JobId Parser::identify_job(const EntryText& text, const std::string& name) {
    const std::string_view of_table =
        options_.is_owner_in_ids ? std::string_view(options_.owner) : std::string_view();
    const std::string_view owner = options_.kind == Kind::system ? text.user : of_table;
    if (!name.empty()) return JobId::named(owner, options_.name, name);
    const auto numbered = [&](std::uint32_t number) {
        return JobId::of_line(owner, options_.name, text.schedule_text, text.command, number);
    };
    const JobId first = numbered(0);
    const std::uint32_t number = equals_[first]++;
    return number == 0 ? first : numbered(number);
}

// What is passed over here costs nothing where nobody asked for advice.
void Parser::advise_on_entry(const Line& line, const EntryText& text,
                             const ScheduleText& schedule_text,
                             const schedule::Schedule& schedule) {
    const auto warn_of = [&](std::vector<Finding> findings, std::size_t column) {
        for (Finding& finding : findings) warn(line, shifted(std::move(finding), column));
    };
    const calendar::Zone* const zone =
        suspensions_.holds(kZoneSetting) ? nullptr : &settings_.zone();
    warn_of(advise_on_schedule(schedule_text, schedule, {zone, options_.now, options_.advise_from}),
            column_of(line, schedule_text.text));
    if (options_.kind == Kind::user && seems_to_have_user(text.command)) {
        const std::size_t begin = column_of(line, text.command);
        warn(line, {"user-column", begin, begin + 4, "'root' is run as a command here",
                    "a user's table has no user column"});
    }
    if (!options_.advise_from) return;
    const std::string_view command = command_of(text);
    warn_of(
        advise_on_command(command, environment_.find("SHELL"), options_.flavour, options_.dialect),
        column_of(line, command));
}

std::string_view Parser::command_of(const EntryText& text) const {
    return ways_of(options_.flavour).keeps_blanks ? text.command_with_blanks : text.command;
}

// A whole number of seconds below the sum of both; the same for a job for as long as they are.
seconds delay_of(const Policy& policy, const JobId& job, std::uint64_t seed) {
    const seconds most = policy.jitter + policy.random_delay;
    if (most <= seconds{0}) return seconds{0};
    const std::uint64_t choice = stable_hash(job.bytes(), stable_hash("jitter", seed));
    return seconds{choice % static_cast<std::uint64_t>(most.count())};
}

void Parser::add_entry(const Line& line, const EntryText& text, const schedule::Schedule& schedule,
                       JobId id) {
    if (suspensions_.any()) return suspensions_.count_entry();
    auto environment = environment_.share();
    if (!environment) {
        return error(line,
                     {"environment-too-large", 0, line.text.size(), environment.error().message,
                      "set fewer variables, or set them less often"});
    }
    auto policy = settings_.share_policy(text.flags);
    if (!policy) {
        return error(line, {"too-many-settings", 0, line.text.size(), policy.error().message,
                            "set fewer of them, or set them less often"});
    }
    CommandText command = split_command(command_of(text), options_.flavour, options_.dialect);
    auto entry = std::make_shared<Entry>();
    entry->id = std::move(id);
    entry->line = line.number;
    entry->schedule_text = text.schedule_text;
    entry->schedule = schedule;
    entry->zone = settings_.zone();
    entry->user = options_.kind == Kind::system ? std::string(text.user) : options_.owner;
    if (options_.kind == Kind::system) entry->user_begin = column_of(line, text.user);
    entry->command = std::move(command.command);
    entry->input = std::move(command.input);
    entry->environment = *std::move(environment);
    entry->policy = *std::move(policy);
    entry->delay = delay_of(*entry->policy, entry->id, seed_);
    entry->quiet = text.flags.quiet;
    entries_.push_back(std::move(entry));
}

}  // namespace

Table parse(std::string_view text, const Options& options) { return Parser(options).parse(text); }

}  // namespace cron::crontab
