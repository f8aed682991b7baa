#include "mail/encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::mail {
namespace {

constexpr std::size_t kEncodedLineMax = 76;
constexpr std::size_t kWorthwhileRoom = 40;  // for an encoded word, else it begins a line

bool is_plain(char c) { return c >= ' ' && c <= '~' && c != '='; }

std::string escape(char c) { return fmt::format("={:02X}", static_cast<unsigned char>(c)); }

std::optional<unsigned> hex_digit(char c) {
    if (is_digit(c)) return static_cast<unsigned>(c - '0');
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
    return std::nullopt;
}

// One line of text without its newline, in lines of up to kEncodedLineMax.
void append_quoted_line(std::string& out, std::string_view line) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        const bool is_last = i + 1 == line.size();
        // A blank at the end of a line may be lost on the way.
        const bool is_literal = is_blank(c) ? !is_last : is_plain(c);
        const std::size_t bytes = is_literal ? 1 : 3;
        if (used + bytes > (is_last ? kEncodedLineMax : kEncodedLineMax - 1)) {
            out += "=\n";
            used = 0;
        }
        if (is_literal) {
            out += c;
        } else {
            out += escape(c);
        }
        used += bytes;
    }
}

// Whether `value` must not stand in a header as it is, from `at` on.
bool needs_encoding(std::string_view value, std::size_t at) {
    const char c = value[at];
    return c < ' ' || c > '~' || value.substr(at).starts_with("=?");
}

// A character, of UTF-8 where it is one, as it stands in an encoded word.
std::string encoded_character(std::string_view character) {
    const char c = character.front();
    if (c == ' ') return "_";
    constexpr std::string_view kSafe = "!*+-/";
    if (is_alnum(c) || kSafe.find(c) != std::string_view::npos) return std::string(1, c);
    std::string out;
    for (const char byte : character) out += escape(byte);
    return out;
}

std::size_t character_bytes(std::string_view text) {
    constexpr std::size_t kBytesMax = 4;
    std::size_t bytes = 1;
    while (bytes < text.size() && bytes < kBytesMax &&
           (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80)
        ++bytes;
    return bytes;
}

// An encoded word of up to `bytes_max` bytes, of the characters that it takes from `text`.
std::string take_encoded_word(std::string_view& text, std::size_t bytes_max) {
    constexpr std::string_view kEnd = "?=";
    std::string word = "=?UTF-8?Q?";
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        const std::string character = encoded_character(text.substr(0, bytes));
        if (word.size() + character.size() + kEnd.size() > bytes_max) break;
        word += character;
        text.remove_prefix(bytes);
    }
    return word.append(kEnd);
}

}  // namespace

std::string quoted_printable(std::string_view body) {
    std::string out;
    out.reserve(body.size() + body.size() / 8);
    while (!body.empty()) {
        const std::size_t end = body.find('\n');
        append_quoted_line(out, body.substr(0, end));
        if (end == std::string_view::npos) break;
        out += '\n';
        body.remove_prefix(end + 1);
    }
    return out;
}

std::string base64_lines(std::string_view body) {
    constexpr std::size_t kBytesOfLine = kEncodedLineMax / 4 * 3;
    std::string out;
    out.reserve(body.size() / 3 * 4 + body.size() / kBytesOfLine + 8);
    for (std::size_t at = 0; at < body.size(); at += kBytesOfLine) {
        out += base64(body.substr(at, kBytesOfLine));
        out += '\n';
    }
    return out;
}

std::string_view shorter_encoding(std::string_view body) {
    const auto escapes = std::count_if(
        body.begin(), body.end(), [](char c) { return !is_plain(c) && c != '\t' && c != '\n'; });
    // Two bytes more for each, against a third more for all.
    return static_cast<std::size_t>(escapes) * 6 > body.size() ? "base64" : "quoted-printable";
}

std::string decode_quoted_printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '=' && text.substr(i + 1).starts_with('\n')) {
            ++i;
            continue;
        }
        const auto high = text[i] == '=' && i + 2 < text.size() ? hex_digit(text[i + 1])
                                                                : std::optional<unsigned>();
        const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
        if (low) {
            out += static_cast<char>(*high << 4U | *low);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string decode_base64(std::string_view text) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::size_t digit = kDigits.find(c);
        if (c == '\n' || c == '=') {
            // Each line is whole by itself.
            bits = 0;
            count = 0;
            continue;
        }
        if (digit == std::string_view::npos) return std::string(text);
        bits = bits << 6U | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
    }
    return out;
}

std::string text_header(std::string_view name, std::string_view value) {
    std::size_t bad = 0;
    while (bad < value.size() && !needs_encoding(value, bad)) ++bad;
    std::string header = fmt::format("{}: ", name);
    if (bad == value.size()) return header.append(value) + '\n';

    // The words before it stay readable for filters.
    const std::size_t space = value.rfind(' ', bad);
    const std::size_t begin = space == std::string_view::npos ? 0 : space + 1;
    if (begin > 0) header += value.substr(0, space);
    bool is_blank_due = begin > 0;
    std::size_t column = header.size();
    for (std::string_view rest = value.substr(begin); !rest.empty();) {
        if (is_blank_due) header += ' ';
        column += is_blank_due ? 1 : 0;
        if (column + kWorthwhileRoom > kEncodedLineMax) {
            if (header.back() == ' ') header.pop_back();
            header += "\n ";
            column = 1;
        }
        const std::string word = take_encoded_word(rest, kEncodedLineMax - column);
        header += word;
        column += word.size();
        is_blank_due = true;
    }
    return header + '\n';
}

}  // namespace cron::mail
