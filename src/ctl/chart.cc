#include "ctl/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "ctl/instant_text.h"

namespace cron::ctl {
namespace {

using preview::LoadChart;

constexpr std::size_t kLevels = 8;  // above none
constexpr std::array<std::string_view, kLevels + 1> kBars = {"  ", "▁▁", "▂▂", "▃▃", "▄▄",
                                                             "▅▅", "▆▆", "▇▇", "██"};
constexpr std::array<std::string_view, kLevels + 1> kLetters = {
    "  ", "..", "::", "--", "==", "++", "**", "##", "@@"};
constexpr std::array<std::string_view, kLevels + 1> kColours = {"",   "32", "32", "36", "36",
                                                                "33", "33", "31", "31"};

constexpr std::array<std::string_view, preview::kWeekDays> kDays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

// Three digits or more, and no exponent.
std::string number(double value) {
    return value < 100 ? fmt::format("{:.3g}", value) : fmt::format("{:.0f}", value);
}

double busiest_hour(const LoadChart& chart) {
    double most = 0;
    for (std::size_t day = 0; day < preview::kWeekDays; ++day) {
        for (std::size_t hour = 0; hour < preview::kDayHours; ++hour)
            most = std::max(most, chart.cell(day, hour).average());
    }
    return most;
}

// 0 for none; above it, equal parts of the way to `most`.
std::size_t level_of(double average, double most) {
    if (average <= 0) return 0;
    const auto level = static_cast<std::size_t>(std::ceil(average / most * kLevels));
    return std::clamp<std::size_t>(level, 1, kLevels);
}

std::string block(std::size_t level, const ChartLook& look) {
    const std::string_view text = look.has_utf8 ? kBars[level] : kLetters[level];
    if (!look.has_colours || level == 0) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", kColours[level], text);
}

std::string rows(const LoadChart& chart, double most, const ChartLook& look) {
    std::string out = "    ";
    for (std::size_t hour = 0; hour < preview::kDayHours; ++hour)
        out += fmt::format(" {:02}", hour);
    out += '\n';
    for (std::size_t day = 0; day < preview::kWeekDays; ++day) {
        std::string row = fmt::format("{} ", kDays[day].substr(0, 3));
        for (std::size_t hour = 0; hour < preview::kDayHours; ++hour)
            row += fmt::format(" {}", block(level_of(chart.cell(day, hour).average(), most), look));
        row.erase(row.find_last_not_of(' ') + 1);
        out += row + '\n';
    }
    return out;
}

std::string scale(double most, const ChartLook& look) {
    std::string out = "starts an hour:";
    for (std::size_t level = 1; level <= kLevels; ++level) {
        const double upper = most * static_cast<double>(level) / kLevels;
        out += fmt::format("{} {} {}", level % 4 == 1 ? "\n   " : " ", block(level, look),
                           number(upper));
    }
    return out + "  (up to; blank: none)\n";
}

std::string busiest_minutes(const LoadChart& chart, const calendar::Zone& zone) {
    std::string out;
    for (const LoadChart::Minute& minute : chart.busiest(kBusiestShown)) {
        out += fmt::format("  {} {:02}:{:02}  {:>8} on average, {} at most ({})\n",
                           kDays[minute.day].substr(0, 3), minute.hour, minute.minute,
                           number(minute.cell.average()), minute.most,
                           print_instant(std::chrono::floor<minutes>(minute.most_at), zone));
    }
    return out;
}

}  // namespace

std::string_view day_name(std::size_t day) { return kDays[day]; }

std::string draw(const LoadChart& chart, const calendar::Zone& zone, const ChartLook& look) {
    if (chart.starts() == 0) return "no starts\n";
    const double most = busiest_hour(chart);
    return fmt::format("{} starts; their number in each hour of the week, on average, in {}:\n\n",
                       chart.starts(), printable(zone.name())) +
           rows(chart, most, look) + '\n' + scale(most, look) + "\nthe busiest minutes:\n" +
           busiest_minutes(chart, zone);
}

}  // namespace cron::ctl
