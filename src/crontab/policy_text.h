// The values of settings that make up a policy, as tables write them. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "crontab/policy.h"

namespace cron::crontab {

inline constexpr seconds kRetryDelay{30};  // of "3", which names none
inline constexpr std::uint32_t kRetriesMax = 100;
inline constexpr seconds kJitterMax = hours{24};
inline constexpr std::size_t kNameBytesMax = 64;  // of a job or a pool

// Each error is one clause with the value at fault and what would be right.

// yes | no
Result<bool> read_yes_no(std::string_view value);
// "90s", "5m", "2h30m", "1d", from `min` to `max`.
Result<seconds> read_duration(std::string_view value, seconds min, seconds max);
// A whole number of minutes, up to a day's.
Result<minutes> read_minutes(std::string_view value);
// allow | forbid | queue | replace
Result<Overlap> read_overlap(std::string_view value);
// output | failure | always | never
Result<MailWhen> read_mail(std::string_view value);
// Any text; of blanks alone: none. Never an error.
Result<SharedText> read_hook(std::string_view value);
// times [ "/" delay [ ".." delay ] ]; no times are no retries, whatever the delay.
Result<Retry> read_retry(std::string_view value);
// HH:MM "-" HH:MM; the whole day is 00:00-24:00.
Result<Window> read_window(std::string_view value);
// Up to 64 letters, digits and ". _ -", a letter or digit first.
Result<std::string_view> read_name(std::string_view value);

}  // namespace cron::crontab
