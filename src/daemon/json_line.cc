#include "daemon/json_line.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::daemon {
namespace {

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

bool is_text(std::string_view bytes) {
    unsigned char all = 0;
    for (const char c : bytes)
        all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
    return all < 0x80 || is_utf8(bytes);
}

void append_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const auto special = std::find_if_not(text.begin(), text.end(), is_plain);
        const auto plain = static_cast<std::size_t>(special - text.begin());
        out.append(text.substr(0, plain));
        if (plain == text.size()) return;
        const char c = text[plain];
        if (c == '"' || c == '\\') {
            out.append({'\\', c});
        } else if (c == '\t') {
            out.append("\\t");
        } else if (c == '\r') {
            out.append("\\r");
        } else {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        }
        text.remove_prefix(plain + 1);
    }
}

}  // namespace

void add_text(std::string& out, std::string_view key, std::string_view text) {
    const bool is_readable = is_text(text);
    out.append("\"").append(key).append(is_readable ? "\":\"" : "_b64\":\"");
    if (is_readable) {
        append_escaped(out, text);
    } else {
        out.append(base64(text));
    }
    out.append("\",");
}

void add_number(std::string& out, std::string_view key, std::int64_t number) {
    add_value(out, key, std::to_string(number));
}

void add_value(std::string& out, std::string_view key, std::string_view value) {
    out.append("\"").append(key).append("\":").append(value).append(",");
}

void close_object(std::string& out) {
    out.back() = '}';
    out += '\n';
}

}  // namespace cron::daemon
