#include "schedule/duration.h"

#include <array>
#include <cstddef>

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"

namespace cron::schedule {
namespace {

struct Unit {
    char letter = 's';
    seconds length{1};
};

constexpr std::array<Unit, 4> kUnits = {
    {{'d', hours{24}}, {'h', hours{1}}, {'m', minutes{1}}, {'s', seconds{1}}}};

}  // namespace

// duration = [ number "d" ] [ number "h" ] [ number "m" ] [ number "s" ]
std::optional<seconds> parse_duration(std::string_view text) {
    if (text.empty()) return std::nullopt;
    seconds sum{0};
    for (const Unit& unit : kUnits) {
        std::size_t digits = 0;
        while (digits < text.size() && is_digit(text[digits])) ++digits;
        if (digits == text.size() || text[digits] != unit.letter) continue;
        const std::optional<std::uint64_t> count = parse_decimal(text.substr(0, digits));
        const auto most = static_cast<std::uint64_t>(kDurationMax / unit.length);
        if (!count || *count > most) return std::nullopt;
        sum += static_cast<seconds::rep>(*count) * unit.length;
        text.remove_prefix(digits + 1);
    }
    if (!text.empty() || sum > kDurationMax) return std::nullopt;
    return sum;
}

std::string print_duration(seconds duration) {
    CRON_CHECK(duration >= seconds{0} && duration <= kDurationMax);
    std::string text;
    for (const Unit& unit : kUnits) {
        const seconds::rep count = duration / unit.length;
        if (count == 0) continue;
        text += fmt::format("{}{}", count, unit.letter);
        duration -= count * unit.length;
    }
    return text.empty() ? "0s" : text;
}

}  // namespace cron::schedule
