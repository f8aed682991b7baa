#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace cron {
namespace {

constexpr std::size_t kQuotedMax = 40;

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The value of each byte as a digit of base64; kNoDigit for the others.
constexpr unsigned char kNoDigit = 64;
constexpr std::array<unsigned char, 256> kBase64Values = [] {
    std::array<unsigned char, 256> values{};
    values.fill(kNoDigit);
    for (unsigned char i = 0; i < kNoDigit; ++i) {
        values[static_cast<unsigned char>(kBase64[i])] = i;
    }
    return values;
}();

// The length of the valid UTF-8 sequence at the start of `bytes`, 0 if there is none.
// Source: RFC 3629, section 4.
std::size_t utf8_length(std::string_view bytes) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const unsigned char lead = at(0);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || bytes.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xC0) != 0x80) return 0;
    }
    if ((lead == 0xE0 && at(1) < 0xA0) || (lead == 0xED && at(1) > 0x9F)) return 0;
    if ((lead == 0xF0 && at(1) < 0x90) || (lead == 0xF4 && at(1) > 0x8F)) return 0;
    return length;
}

// Of a valid sequence.
std::uint32_t code_point(std::string_view sequence) {
    constexpr std::uint32_t kLeadMasks[] = {0x7F, 0x1F, 0x0F, 0x07};
    std::uint32_t point = static_cast<unsigned char>(sequence[0]) & kLeadMasks[sequence.size() - 1];
    for (const char c : sequence.substr(1))
        point = point << 6U | (static_cast<unsigned char>(c) & 0x3FU);
    return point;
}

// What moves a terminal's cursor, ends a line, or turns round what is beside it.
// Source: Unicode 15, C0 and C1, line and paragraph separator, and Bidi_Control of PropList.txt.
bool is_control(std::uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x061C ||
           (point >= 0x200E && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069);
}

}  // namespace

std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = to_lower(c);
    return lower;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
    std::uint64_t value = 0;
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

bool is_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t length = utf8_length(bytes);
        if (length == 0) return false;
        bytes.remove_prefix(length);
    }
    return true;
}

std::size_t cut_before(std::string_view bytes, std::size_t at) {
    constexpr std::size_t kLengthMax = 4;
    if (at >= bytes.size()) return bytes.size();
    for (std::size_t back = 1; back < kLengthMax && back <= at; ++back) {
        if (utf8_length(bytes.substr(at - back)) > back) return at - back;
    }
    return at;
}

std::string printable(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        std::size_t length = utf8_length(bytes);
        if (length == 0 || is_control(code_point(bytes.substr(0, length)))) {
            length = std::max<std::size_t>(length, 1);
            for (const char c : bytes.substr(0, length)) {
                out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
            }
        } else {
            out += bytes.substr(0, length);
        }
        bytes.remove_prefix(length);
    }
    return out;
}

std::string quoted(std::string_view text) {
    if (text.size() <= kQuotedMax) return fmt::format("'{}'", printable(text));
    return fmt::format("'{}...'", printable(text.substr(0, cut_before(text, kQuotedMax))));
}

std::string base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::string_view group = bytes.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits = bits << 8U | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += k <= group.size() ? kBase64[bits >> (18U - 6U * k) & 63U] : '=';
        }
    }
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    const std::string_view digits = text.substr(0, text.size() - padding);
    std::string out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    unsigned held = 0;  // bits not yet written
    for (const char c : digits) {
        const unsigned char value = kBase64Values[static_cast<unsigned char>(c)];
        if (value == kNoDigit) return std::nullopt;
        bits = bits << 6U | value;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out += static_cast<char>(bits >> held & 0xFFU);
    }
    // What is left over must be nothing: two texts for the same bytes are one too many.
    if ((bits & ((1U << held) - 1U)) != 0) return std::nullopt;
    return out;
}

}  // namespace cron
