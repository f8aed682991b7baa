// How text travels in mail: bodies as quoted-printable or base64, headers as encoded words. Pure.
// Source: RFC 2045, 6.7 and 6.8; RFC 2047; RFC 5322, 2.1.1 and 2.2.3.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cron::mail {

inline constexpr std::size_t kLineBytesMax = 998;  // of a message, without its end

// Lines of up to 76 bytes; a newline stays one, and so does none at the end.
std::string quoted_printable(std::string_view body);
std::string base64_lines(std::string_view body);
// The shorter one, by its name in Content-Transfer-Encoding.
std::string_view shorter_encoding(std::string_view body);

// What was encoded by one of these; what was not is taken as it is.
std::string decode_quoted_printable(std::string_view text);
std::string decode_base64(std::string_view text);

// "NAME: VALUE\n" for a header without structure. What is not printable ASCII is in encoded words
// of UTF-8, from the word on in which it begins, folded; the value itself has no control bytes.
std::string text_header(std::string_view name, std::string_view value);

}  // namespace cron::mail
