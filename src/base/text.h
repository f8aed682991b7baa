// Small helpers for text in the C locale. Bytes above 127 are never letters, digits or blanks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cron {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_alpha(char c) { return is_upper(c) || is_lower(c); }
constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
// A blank as tables know it: space or tab.
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

std::string to_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string_view trim_blanks(std::string_view text);

// All of `text` as a decimal number without sign; none when it is empty, has another byte or passes
// 2^64-1.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

bool is_utf8(std::string_view bytes);

// Where `bytes` can be cut: `at`, or the begin of the UTF-8 character that a cut there would part.
std::size_t cut_before(std::string_view bytes, std::size_t at);

// For messages and log lines, one line that reads as its bytes are ordered: control characters (C0,
// C1, those of direction, U+2028 and U+2029) and bytes that are not UTF-8 as \xNN, all else as it
// is.
std::string printable(std::string_view bytes);

// RFC 4648, section 4: for bytes that are not UTF-8, where only text can stand.
std::string base64(std::string_view bytes);
// The bytes; none where `text` is not what base64() writes.
std::optional<std::string> from_base64(std::string_view text);

// `text` in quotes for a message, printable, cut where it is long.
std::string quoted(std::string_view text);

}  // namespace cron
