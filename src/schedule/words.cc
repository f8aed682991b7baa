#include "schedule/words.h"

#include <array>
#include <bit>

#include <fmt/format.h>

namespace cron::schedule {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

}  // namespace

Numbers numbers_of(std::uint64_t bits) {
    Numbers numbers;
    for (; bits != 0; bits &= bits - 1) {
        numbers.push_back(static_cast<unsigned>(std::countr_zero(bits)));
    }
    return numbers;
}

std::optional<Series> series_of(const Numbers& numbers) {
    if (numbers.size() < 2) return std::nullopt;
    const unsigned step = numbers[1] - numbers[0];
    for (std::size_t i = 2; i < numbers.size(); ++i) {
        if (numbers[i] - numbers[i - 1] != step) return std::nullopt;
    }
    return Series{numbers.front(), numbers.back(), step, numbers.size()};
}

std::vector<Run> runs_of(const Numbers& numbers) {
    constexpr std::size_t kRunMin = 3;
    std::vector<Run> runs;
    for (std::size_t i = 0; i < numbers.size();) {
        std::size_t end = i + 1;
        while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
        if (end - i < kRunMin) end = i + 1;
        runs.push_back({numbers[i], numbers[end - 1]});
        i = end;
    }
    return runs;
}

std::string ordinal(unsigned number) {
    const bool is_teen = number % 100 / 10 == 1;
    const char* ending = "th";
    if (!is_teen && number % 10 == 1) ending = "st";
    if (!is_teen && number % 10 == 2) ending = "nd";
    if (!is_teen && number % 10 == 3) ending = "rd";
    return fmt::format("{}{}", number, ending);
}

std::string clock(unsigned hour, unsigned minute) {
    return fmt::format("{:02}:{:02}", hour, minute);
}

std::string joined(const Phrases& phrases) {
    std::string text;
    for (std::size_t i = 0; i < phrases.size(); ++i) {
        if (i > 0) text += i + 1 == phrases.size() ? " and " : ", ";
        text += phrases[i];
    }
    return text;
}

std::string_view month_name(unsigned month) { return kMonths.at(month - 1); }
std::string_view weekday_name(unsigned weekday) { return kWeekdays.at(weekday % 7); }

std::string list(const Numbers& numbers) {
    Phrases phrases;
    for (const Run& run : runs_of(numbers)) {
        phrases.push_back(run.first == run.last ? std::to_string(run.first)
                                                : fmt::format("{} to {}", run.first, run.last));
    }
    return joined(phrases);
}

}  // namespace cron::schedule
