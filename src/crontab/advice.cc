#include "crontab/advice.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "crontab/command.h"
#include "crontab/percent.h"
#include "crontab/redirections.h"
#include "crontab/shell_text.h"
#include "schedule/advice.h"

namespace cron::crontab {
namespace {

enum class Shell {
    plain,  // sh and dash
    bourne,
    other,  // its quotes and redirections are its own
};

Shell shell_of(const std::string* setting) {
    static constexpr std::array<std::string_view, 3> kPlain = {"sh", "dash", "ash"};
    static constexpr std::array<std::string_view, 6> kBourne = {"bash", "rbash", "zsh",
                                                                "ksh",  "mksh",  "ksh93"};
    if (setting == nullptr) return Shell::plain;
    const std::string_view path = *setting;
    const std::string_view name = path.substr(path.find_last_of('/') + 1);
    const auto is_among = [&](const auto& names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (is_among(kPlain)) return Shell::plain;
    return is_among(kBourne) ? Shell::bourne : Shell::other;
}

// The columns of the bytes of a command in the text that it was split from, and of its end. What
// was dropped between them are backslashes.
std::vector<std::size_t> columns_of(std::string_view command, std::string_view written) {
    std::vector<std::size_t> columns;
    columns.reserve(command.size() + 1);
    std::size_t at = 0;
    for (const char c : command) {
        while (at < written.size() && written[at] != c) ++at;
        columns.push_back(at++);
    }
    columns.push_back(at);
    return columns;
}

void sort_by_column(std::vector<Finding>& findings) {
    std::stable_sort(findings.begin(), findings.end(),
                     [](const Finding& a, const Finding& b) { return a.begin < b.begin; });
}

}  // namespace

std::vector<Finding> advise_on_schedule(const ScheduleText& text,
                                        const schedule::Schedule& schedule,
                                        const ScheduleClock& clock) {
    const auto& [zone, now, from] = clock;
    std::vector<schedule::Advice> advice;
    if (from) {
        advice = schedule::advise(text.text, text.form, schedule);
    } else if (auto never = schedule::advise_if_never_due(text.text, text.form, schedule)) {
        advice.push_back(*std::move(never));
    }
    if (from && zone != nullptr) {
        auto of_clock = schedule::advise_on_clock(text.text, text.form, schedule, *zone, *from);
        std::move(of_clock.begin(), of_clock.end(), std::back_inserter(advice));
    }
    if (zone != nullptr) {
        if (auto past = schedule::advise_if_past(text.text, text.form, schedule, *zone, now)) {
            advice.push_back(*std::move(past));
        }
    }
    std::vector<Finding> findings;
    findings.reserve(advice.size());
    for (schedule::Advice& one : advice) {
        findings.push_back(
            {one.name, one.begin, one.end, std::move(one.message), std::move(one.hint)});
    }
    sort_by_column(findings);
    return findings;
}

std::vector<Finding> advise_on_command(std::string_view written, const std::string* setting,
                                       Flavour flavour, Dialect dialect) {
    const Shell kind = shell_of(setting);
    if (kind == Shell::other) return {};
    const std::string command = split_command(written, flavour, dialect).command;
    const ShellText shell = read_shell(command);
    const std::vector<std::size_t> columns = columns_of(command, written);
    std::vector<Finding> findings;
    if (shell.is_certain && shell.is_closed) {
        const bool is_plain = kind == Shell::plain && ways_of(flavour).has_plain_sh;
        findings = advise_on_redirections(shell, is_plain);
        for (Finding& finding : findings) {
            const std::size_t last = columns[finding.end - 1];
            finding.begin = columns[finding.begin];
            finding.end = last + 1;
        }
    }
    const std::size_t percent =
        dialect == Dialect::cron ? written.find('%', columns.back()) : std::string_view::npos;
    if (percent != std::string_view::npos) {
        if (auto finding = advise_on_percent(shell, written, percent)) {
            findings.push_back(*std::move(finding));
        }
    }
    sort_by_column(findings);
    return findings;
}

}  // namespace cron::crontab
