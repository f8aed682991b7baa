#include "edit/judgement.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "calendar/rfc3339.h"
#include "preview/timetable.h"

namespace cron::edit {
namespace {

constexpr std::size_t kTitleBytesMax = 60;

void show(const crontab::Table& table, crontab::Severity severity, std::string_view file,
          const Scene& scene) {
    for (const crontab::Diagnostic& diagnostic : table.diagnostics) {
        if (diagnostic.severity == severity) scene.terminal.show(crontab::print(diagnostic, file));
    }
}

// "Sun 2026-11-22 03:00 +01:00", with seconds where there are some.
std::string print_due(Instant due, const calendar::Zone& zone) {
    constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
    const auto second = floor_seconds(due);
    const seconds offset = zone.period_at(second).offset;
    const std::chrono::weekday day(
        std::chrono::floor<std::chrono::days>(Local{second.time_since_epoch() + offset}));
    const std::string text = calendar::print_instant(due, offset);
    const std::string_view time = std::string_view(text).substr(11, 8);
    return fmt::format("{} {} {} {}", kDays.at(day.c_encoding()), text.substr(0, 10),
                       time.ends_with(":00") ? time.substr(0, 5) : time, text.substr(19));
}

std::string title_of(const crontab::Entry& entry) {
    std::string title = printable(entry.id.title());
    if (title.size() > kTitleBytesMax)
        title.replace(cut_before(title, kTitleBytesMax), std::string::npos, "...");
    return title;
}

}  // namespace

crontab::Table judge(std::string_view text, const Scene& scene) {
    crontab::Options options = scene.parsing;
    // A script would mail it each time to whoever installed the script.
    if (scene.terminal.shows_errors()) options.advise_from = scene.now;
    return crontab::parse(text, options);
}

void show_errors(const crontab::Table& table, std::string_view file, const Scene& scene) {
    show(table, crontab::Severity::error, file, scene);
}

void show_warnings(const crontab::Table& table, std::string_view file, const Scene& scene) {
    show(table, crontab::Severity::warning, file, scene);
}

std::string summary_of(const crontab::Table& table, std::string_view done, const Scene& scene) {
    crontab::Entries entries;
    for (const auto& entry : table.entries) {
        if (entry->policy->enabled) entries.push_back(entry);
    }
    const std::size_t count = table.entries.size();
    const std::string head =
        fmt::format("{} {} {} for {}", count == 0 ? "no" : fmt::to_string(count),
                    count == 1 ? "entry" : "entries", done, scene.user);
    if (count == 0) return head;
    const auto next =
        preview::Timetable(entries, scene.now, preview::Timetable::Direction::forward).next();
    if (!next) return head + "; none of them is due at any time to come";
    const crontab::Entry& entry = *entries[next->entry];
    return fmt::format("{}; next: {} at {}", head, title_of(entry),
                       print_due(next->at, entry.zone));
}

}  // namespace cron::edit
