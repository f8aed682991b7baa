// One JSON object on one line, written member by member: for lines that come by the hundred
// thousand. Pure.
// Source: RFC 8259; base64 as in RFC 4648.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cron::daemon {

// Appends members, `key` a literal that needs no escape, each with a comma behind it.
void add_text(std::string& out, std::string_view key, std::string_view text);  // UTF-8 or key_b64
void add_number(std::string& out, std::string_view key, std::int64_t number);
// `value` is JSON already.
void add_value(std::string& out, std::string_view key, std::string_view value);

// The members, of which there is one at least, as an object with a newline.
void close_object(std::string& out);

}  // namespace cron::daemon
