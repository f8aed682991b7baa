#include "crontab/report.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "crontab/table.h"

namespace cron::crontab {
namespace {

constexpr std::size_t kMessageBytesMax = 400;
constexpr std::size_t kSourceBytesMax = 400;
constexpr std::size_t kSourceBytesBefore = 100;  // of a long line, before the caret

std::string cut(std::string text, std::size_t bytes_max) {
    if (text.size() > bytes_max) {
        text.replace(cut_before(text, bytes_max), std::string::npos, "...");
    }
    return text;
}

}  // namespace

Finding shifted(Finding finding, std::size_t columns) {
    finding.begin += columns;
    finding.end += columns;
    return finding;
}

std::optional<std::size_t> Report::add(Severity severity, const Line& line, Finding finding) {
    if (++counts_.at(static_cast<std::size_t>(severity)) > kDiagnosticsMax) return std::nullopt;
    Diagnostic diagnostic;
    diagnostic.severity = severity;
    diagnostic.name = finding.name;
    diagnostic.line = line.number;
    diagnostic.begin = finding.begin;
    diagnostic.end = finding.end;
    diagnostic.message = cut(std::move(finding.message), kMessageBytesMax);
    diagnostic.hint = cut(std::move(finding.hint), kMessageBytesMax);
    if (line.text.size() > kSourceBytesMax && finding.begin > kSourceBytesBefore) {
        diagnostic.source_begin =
            cut_before(line.text, std::min(finding.begin, line.text.size()) - kSourceBytesBefore);
    }
    const std::size_t source_end = cut_before(line.text, diagnostic.source_begin + kSourceBytesMax);
    diagnostic.source =
        line.text.substr(diagnostic.source_begin, source_end - diagnostic.source_begin);
    diagnostics_.push_back(std::move(diagnostic));
    return diagnostics_.size() - 1;
}

void Report::add(Finding finding) { add(Severity::error, Line{}, std::move(finding)); }

void Report::amend(std::size_t place, std::string message) {
    CRON_CHECK(place < diagnostics_.size());
    diagnostics_[place].message = cut(std::move(message), kMessageBytesMax);
}

std::size_t Report::not_shown(Severity severity) const {
    const std::size_t count = counts_.at(static_cast<std::size_t>(severity));
    return count - std::min(count, kDiagnosticsMax);
}

std::vector<Diagnostic> Report::take() {
    const std::size_t errors = not_shown(Severity::error);
    const std::size_t warnings = not_shown(Severity::warning);
    if (errors + warnings > 0) {
        Diagnostic rest;
        rest.severity = errors > 0 ? Severity::error : Severity::warning;
        rest.name = kTooManyDiagnostics;
        rest.message =
            fmt::format("{} more errors and {} more warnings are not shown", errors, warnings);
        diagnostics_.push_back(std::move(rest));
    }
    return std::move(diagnostics_);
}

}  // namespace cron::crontab
