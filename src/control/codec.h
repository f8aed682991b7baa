// Messages as lines: docs/protocol.md. Pure. Whatever the bytes are, reading them ends with a
// message or an error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "control/message.h"

namespace cron::control {

inline constexpr unsigned kProtocol = 1;  // raised only where an older side must not go on
inline constexpr std::size_t kTextBytesMax = 16U << 20;  // of a table
inline constexpr std::size_t kNameBytesMax = 256;        // of a user, of a version
// A line with its newline: a text in the longer of its two spellings, and what is beside it.
inline constexpr std::size_t kLineBytesMax = (kTextBytesMax + 2) / 3 * 4 + (64U << 10);
inline constexpr std::size_t kDiagnosticsMax = 100;   // in an answer
inline constexpr std::size_t kMessageBytesMax = 512;  // of each, and of an error

// Asks who is there: what every version of the protocol has.
struct Hello {};
using AnyRequest = std::variant<Hello, Request>;

struct Welcome {
    std::string release;                // of the daemon
    std::vector<std::string> requests;  // that it knows
};

// With a newline at the end. A text that is not UTF-8, or is shorter so, goes as base64.
std::string encode(const AnyRequest& request);
// Passes on no more diagnostics than kDiagnosticsMax, and says how many there are.
std::string encode(const Answer& answer);
std::string encode(const Welcome& welcome);

// The names of all requests.
std::vector<std::string> all_requests();

// `line` without its newline. The refusal is the answer to it, in the name of `release`.
tl::expected<AnyRequest, Refusal> decode_request(std::string_view line, std::string_view release);
// An error of code damaged: this is no answer that we understand.
Result<Answer> decode_answer(std::string_view line);
Result<Welcome> decode_welcome(std::string_view line);

}  // namespace cron::control
