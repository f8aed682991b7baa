#include "crontab/warnings.h"

#include <array>

namespace cron::crontab {
namespace {

constexpr std::array<WarningName, 25> kWarnings = {{
    // Of the schedule.
    {"never-due", "no date fits the schedule, or none that is still to come"},
    {"every-minute-of-hour", "due every minute of single hours, as in '* 2 * * *'"},
    {"every-second-of-minute", "due every second of single minutes, as in '* 0 2 * * *'"},
    {"either-day", "day of month and day of week are both set: either will do"},
    {"uneven-step", "a step that does not come out even, as in '*/45'"},
    {"step-too-long", "a step longer than its field, as in '*/90'"},
    {"missing-day", "a day that some of the months lack, as in '31'"},
    {"leap-day", "due in leap years only"},
    {"skipped-time", "a due time that the clock skips within a year"},
    {"repeated-time", "a due time that the clock reads twice within a year"},
    // Of the command.
    {"percent-ends-command", "a % without a backslash, where more of the command was meant"},
    {"mistyped-redirect", "a redirection that is another one, or none, as in '2&>1'"},
    {"redirect-order", "'2>&1' before the redirection that it was to follow"},
    {"redirect-collision", "stdout and stderr overwrite each other in one file"},
    {"bash-redirect", "a redirection that a plain sh does not know, as in '&>file'"},
    {"user-column", "the command of a user's table begins with root"},
    // Of an assignment.
    {"not-expanded", "a value with a variable, a command or a ~, which stays as it is"},
    {"ignored-name", "a variable that cannot be set"},
    {"odd-name", "a name that shells cannot read"},
    {"unknown-setting", "no setting has this name"},
    {"not-enforced", "a limit that crond cannot set on this machine"},
    {"assignment-below", "supercronic has it hold for the lines above it too"},
    // Of the file.
    {"byte-order-mark", "the table begins with a byte order mark"},
    {"carriage-return", "lines end with a carriage return"},
    {"too-many-diagnostics", "more was found than is shown"},
}};

}  // namespace

std::span<const WarningName> warning_names() { return kWarnings; }

}  // namespace cron::crontab
