#include "ctl/report.h"

#include <fmt/format.h>

#include "base/text.h"

namespace cron::ctl {
namespace {

std::string_view code_of(Colour colour) {
    switch (colour) {
        case Colour::error:
            return "1;31";
        case Colour::warning:
            return "1;35";
        case Colour::caret:
            return "1;32";
        case Colour::mark:
            return "33";
        case Colour::dim:
            return "2";
        case Colour::bold:
            return "1";
    }
    return "0";
}

// The lines that follow the first, the caret's in colour.
std::string below_headline(std::string_view printed, bool has_colours) {
    printed.remove_prefix(std::min(printed.find('\n') + 1, printed.size()));
    if (!has_colours) return std::string(printed);
    // Source line, caret line, hint; without a source line only a hint.
    const std::size_t caret = printed.find('\n') + 1;
    const std::size_t end = printed.find('\n', caret);
    if (!printed.starts_with("  ") || caret == 0 || end == std::string_view::npos)
        return std::string(printed);
    return fmt::format("{}{}{}", printed.substr(0, caret),
                       painted(printed.substr(caret, end - caret), Colour::caret, has_colours),
                       printed.substr(end));
}

}  // namespace

std::string painted(std::string_view text, Colour colour, bool has_colours) {
    if (!has_colours) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", code_of(colour), text);
}

std::string shown(const crontab::Diagnostic& diagnostic, std::string_view file, bool has_colours) {
    const std::string printed = crontab::print(diagnostic, file);
    if (!has_colours) return printed;
    const bool is_error = diagnostic.severity == crontab::Severity::error;
    const std::string_view word = is_error ? ": error: " : ": warning: ";
    const std::string_view headline = std::string_view(printed).substr(0, printed.find('\n'));
    // Behind the name of the file, which may say anything.
    const std::size_t at = headline.find(word, printable(file).size());
    if (at == std::string_view::npos) return printed;
    return fmt::format("{}: {} {}\n{}", headline.substr(0, at),
                       painted(word.substr(2, word.size() - 3),
                               is_error ? Colour::error : Colour::warning, has_colours),
                       headline.substr(at + word.size()), below_headline(printed, has_colours));
}

std::string shown(const schedule::ParseError& error, std::string_view text,
                  std::string_view message, bool has_colours) {
    crontab::Diagnostic diagnostic;
    diagnostic.line = 1;
    diagnostic.begin = error.begin;
    diagnostic.end = error.end;
    diagnostic.hint = error.hint;
    diagnostic.source = text;
    return complaint(message) + below_headline(crontab::print(diagnostic, ""), has_colours);
}

std::string shown(const schedule::Advice& advice, std::string_view text, bool has_colours) {
    crontab::Diagnostic diagnostic;
    diagnostic.line = 1;
    diagnostic.begin = advice.begin;
    diagnostic.end = advice.end;
    diagnostic.hint = advice.hint;
    diagnostic.source = text;
    return fmt::format("{} {} [{}]\n{}", painted("warning:", Colour::warning, has_colours),
                       printable(advice.message), advice.name,
                       below_headline(crontab::print(diagnostic, ""), has_colours));
}

std::string complaint(std::string_view message) {
    return fmt::format("cronctl: {}\n", printable(message));
}

std::string note(std::string_view message) {
    return fmt::format("cronctl: note: {}\n", printable(message));
}

void tell_errors(const TableFiles& files, Output& error, bool has_colours) {
    for (const FileProblem& problem : files.problems) {
        const bool is_error = problem.severity == crontab::Severity::error;
        error.write(is_error ? complaint(problem.message) : note(problem.message));
    }
    for (const TableFile& file : files.tables) {
        for (const crontab::Diagnostic& diagnostic : file.table.diagnostics) {
            if (diagnostic.severity == crontab::Severity::error)
                error.write(shown(diagnostic, file.shown, has_colours));
        }
    }
}

}  // namespace cron::ctl
