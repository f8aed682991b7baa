// The parts of a line that schedules, before any part is understood.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "crontab/command.h"
#include "crontab/report.h"
#include "crontab/table.h"
#include "schedule/schedule.h"

namespace cron::crontab {

// entry = [ "-" ] schedule blanks [ user blanks ] [ flags ] command
struct EntryText {
    std::size_t schedule_begin = 0;
    std::string schedule_text;             // words parted by one blank
    std::string_view user;                 // system tables only
    std::string_view command;              // as written, % and all, without the blanks before it
    std::string_view command_with_blanks;  // with those after the user and the blank that ends it
    Flags flags;
};

// The byte at which the schedule of `line` (which starts with no blank) begins: after a leading
// "-".
std::size_t schedule_begin(std::string_view line);

// Takes `line` of a table of this kind and dialect apart by words. An error tells of what stands
// after the schedule.
tl::expected<EntryText, Finding> read_entry(std::string_view line, const Options& options,
                                            schedule::Form form);

// In which the schedule of `line` seems to be written, where no setting says so.
schedule::Form probable_form(std::string_view line);

// Why `scheduled`, a line from its schedule on, was refused as one of six fields: where its command
// begins in the place of the sixth, that.
Finding schedule_finding(std::string_view scheduled, schedule::Form form,
                         const schedule::ParseError& error);

// Root's name as the first word of a command in a user's table: it may be meant as a user column.
bool seems_to_have_user(std::string_view command);

}  // namespace cron::crontab
