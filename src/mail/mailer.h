// Whether the output of a run is mailed, to whom, from whom, and by which command. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/effect.h"

namespace cron::mail {

// By the setting CRON_MAIL of the entry.
bool is_mail_due(const crontab::Entry& entry, const engine::Outcome& outcome);

// Whether no mailer takes it for more than an address: a letter, digit or `_`, then these and
// `@ ! : % - . , + = /` (as in the Vixie family).
bool is_safe_address(std::string_view address);

// The addresses in MAILTO, a list with commas; the owner where MAILTO is not set; none where it is
// empty. An error where one is not safe: such mail is not sent.
Result<std::vector<std::string>> recipients(const crontab::Environment& environment,
                                            std::string_view owner);

// MAILFROM, if it is set; else empty, and the mail is from `root (Cron Daemon)`. An error as above.
Result<std::string> sender(const crontab::Environment& environment);

// The command that takes the message on its standard input. An address is never read as an option.
std::vector<std::string> mailer_arguments(std::string_view mailer,
                                          const std::vector<std::string>& recipients);

}  // namespace cron::mail
