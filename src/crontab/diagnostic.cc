#include "crontab/diagnostic.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::crontab {
namespace {

constexpr std::size_t kTabColumns = 8;
constexpr std::size_t kShownBytes = 100;       // of a source line
constexpr std::size_t kShownBytesBefore = 60;  // of these, before the caret
constexpr std::string_view kCut = "...";

std::string_view name_of(Severity severity) {
    switch (severity) {
        case Severity::warning:
            return "warning";
        case Severity::error:
            return "error";
    }
    return "";
}

std::string place_of(const Diagnostic& diagnostic, std::string_view file) {
    if (diagnostic.line == 0) return printable(file);
    return fmt::format("{}:{}:{}", printable(file), diagnostic.line, diagnostic.begin + 1);
}

std::string headline(const Diagnostic& diagnostic, std::string_view file) {
    return fmt::format("{}: {}: {}", place_of(diagnostic, file), name_of(diagnostic.severity),
                       printable(diagnostic.message));
}

// A line of text that knows how many columns it takes on a screen. (A code point counts as one
// column.)
struct Shown {
    std::string text;
    std::size_t columns = 0;

    // Tabs become spaces, so that no terminal puts the caret elsewhere.
    void append(std::string_view bytes) {
        while (!bytes.empty()) {
            const std::size_t length = std::min(bytes.find('\t'), bytes.size());
            const std::string piece = printable(bytes.substr(0, length));
            text += piece;
            columns +=
                static_cast<std::size_t>(std::count_if(piece.begin(), piece.end(), [](char c) {
                    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
                }));
            if (length == bytes.size()) return;
            const std::size_t spaces = kTabColumns - columns % kTabColumns;
            text.append(spaces, ' ');
            columns += spaces;
            bytes.remove_prefix(length + 1);
        }
    }
};

// The source line, and below it a caret under `begin` with tildes up to `end`.
std::string source_lines(const Diagnostic& diagnostic) {
    const std::string_view source = diagnostic.source;
    const auto inside = [&](std::size_t column) {
        return std::min(column - std::min(column, diagnostic.source_begin), source.size());
    };
    const std::size_t begin = inside(diagnostic.begin);
    const std::size_t end = std::max(inside(diagnostic.end), begin);
    const bool whole = source.size() <= kShownBytes;
    const std::size_t first =
        whole || begin < kShownBytesBefore ? 0 : cut_before(source, begin - kShownBytesBefore);
    const std::size_t last = cut_before(source, first + kShownBytes);
    const std::size_t marked_end = std::min(end, last);

    Shown shown;
    if (first > 0 || diagnostic.source_begin > 0) shown.append(kCut);
    shown.append(source.substr(first, begin - first));
    const std::size_t caret_column = shown.columns;
    shown.append(source.substr(begin, marked_end - begin));
    const std::size_t marked_columns = shown.columns - caret_column;
    shown.append(source.substr(marked_end, last - marked_end));
    if (last < source.size()) shown.append(kCut);
    const std::size_t tildes = marked_columns > 1 ? marked_columns - 1 : 0;
    return fmt::format("  {}\n  {:{}}^{:~<{}}\n", shown.text, "", caret_column, "", tildes);
}

}  // namespace

std::string print(const Diagnostic& diagnostic, std::string_view file) {
    std::string out = headline(diagnostic, file) + "\n";
    if (diagnostic.line > 0) out += source_lines(diagnostic);
    if (!diagnostic.hint.empty()) out += fmt::format("hint: {}\n", printable(diagnostic.hint));
    return out;
}

std::string print_line(const Diagnostic& diagnostic, std::string_view file) {
    std::string out = headline(diagnostic, file);
    if (!diagnostic.hint.empty()) out += fmt::format(" ({})", printable(diagnostic.hint));
    return out;
}

}  // namespace cron::crontab
