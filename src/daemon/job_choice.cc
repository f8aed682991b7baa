#include "daemon/job_choice.h"

#include <array>
#include <cstddef>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/facts.h"
#include "engine/run_variables.h"

namespace cron::daemon {
namespace {

constexpr std::size_t kShownMax = 20;

bool is_named(const crontab::Entry& entry, std::string_view asked) {
    return entry.id.is_named() && entry.id.title() == asked;
}

bool is_code(const crontab::Entry& entry, std::string_view asked) {
    return engine::job_code(entry.id) == asked.substr(0, asked.find('-'));
}

bool is_place(const crontab::Entry& entry, std::string_view asked) {
    const std::size_t colon = asked.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    if (parse_decimal(asked.substr(colon + 1)) != entry.line) return false;
    const std::string_view table = entry.id.table();
    std::string_view end = asked.substr(0, colon);
    if (end.starts_with("./")) end.remove_prefix(2);
    if (!table.ends_with(end)) return false;
    return table.size() == end.size() || table[table.size() - end.size() - 1] == '/';
}

bool is_command(const crontab::Entry& entry, std::string_view asked) {
    return entry.command == asked;
}

bool is_beginning(const crontab::Entry& entry, std::string_view asked) {
    return entry.id.title().starts_with(asked) || entry.command.starts_with(asked) ||
           engine::job_code(entry.id).starts_with(asked);
}

constexpr std::array kWays = {is_named, is_code, is_place, is_command, is_beginning};

std::string list(const crontab::Entries& entries) {
    std::string text;
    for (std::size_t i = 0; i < entries.size() && i < kShownMax; ++i) {
        const crontab::Entry& entry = *entries[i];
        const std::string_view table = entry.id.table();
        text += fmt::format("{}{} ({}:{})", text.empty() ? "" : ", ", short_name(entry),
                            printable(table.substr(table.rfind('/') + 1)), entry.line);
    }
    if (entries.size() > kShownMax) text += fmt::format(" and {} more", entries.size() - kShownMax);
    return text;
}

}  // namespace

Result<std::shared_ptr<const crontab::Entry>> choose_job(const crontab::Entries& entries,
                                                         std::string_view asked) {
    for (const auto is_it : kWays) {
        crontab::Entries found;
        for (const auto& entry : entries) {
            if (is_it(*entry, asked)) found.push_back(entry);
        }
        if (found.size() == 1) return found.front();
        if (found.empty()) continue;
        return failure(ErrorCode::invalid,
                       fmt::format("'{}' may be {}", printable(asked), list(found)));
    }
    return failure(
        ErrorCode::not_found,
        entries.empty()
            ? fmt::format("there is no job '{}', nor any other", printable(asked))
            : fmt::format("there is no job '{}'; there are {}", printable(asked), list(entries)));
}

}  // namespace cron::daemon
