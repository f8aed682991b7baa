#include "compat/go_text.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "base/text.h"
#include "calendar/rfc3339.h"

namespace cron::compat {
namespace {

// A character, or one byte that is none.
struct Rune {
    std::string_view bytes;
    char32_t value = 0;
    bool is_valid = true;
};

Rune first_rune(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80) return {text.substr(0, 1), byte(0), true};
    const std::size_t length = byte(0) >= 0xF0 ? 4 : (byte(0) >= 0xE0 ? 3 : 2);
    if (text.size() < length || !is_utf8(text.substr(0, length))) {
        return {text.substr(0, 1), byte(0), false};
    }
    char32_t value = byte(0) & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) value = value << 6 | (byte(i) & 0x3FU);
    return {text.substr(0, length), value, true};
}

// Beyond ASCII: what has no shape of its own. Go knows more of them, characters that few fonts
// have.
bool is_shapeless(char32_t rune) {
    constexpr std::array<std::pair<char32_t, char32_t>, 9> kShapeless = {{{0x80, 0xA0},
                                                                          {0xAD, 0xAD},
                                                                          {0x2000, 0x200F},
                                                                          {0x2028, 0x202F},
                                                                          {0x205F, 0x206F},
                                                                          {0x3000, 0x3000},
                                                                          {0xE000, 0xF8FF},
                                                                          {0xFEFF, 0xFEFF},
                                                                          {0xFFF9, 0xFFFB}}};
    for (const auto& [first, last] : kShapeless) {
        if (first <= rune && rune <= last) return true;
    }
    return false;
}

void append_escaped(std::string& out, const Rune& rune) {
    constexpr std::string_view kLetters = "abtnvfr";  // of the bytes from 7 on
    if (rune.value == '"' || rune.value == '\\') {
        out += '\\';
        out += rune.bytes;
    } else if (rune.value >= 7 && rune.value < 7 + kLetters.size()) {
        out += '\\';
        out += kLetters[rune.value - 7];
    } else if (!rune.is_valid || rune.value < ' ' || rune.value == 0x7F) {
        out += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(rune.value));
    } else if (is_shapeless(rune.value)) {
        out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(rune.value));
    } else {
        out += rune.bytes;
    }
}

void append_json_escaped(std::string& out, const Rune& rune) {
    constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\bfnrt";
    const std::size_t letter =
        rune.bytes.size() == 1 ? kEscaped.find(rune.bytes.front()) : std::string_view::npos;
    if (!rune.is_valid) {
        out += "\\ufffd";
    } else if (letter != std::string_view::npos) {
        out += '\\';
        out += kLetters[letter];
    } else if (rune.value < ' ' || rune.value == '&' || rune.value == '<' || rune.value == '>' ||
               rune.value == 0x2028 || rune.value == 0x2029) {
        out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(rune.value));
    } else {
        out += rune.bytes;
    }
}

bool is_plain(char c) { return c >= ' ' && c < 0x7F && c != '"' && c != '\\'; }
bool is_plain_json(char c) { return is_plain(c) && c != '&' && c != '<' && c != '>'; }

template <class IsPlain, class Append>
void append_string(std::string& out, std::string_view text, IsPlain is_plain_byte, Append append) {
    out += '"';
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain_byte(text[plain])) ++plain;
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const Rune rune = first_rune(text);
        append(out, rune);
        text.remove_prefix(rune.bytes.size());
    }
    out += '"';
}

seconds offset_at(Instant instant, const calendar::Zone& zone) {
    return zone.period_at(floor_seconds(instant)).offset;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
    append_string(out, text, is_plain, append_escaped);
}

void append_json(std::string& out, std::string_view text) {
    append_string(out, text, is_plain_json, append_json_escaped);
}

std::string duration_text(seconds duration) {
    const auto count = duration.count();
    if (count < 0) return '-' + duration_text(-duration);
    const auto hours = count / 3600;
    const auto minutes = count / 60 % 60;
    if (hours > 0) return fmt::format("{}h{}m{}s", hours, minutes, count % 60);
    return minutes > 0 ? fmt::format("{}m{}s", minutes, count % 60) : fmt::format("{}s", count);
}

std::string time_text(Instant instant, const calendar::Zone& zone) {
    const seconds offset = offset_at(instant, zone);
    std::string text = calendar::print_instant(instant + offset, seconds{0}).substr(0, 19);
    text[10] = ' ';
    const auto size = offset < seconds{0} ? -offset.count() : offset.count();
    const std::string number =
        fmt::format("{}{:02}{:02}", offset < seconds{0} ? '-' : '+', size / 3600, size / 60 % 60);
    const bool is_utc = zone.name() == "UTC" || zone.name() == "Etc/UTC";
    return fmt::format("{} {} {}", text, number, is_utc ? "UTC" : number);
}

void append_time(std::string& out, Instant instant, const calendar::Zone& zone) {
    const seconds offset = offset_at(instant, zone);
    const std::string text = calendar::print_instant(instant, offset);
    if (text.ends_with("+00:00")) {
        out.append(text, 0, text.size() - 6).push_back('Z');
    } else {
        out += text;
    }
}

std::string signal_text(int signal) {
    constexpr std::array<std::string_view, 16> kNames = {"",
                                                         "hangup",
                                                         "interrupt",
                                                         "quit",
                                                         "illegal instruction",
                                                         "trace/breakpoint trap",
                                                         "aborted",
                                                         "bus error",
                                                         "floating point exception",
                                                         "killed",
                                                         "user defined signal 1",
                                                         "segmentation fault",
                                                         "user defined signal 2",
                                                         "broken pipe",
                                                         "alarm clock",
                                                         "terminated"};
    const auto number = static_cast<std::size_t>(signal);
    if (signal > 0 && number < kNames.size()) return std::string(kNames[number]);
    return fmt::format("signal {}", signal);
}

}  // namespace cron::compat
