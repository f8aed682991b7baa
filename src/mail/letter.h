// A mail that its mailer did not take, as it is kept on disk, and when it is tried again. Pure.
// The format outlives this program: docs/mail.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/run.h"

namespace cron::mail {

inline constexpr std::size_t kLetterBytesMax = 4U << 20;
inline constexpr std::uint32_t kTriesMax = 126;  // five days of them
inline constexpr seconds kRetryFirst{60};
inline constexpr seconds kRetryLongest{3600};

struct Letter {
    std::string user;  // as the table names him: looked up again whenever it is tried
    std::uint32_t uid = 0;
    std::string job;  // with the next two: the run, as the log calls it
    Instant due{};
    engine::Pass pass = 0;
    Instant since{};  // when it was kept
    std::vector<std::string> recipients;
    std::string home;                      // where the mailer starts
    std::vector<std::string> environment;  // of the mailer, as "NAME=value"
    std::string message;                   // by compose()

    friend bool operator==(const Letter&, const Letter&) = default;
};

// The bytes of the file. An error where they are more than kLetterBytesMax.
Result<std::string> print(const Letter& letter);

// An error of code damaged where `bytes` are no letter; of code invalid where they are one of a
// version that is not ours. Of what is read, addresses are safe and nothing holds a NUL.
Result<Letter> parse_letter(std::string_view bytes);

// The body of what compose() has made, no longer encoded.
std::string body_of(std::string_view message);

// What changes of a letter is in the name of its file.
struct LetterName {
    std::uint64_t tag = 0;  // its own
    std::uint32_t tries = 0;
    std::int64_t next = 0;  // when it is tried again, in seconds since the epoch

    friend bool operator==(const LetterName&, const LetterName&) = default;
};

std::string print(const LetterName& name);
std::optional<LetterName> parse_letter_name(std::string_view name);

// From one try to the next, after so many: doubling from kRetryFirst to kRetryLongest. None after
// kTriesMax.
std::optional<seconds> retry_delay(std::uint32_t tries);

}  // namespace cron::mail
