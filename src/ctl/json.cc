#include "ctl/json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/chart.h"
#include "ctl/instant_text.h"
#include "ctl/marks.h"

namespace cron::ctl {
namespace {

using Json = nlohmann::ordered_json;

void put(Json& object, const char* key, std::string_view text) {
    if (is_utf8(text)) {
        object[key] = text;
    } else {
        object[std::string(key) + "_b64"] = base64(text);
    }
}

// "2026-03-08T02:30:00", without an offset. Clocks ahead of UTC read the year 10000 within 9999.
std::string local_text(Local local) {
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{local - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

Json skipped_of(const preview::ClockNote& note) {
    if (note.skipped == 0) return nullptr;
    return {{"matches", note.skipped}, {"first", local_text(note.first_skipped)}};
}

std::string_view word_of(crontab::Severity severity) {
    switch (severity) {
        case crontab::Severity::warning:
            return "warning";
        case crontab::Severity::error:
            return "error";
    }
    return {};
}

std::string_view word_of(schedule::Schedule::Kind kind) {
    switch (kind) {
        case schedule::Schedule::Kind::fields:
            return "fields";
        case schedule::Schedule::Kind::every:
            return "every";
        case schedule::Schedule::Kind::reboot:
            return "reboot";
    }
    return {};
}

Json head_object(const JsonHead& head) {
    Json object;
    object["version"] = kJsonVersion;
    object["command"] = head.command;
    put(object, "zone", head.zone);
    object["from"] = head.from;
    return object;
}

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json table_object(const TableFile& file) {
    Json object;
    put(object, "file", file.shown);
    put(object, "table", file.name);
    object["kind"] = file.kind == crontab::Kind::system ? "system" : "user";
    put(object, "owner", file.owner);
    object["entries"] = file.table.entries.size();
    object["errors"] = file.table.count(crontab::Severity::error);
    object["warnings"] = file.table.count(crontab::Severity::warning);
    return object;
}

Json problems_of(const TableFiles& files) {
    Json problems = Json::array();
    for (const FileProblem& problem : files.problems) {
        Json object;
        put(object, "file", problem.shown);
        object["severity"] = word_of(problem.severity);
        put(object, "message", problem.message);
        problems.push_back(std::move(object));
    }
    return problems;
}

Json diagnostic_object(const crontab::Diagnostic& diagnostic) {
    Json object;
    object["severity"] = word_of(diagnostic.severity);
    object["name"] = diagnostic.name;
    object["line"] = diagnostic.line;
    object["column"] = diagnostic.line == 0 ? 0 : diagnostic.begin + 1;
    object["end_column"] = diagnostic.line == 0 ? 0 : diagnostic.end + 1;
    put(object, "message", diagnostic.message);
    put(object, "hint", diagnostic.hint);
    put(object, "source", diagnostic.source);
    object["source_column"] = diagnostic.source_begin + 1;
    return object;
}

Json expression_object(const Expression& expression) {
    Json object;
    put(object, "text", expression.text);
    object["seconds"] = expression.form == schedule::Form::six_fields;
    object["kind"] = word_of(expression.schedule.kind());
    object["wildcard"] = expression.schedule.is_wildcard();
    object["choice"] = expression.is_choice;
    object["chosen"] = schedule::print(expression.schedule);
    return object;
}

Json change_object(const schedule::ClockChange& change, const calendar::Zone& zone) {
    Json object;
    object["at"] = print_instant(change.at, zone);
    object["change"] = change.is_skip() ? "skip" : "repeat";
    object["before"] = local_text(change.before);
    object["after"] = local_text(change.after);
    object["effect"] = name_of(change.effect);
    object["matches"] = change.matches;
    object["first_match"] =
        change.matches == 0 ? Json(nullptr) : Json(local_text(change.first_match));
    return object;
}

Json advice_object(const schedule::Advice& advice) {
    Json object;
    object["name"] = advice.name;
    object["column"] = advice.begin + 1;
    object["end_column"] = advice.end + 1;
    put(object, "message", advice.message);
    put(object, "hint", advice.hint);
    return object;
}

Json explanation_object(const Explanation& found, const calendar::Zone& zone) {
    Json object = expression_object(found.expression);
    object["words"] = found.words;
    object["next"] = Json::array();
    for (const auto& [at, note] : found.next) {
        object["next"].push_back({{"due", print_instant(at, zone)},
                                  {"epoch", floor_seconds(at).time_since_epoch().count()},
                                  {"passage", name_of(note.passage)},
                                  {"skipped", skipped_of(note)}});
    }
    object["clock_changes"] = Json::array();
    for (const schedule::ClockChange& change : found.changes)
        object["clock_changes"].push_back(change_object(change, zone));
    object["warnings"] = Json::array();
    for (const schedule::Advice& advice : found.advice)
        object["warnings"].push_back(advice_object(advice));
    return object;
}

}  // namespace

std::string json_of(const crontab::Entry& entry, const std::string& file) {
    Json object;
    put(object, "file", file);
    object["line"] = entry.line;
    put(object, "user", entry.user);
    put(object, "schedule", entry.schedule_text);
    put(object, "zone", entry.zone.name());
    put(object, "command", entry.command);
    return object.dump();
}

std::string json_members(const preview::ClockNote& note) {
    std::string members = R"("passage":")";
    members += name_of(note.passage);
    members += R"(","skipped":)";
    return members + (note.skipped == 0 ? "null" : skipped_of(note).dump());
}

std::string json_head_of_next(const JsonHead& head, bool previous, const Expression* expression,
                              const TableFiles* files) {
    Json object = head_object(head);
    object["until"] = or_null(head.until);
    object["previous"] = previous;
    object["schedule"] = expression == nullptr ? Json(nullptr) : expression_object(*expression);
    object["tables"] = Json::array();
    if (files != nullptr) {
        for (const TableFile& file : files->tables) object["tables"].push_back(table_object(file));
    }
    object["problems"] = files == nullptr ? Json::array() : problems_of(*files);
    std::string text = object.dump();
    text.back() = ',';
    return text + R"("due":[)";
}

std::string json_of_chart(const JsonHead& head, const preview::LoadChart& chart,
                          std::uint64_t not_started, const calendar::Zone& zone) {
    Json object = head_object(head);
    object["until"] = head.until;
    object["starts"] = chart.starts();
    object["not_started"] = not_started;
    object["hours"] = Json::array();
    for (std::size_t day = 0; day < preview::kWeekDays; ++day) {
        for (std::size_t hour = 0; hour < preview::kDayHours; ++hour) {
            const auto [starts, times] = chart.cell(day, hour);
            object["hours"].push_back(
                {{"day", day_name(day)}, {"hour", hour}, {"starts", starts}, {"times", times}});
        }
    }
    object["busiest_minutes"] = Json::array();
    for (const auto& minute : chart.busiest(kBusiestShown)) {
        object["busiest_minutes"].push_back({{"day", day_name(minute.day)},
                                             {"hour", minute.hour},
                                             {"minute", minute.minute},
                                             {"starts", minute.cell.starts},
                                             {"times", minute.cell.times},
                                             {"most", minute.most},
                                             {"most_at", print_instant(minute.most_at, zone)}});
    }
    return object.dump() + '\n';
}

std::string json_of_check(const TableFiles& files) {
    Json object;
    object["version"] = kJsonVersion;
    object["command"] = "check";
    object["tables"] = Json::array();
    for (const TableFile& file : files.tables) {
        Json table = table_object(file);
        table["diagnostics"] = Json::array();
        for (const crontab::Diagnostic& diagnostic : file.table.diagnostics)
            table["diagnostics"].push_back(diagnostic_object(diagnostic));
        object["tables"].push_back(std::move(table));
    }
    object["problems"] = problems_of(files);
    return object.dump() + '\n';
}

std::string json_of_explain(const JsonHead& head, const std::vector<Explanation>& explanations,
                            const calendar::Zone& zone) {
    Json object = head_object(head);
    object["schedules"] = Json::array();
    for (const Explanation& found : explanations)
        object["schedules"].push_back(explanation_object(found, zone));
    return object.dump() + '\n';
}

}  // namespace cron::ctl
