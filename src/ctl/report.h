// Messages for people: what is wrong with a table, a schedule, a file; and colours.
#pragma once

#include <string>
#include <string_view>

#include "crontab/diagnostic.h"
#include "ctl/output.h"
#include "ctl/tables.h"
#include "schedule/advice.h"
#include "schedule/schedule.h"

namespace cron::ctl {

enum class Colour { error, warning, caret, mark, dim, bold };

// `text`, in colour if there are any.
std::string painted(std::string_view text, Colour colour, bool has_colours);

// As crontab::print, in colour if there are any.
std::string shown(const crontab::Diagnostic& diagnostic, std::string_view file, bool has_colours);

// "cronctl: MESSAGE", the schedule with a caret under the mistake, and the hint.
std::string shown(const schedule::ParseError& error, std::string_view text,
                  std::string_view message, bool has_colours);

// "warning: MESSAGE [NAME]", with the schedule and a caret below it.
std::string shown(const schedule::Advice& advice, std::string_view text, bool has_colours);

// "cronctl: MESSAGE".
std::string complaint(std::string_view message);
// "cronctl: note: MESSAGE".
std::string note(std::string_view message);

// What is wrong with files and tables, without their warnings; `from` is where their problems
// begin.
void tell_errors(const TableFiles& files, Output& error, bool has_colours);

}  // namespace cron::ctl
