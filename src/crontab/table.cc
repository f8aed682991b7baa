#include "crontab/table.h"

#include <algorithm>

namespace cron::crontab {

bool Table::has_errors() const {
    return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& diagnostic) {
        return diagnostic.severity == Severity::error;
    });
}

std::size_t Table::count(Severity severity) const {
    const auto shown =
        std::count_if(diagnostics.begin(), diagnostics.end(), [&](const Diagnostic& diagnostic) {
            return diagnostic.severity == severity && diagnostic.name != kTooManyDiagnostics;
        });
    return static_cast<std::size_t>(shown) +
           (severity == Severity::error ? errors_not_shown : warnings_not_shown);
}

}  // namespace cron::crontab
