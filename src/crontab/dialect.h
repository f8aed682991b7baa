// How a table is written: the language that the crons share, or supercronic's. Pure.
#pragma once

namespace cron::crontab {

// Supercronic's differs from the crons' in this:
//
//                    cron                          supercronic
//   fields           five; six, the second first,  five; six, the last a year; seven, the second
//                    below CRON_SECONDS=yes        first as well (below CRON_SECONDS=yes as cron)
//   5/15             an error                      5-59/15
//   names            jan, MON                      january and monday too
//   day rule         a field that begins with *    a field with an item * or ? leaves all to the
//                    and the other must both hold  other; else either will do, */2 as well
//   % and \ in a     a newline and the input;      as any other byte
//   command          \% is a percent sign
//
// All else is the same, and more than supercronic has: every nickname, H and ~, L-3, the flags of
// a command, the settings. So are assignments, which hold for the lines below them, CRON_TZ among
// them; for supercronic the last one holds for the whole table, and a first one that stands below a
// schedule is warned of. USER and LOGNAME cannot be set; MAILTO means what it does anywhere, and
// nothing where output is not mailed. Supercronic takes "1,,2", which is an error here.
enum class Dialect { cron, supercronic };

}  // namespace cron::crontab
