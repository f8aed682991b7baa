#include "schedule/advice.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "schedule/advice_text.h"
#include "schedule/match.h"

namespace cron::schedule {
namespace {

using std::chrono::year;

// Years of which every kind of year is one: with and without a leap day, beginning on any weekday.
constexpr int kFirstYear = 2001;
constexpr int kYearsOfAllKinds = 28;
// The days that every month has.
constexpr std::uint32_t kDaysOfEveryMonth = ((1U << 28) - 1) << 1;

Local begin_of(int the_year) {
    return std::chrono::local_days{year{the_year} / std::chrono::January / 1};
}

bool matches_within(const Fields& fields, int first_year, int years) {
    return count_matches(fields, begin_of(first_year), begin_of(first_year + years)) > 0;
}

bool is_or(const Fields& fields) { return !fields.day_of_month_star && !fields.day_of_week_star; }

// Whether some of the months has some of the days of month that are named by number.
bool has_day(const Fields& fields) {
    const auto day = static_cast<unsigned>(std::countr_zero(fields.days_of_month));
    for (unsigned month = 1; month <= 12; ++month) {
        if ((fields.months >> month & 1) != 0 && last_day(month) >= day) return true;
    }
    return false;
}

bool is_never_due(const Schedule& schedule) {
    if (schedule.kind() != Schedule::Kind::fields) return false;
    const Fields& fields = schedule.fields();
    if (fields.years.is_limited()) return !first_match(fields, begin_of(kYearFirst));
    // Any date falls on any weekday, some year.
    if (fields.days_of_week != 0) {
        if (is_or(fields) || (fields.days_of_month & kDaysOfEveryMonth) != 0) return false;
        if (fields.days_of_month != 0 && has_day(fields)) return false;
    }
    return !matches_within(fields, kFirstYear, 1) &&
           !matches_within(fields, kFirstYear, kYearsOfAllKinds);
}

// It is due, some year.
bool is_due_in_leap_years_only(const Fields& fields) {
    if ((fields.months >> 2 & 1) == 0) return false;
    for (int the_year = kFirstYear; the_year < kFirstYear + kYearsOfAllKinds; ++the_year) {
        if (!year{the_year}.is_leap() && matches_within(fields, the_year, 1)) return false;
    }
    return true;
}

// The text with another one in the place of `word`.
std::string with(std::string_view text, const Word& word, std::string_view other) {
    return fmt::format("{}{}{}", text.substr(0, word.begin), other, text.substr(word.end()));
}

Phrases names_of_months(std::uint16_t months) {
    Phrases names;
    for (const unsigned month : numbers_of(months)) names.emplace_back(month_name(month));
    return names;
}

// '* 2', where '0 2' was meant. Of seconds the same.
void advise_on_every_minute(std::string_view text, const FieldTexts& texts, const Fields& fields,
                            std::vector<Advice>& found) {
    // "*", "?" and "*/1"; written out, as in "0-59", it is meant.
    const auto is_every = [&](std::size_t field) {
        return values_of(fields, field).bits == all_bits(field) &&
               std::string_view("*?").find(texts[field].text.front()) != std::string_view::npos;
    };
    const auto is_suspect = [&](std::size_t lower) {
        return is_every(lower) && !has_neighbours(lower + 1, values_of(fields, lower + 1).bits);
    };
    if (is_suspect(kMinute)) {
        const bool one_hour = std::popcount(fields.hours) == 1;
        const int hour = std::countr_zero(fields.hours);
        const bool every_second = is_every(kSecond);
        std::string once = with(text, texts[kMinute], "0");
        if (every_second) once = with(once, texts[kSecond], "0");
        found.push_back(
            advice_at(texts.between(kMinute, kHour), "every-minute-of-hour",
                      fmt::format("this is due every {} {}", every_second ? "second" : "minute",
                                  one_hour ? fmt::format("from {0:02}:00 to {0:02}:59", hour)
                                           : "of the hours that it names"),
                      fmt::format("write '{}' for once in the hour", once)));
    }
    if (is_suspect(kSecond)) {
        found.push_back(advice_at(
            texts.between(kSecond, kMinute), "every-second-of-minute",
            "this is due every second of the minutes that it names",
            fmt::format("write '{}' for once in the minute", with(text, texts[kSecond], "0"))));
    }
}

// The day of week that says what "1-7" and "MON" were to say together: "MON#1"; or else empty.
std::string nth_weekday(const FieldTexts& texts, const Fields& fields) {
    if (fields.days_of_month == 0) return {};
    const std::string_view weekday = texts[kDayOfWeek].text;
    const int first = std::countr_zero(fields.days_of_month);
    const bool is_one_week = fields.days_of_month >> first == 0x7F;
    if (std::popcount(fields.days_of_week) != 1 || fields.month_days != MonthDays{} ||
        !is_one_week || !std::all_of(weekday.begin(), weekday.end(), is_alnum) ||
        equal_ignoring_case(weekday, "H")) {
        return {};
    }
    if (first % 7 == 1 && first < 28) return fmt::format("{}#{}", weekday, first / 7 + 1);
    return first == 25 ? fmt::format("{}L", weekday) : std::string();
}

// Both fields of days, where both should hold.
void advise_on_days(std::string_view text, const FieldTexts& texts, const Fields& fields,
                    std::vector<Advice>& found) {
    if (!is_or(fields)) return;
    std::string message =
        fmt::format("this is due on a day of month '{}', and on any day of week '{}' too",
                    texts[kDayOfMonth].text, texts[kDayOfWeek].text);
    std::string hint = "for both to hold, leave one field '*' and let the command test the date";
    const bool every_day = fields.days_of_month == all_bits(kDayOfMonth);
    if (every_day || fields.days_of_week == all_bits(kDayOfWeek)) {
        const Word& full = texts[every_day ? kDayOfMonth : kDayOfWeek];
        const bool every_month = fields.months == all_bits(kMonth);
        message = fmt::format(
            "this is due every day{}: of the two fields of days either will do, and '{}' is all",
            every_month ? std::string() : " of " + joined(names_of_months(fields.months)),
            full.text);
        hint = fmt::format("write '{}'", with(text, full, "*"));
    } else if (const std::string nth = nth_weekday(texts, fields); !nth.empty()) {
        const std::string one = with(text, texts[kDayOfWeek], nth);
        hint = fmt::format("for both to hold, write '{}'", with(one, texts[kDayOfMonth], "*"));
    } else if (std::popcount(fields.days_of_week) == 1 && !fields.month_days.any_of_week()) {
        const int weekday = std::countr_zero(fields.days_of_week);
        hint = fmt::format(
            "for both to hold, write '{}' and begin the command with 'test $(date +\\%u) -eq {} "
            "&&'",
            with(text, texts[kDayOfWeek], "*"), weekday == 0 ? 7 : weekday);
    }
    found.push_back(advice_at(texts.between(kDayOfMonth, kDayOfWeek), "either-day",
                              std::move(message), std::move(hint)));
}

// What an item of a field of days names at the end of a month: "31", "31W", "L-30", "5#5".
class LastDays {
  public:
    LastDays(const FieldTexts& texts, const Fields& fields, std::vector<Advice>& found)
        : texts_(texts), fields_(fields), found_(found) {}

    void advise() {
        // Where either day will do, a month without the day of month has the weekday.
        if (!is_or(fields_)) {
            for (const Word& item : items_of(texts_[kDayOfMonth])) advise_on_day(item);
        }
        for (const Word& item : items_of(texts_[kDayOfWeek])) advise_on_weekday(item);
    }

  private:
    void add(const Word& item, std::string message, std::string_view hint) {
        found_.push_back(advice_at(item, "missing-day", std::move(message), std::string(hint)));
    }

    void advise_on_day(const Word& item) {
        const std::string_view text = item.text;
        if (text.empty()) return;
        if (text.find_first_of("~(") != std::string_view::npos) return advise_on_choice(item);
        if (to_lower(text.front()) == 'l') return advise_on_before_last(item);
        const bool weekday = to_lower(text.back()) == 'w';
        const auto day = parse_decimal(text.substr(0, text.size() - (weekday ? 1 : 0)));
        if (!day || *day <= 28) return;
        // "28,29,30,31" is meant to try them all, and "31,L" has the last day of the others.
        const MonthDays& days = fields_.month_days;
        if ((fields_.days_of_month >> (*day - 1) & 1) != 0 ||
            ((days.before_last | days.weekday_before_last) & 1) != 0) {
            return;
        }
        advise_on_late_day(item, static_cast<unsigned>(*day),
                           weekday ? "'LW' is the last Monday to Friday of every month"
                                   : "'L' is the last day of every month");
    }

    // A day that only months of at least `days` days have.
    void advise_on_late_day(const Word& item, unsigned days, std::string_view hint) {
        Fields lacking = fields_;
        lacking.months = 0;
        for (const unsigned month : numbers_of(fields_.months)) {
            if (last_day(month) < days) lacking.months |= static_cast<std::uint16_t>(1U << month);
        }
        const Phrases months = names_of_months(lacking.months);
        if (!months.empty() && !matches_within(lacking, kFirstYear, kYearsOfAllKinds)) {
            add(item, fmt::format("not due in {}: fewer than {} days", joined(months), days), hint);
        } else if (!months.empty()) {
            add(item,
                fmt::format("{} {} fewer than {} days", joined(months),
                            months.size() == 1 ? "has" : "have", days),
                hint);
        } else if (days == 29 && has_february()) {
            lacking.months = 1U << 2;
            add(item,
                is_due_in_leap_years_only(lacking)
                    ? "due in February of leap years only: else it has 28 days"
                    : "February has 29 days in leap years only",
                hint);
        }
    }

    bool has_february() const { return (fields_.months >> 2 & 1) != 0; }

    // "L-30" is a day only of months with 31.
    void advise_on_before_last(const Word& item) {
        std::string_view text = item.text;
        if (to_lower(text.back()) == 'w') text.remove_suffix(1);
        const auto before = text.size() > 2 ? parse_decimal(text.substr(2)) : std::nullopt;
        if (!before || *before < 28) return;
        advise_on_late_day(item, static_cast<unsigned>(*before) + 1,
                           "'1' is the first day of every month");
    }

    // "1~31", "H(1-31)": what is chosen here may be such a day, and elsewhere not.
    void advise_on_choice(const Word& item) {
        const std::string_view text = item.text.substr(0, item.text.find('/'));
        const std::size_t mark = text.find_first_of("-~");
        if (mark == std::string_view::npos) return;
        std::string_view low = text.substr(0, mark);
        std::string_view high = text.substr(mark + 1);
        if (high.ends_with(')')) {
            low.remove_prefix(std::string_view("H(").size());
            high.remove_suffix(1);
        }
        // "29~" has no end that every month has.
        const bool is_late = parse_decimal(low).value_or(1) > 28;
        const bool has_step = text.size() < item.text.size();
        const auto day = static_cast<unsigned>(parse_decimal(high).value_or(is_late ? 31 : 28));
        if (day <= 28 || (has_step && !is_late)) return;
        if (months_without(fields_.months, day).empty() && !has_february()) return;
        add(item,
            fmt::format("the day chosen may be one that not every month has, up to the {}",
                        ordinal(day)),
            "choose up to the 28th");
    }

    void advise_on_weekday(const Word& item) {
        const std::size_t hash = item.text.find('#');
        if (hash == std::string_view::npos || item.text.substr(hash + 1) != "5") return;
        const std::string_view weekday = item.text.substr(0, hash);
        add(item, fmt::format("only some months have a fifth {}", weekday_name(number_of(weekday))),
            fmt::format("'{}L' is the last of every month", weekday));
    }

    static unsigned number_of(std::string_view weekday) {
        if (const auto number = parse_decimal(weekday)) return static_cast<unsigned>(*number);
        const auto names = kFields[kDayOfWeek].value_names;
        const auto name = std::find_if(names.begin(), names.end(), [&](std::string_view one) {
            return equal_ignoring_case(one, weekday);
        });
        return static_cast<unsigned>(name - names.begin());
    }

    const FieldTexts& texts_;
    const Fields& fields_;
    std::vector<Advice>& found_;
};

std::string never_due_message(Fields fields) {
    if (std::exchange(fields.years, {}).is_limited() && first_match(fields, begin_of(kYearFirst))) {
        return "this is never due: no date of its years fits";
    }
    if (fields.month_days != MonthDays{}) return "this is never due: no date fits";
    const auto day = static_cast<unsigned>(std::countr_zero(fields.days_of_month));
    const auto months = months_without(fields.months, day);
    return fmt::format("this is never due: {} {} no {}", joined(months),
                       months.size() == 1 ? "has" : "have", ordinal(day));
}

// The fields that decide on the date.
Word date_of(const FieldTexts& texts, const Fields& fields) {
    const bool week = fields.month_days.any_of_week();
    return texts.between(fields.day_of_month_star && week ? kMonth : kDayOfMonth,
                         week ? kDayOfWeek : kMonth);
}

}  // namespace

std::optional<Advice> advise_if_never_due(std::string_view text, Form form,
                                          const Schedule& schedule) {
    if (!is_never_due(schedule)) return std::nullopt;
    const Fields& fields = schedule.fields();
    return advice_at(date_of(FieldTexts(text, form), fields), "never-due",
                     never_due_message(fields), "'L' is the last day of every month");
}

std::vector<Advice> advise(std::string_view text, Form form, const Schedule& schedule) {
    if (schedule.kind() != Schedule::Kind::fields || text.starts_with('@')) return {};
    if (auto never = advise_if_never_due(text, form, schedule)) return {*std::move(never)};
    const FieldTexts texts(text, form);
    const Fields& fields = schedule.fields();
    std::vector<Advice> found = advise_on_steps(texts, fields);
    advise_on_every_minute(text, texts, fields, found);
    advise_on_days(text, texts, fields, found);
    if (fields.years.is_limited()) {
        // Who names years has looked at a calendar.
    } else if (is_due_in_leap_years_only(fields)) {
        found.push_back(advice_at(date_of(texts, fields), "leap-day",
                                  "this is due in leap years only",
                                  "'L' is the last day of February in every year"));
    } else {
        LastDays(texts, fields, found).advise();
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Advice& a, const Advice& b) { return a.begin < b.begin; });
    return found;
}

}  // namespace cron::schedule
