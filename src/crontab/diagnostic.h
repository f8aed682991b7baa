// What is wrong or doubtful in a table: where, what, and what would be right.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cron::crontab {

enum class Severity { warning, error };

// The name of the one that stands for those that were only counted.
inline constexpr std::string_view kTooManyDiagnostics = "too-many-diagnostics";

struct Diagnostic {
    Severity severity = Severity::error;
    std::string name;       // stable, for filters: "bad-schedule", "bad-setting", ...
    std::size_t line = 0;   // from 1; 0 is the table as a whole
    std::size_t begin = 0;  // byte columns from 0, [begin, end)
    std::size_t end = 0;
    std::string message;
    std::string hint;              // may be empty
    std::string source;            // the line itself, of a long one a piece round `begin`
    std::size_t source_begin = 0;  // the column at which `source` begins
};

// As a compiler prints it, with the source line and a caret; every line ends with a newline:
//   FILE:3:1: error: minute '61' is not a list of values from 0 to 59
//     61 * * * * true
//     ^~
//   hint: ...
// No control byte of the table reaches the output.
std::string print(const Diagnostic& diagnostic, std::string_view file);

// One line, for a log, without a newline: "FILE:3:1: error: message (hint)".
std::string print_line(const Diagnostic& diagnostic, std::string_view file);

}  // namespace cron::crontab
