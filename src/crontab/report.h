// Gathers the diagnostics of one table while it is read, within bounds.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crontab/diagnostic.h"

namespace cron::crontab {

struct Line {
    std::size_t number = 0;  // from 1
    std::string_view text;   // without its end
};

// What is wrong in a line, before it is known which line: Diagnostic has the meaning of the
// members.
struct Finding {
    std::string_view name;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string message;
    std::string hint;
};

// The same, so many columns further right.
Finding shifted(Finding finding, std::size_t columns);

class Report {
  public:
    // The place of the diagnostic, for amend; none when there are too many and this one was only
    // counted.
    std::optional<std::size_t> add(Severity severity, const Line& line, Finding finding);
    // Of the table as a whole.
    void add(Finding finding);
    void amend(std::size_t place, std::string message);

    // How many were only counted.
    std::size_t not_shown(Severity severity) const;

    // In the order of their coming; the last says how many were only counted.
    std::vector<Diagnostic> take();

  private:
    std::vector<Diagnostic> diagnostics_;
    std::array<std::size_t, 2> counts_{};  // by severity
};

}  // namespace cron::crontab
