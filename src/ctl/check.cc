// cronctl check: every diagnostic of tables.
#include <algorithm>

#include "ctl/commands.h"
#include "ctl/json.h"
#include "ctl/report.h"

namespace cron::ctl {
namespace {

int status_of(const TableFiles& files) {
    if (files.have_errors()) return kTrouble;
    const bool has_warnings =
        !files.problems.empty() ||
        std::any_of(files.tables.begin(), files.tables.end(),
                    [](const TableFile& file) { return !file.table.diagnostics.empty(); });
    return has_warnings ? kWarnings : kGood;
}

}  // namespace

int run_check(const Context& context) {
    const Result<Instant> from = context.from();
    if (!from) return context.fail(from.error());
    const auto files = read_tables(context.options, context.surroundings, context.zone, *from);
    if (!files) return context.fail(files.error());
    Output& out = context.streams.out;
    if (context.options.json) {
        out.write(json_of_check(*files));
        return status_of(*files);
    }
    const bool has_colours = context.surroundings.has_colours;
    for (const FileProblem& problem : files->problems) {
        const bool is_error = problem.severity == crontab::Severity::error;
        context.streams.error.write(is_error ? complaint(problem.message) : note(problem.message));
    }
    for (const TableFile& file : files->tables) {
        for (const crontab::Diagnostic& diagnostic : file.table.diagnostics)
            out.write(shown(diagnostic, file.shown, has_colours));
    }
    return status_of(*files);
}

}  // namespace cron::ctl
