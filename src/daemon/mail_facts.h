// What crond has to say of the output of runs and its mail, as log records. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/errands.h"
#include "daemon/facts.h"
#include "daemon/record.h"
#include "mail/letter.h"

namespace cron::daemon {

RunLabel label_of(const mail::Letter& letter);

// For the mail itself: the status of a run, "0", "signal 9" or "unknown", empty where nothing ran;
// and how it ended in a sentence, empty where its output says enough, for it succeeded.
std::string mail_status(const engine::Outcome& outcome);
std::string mail_note(const engine::Outcome& outcome);

// Why a mailer that was given so many bytes of output did not take them; none if it did.
std::optional<std::string> mailer_problem(const ErrandEnd& end, std::uint64_t bytes);

inline constexpr std::size_t kLoggedBytesMax = 64U << 10;  // of the output of a run
inline constexpr std::size_t kLoggedLinesMax = 1000;       // likewise

// Line by line; of more than kLoggedLinesMax the first and the last.
std::vector<Record> output_lines(const RunLabel& run, std::string_view output);
Record mail_problem(const RunLabel& run, std::string_view problem);
// `value`, that of MAILTO or MAILFROM, is no address that a mailer may be given.
Record mail_unsafe(const RunLabel& run, std::string_view value, std::string_view problem,
                   const crontab::Ways& ways);
// Its mailer did not take it: the mail is tried again after `delay`.
Record mail_kept(const RunLabel& run, std::uint32_t tries, std::string_view reason, seconds delay);
// At last.
Record mail_sent(const RunLabel& run, std::uint32_t tries);
// It is not tried again; its output comes next.
Record mail_given_up(const RunLabel& run, std::uint32_t tries, std::string_view reason);

}  // namespace cron::daemon
