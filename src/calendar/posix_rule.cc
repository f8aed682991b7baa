#include "calendar/posix_rule.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::calendar {
namespace {

constexpr std::size_t kTextMax = 256;
constexpr std::size_t kDigitsMax = 3;
constexpr std::size_t kNameMin = 3;
constexpr int kOffsetHoursMax = 24;
constexpr int kTimeHoursMax = 167;
constexpr std::string_view kDefaultDates = ",M3.2.0,M11.1.0";

// A recursive descent over the text. The first mistake is kept, and nothing is read after it.
class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text), rest_(text) {}

    // rule = name offset [ name [ offset ] [ "," date "," date ] ]
    Result<PosixRule> parse() {
        PosixRule rule;
        rule.standard_name = name();
        rule.standard_offset = -duration(kOffsetHoursMax, "hour of the offset");
        if (!rest_.empty()) rule.daylight = daylight(rule.standard_offset);
        if (!rest_.empty()) fail(fmt::format("'{}' is left over", printable(rest_)));
        if (mistake_.empty()) return rule;
        return failure(ErrorCode::invalid,
                       fmt::format("time zone rule '{}': {}", printable(text_), mistake_));
    }

  private:
    bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }

    bool take(char c) {
        if (!next_is(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void expect(char c, std::string_view where) {
        if (!take(c)) fail(fmt::format("a '{}' is missing {}", c, where));
    }

    void fail(std::string mistake) {
        if (mistake_.empty()) mistake_ = std::move(mistake);
        rest_ = {};
    }

    PosixRule::Daylight daylight(seconds standard_offset) {
        PosixRule::Daylight daylight;
        daylight.name = name();
        daylight.offset = standard_offset + seconds{3600};
        if (!rest_.empty() && !next_is(',')) {
            daylight.offset = -duration(kOffsetHoursMax, "hour of the daylight offset");
        }
        if (rest_.empty() && mistake_.empty()) rest_ = kDefaultDates;
        expect(',', "before the date on which daylight time starts");
        daylight.start = date();
        expect(',', "before the date on which daylight time ends");
        daylight.end = date();
        return daylight;
    }

    // name = letters | "<" ( letter | digit | "+" | "-" )... ">"
    std::string name() {
        const bool quoted = take('<');
        std::size_t length = 0;
        while (length < rest_.size() && belongs_to_name(rest_[length], quoted)) ++length;
        std::string name(rest_.substr(0, length));
        rest_.remove_prefix(length);
        if (length < kNameMin) {
            fail(fmt::format("'{}' is not a name of at least {} letters", name, kNameMin));
        }
        if (quoted) expect('>', "after the name");
        return name;
    }

    static bool belongs_to_name(char c, bool quoted) {
        return is_alpha(c) || (quoted && (is_digit(c) || c == '+' || c == '-'));
    }

    int number(int least, int greatest, std::string_view what) {
        std::size_t length = 0;
        while (length < rest_.size() && is_digit(rest_[length])) ++length;
        const std::string_view digits = rest_.substr(0, length);
        const auto value = length <= kDigitsMax ? parse_decimal(digits) : std::nullopt;
        if (!value || static_cast<int>(*value) < least || static_cast<int>(*value) > greatest) {
            fail(fmt::format("{} '{}' is not a number from {} to {}", what,
                             printable(length == 0 ? rest_.substr(0, 1) : digits), least,
                             greatest));
            return least;
        }
        rest_.remove_prefix(length);
        return static_cast<int>(*value);
    }

    // duration = [ "+" | "-" ] hours [ ":" minutes [ ":" seconds ] ]
    seconds duration(int hours_max, std::string_view what) {
        const bool negative = take('-');
        if (!negative) take('+');
        int total = 3600 * number(0, hours_max, what);
        if (take(':')) {
            total += 60 * number(0, 59, "minute");
            if (take(':')) total += number(0, 59, "second");
        }
        return seconds{negative ? -total : total};
    }

    // date = ( "J" day | day | "M" month "." week "." weekday ) [ "/" duration ]
    RuleDay date() {
        RuleDay date;
        if (take('M')) {
            date.kind = RuleDay::Kind::weekday_of_month;
            date.month = number(1, 12, "month");
            expect('.', "after the month");
            date.week = number(1, 5, "week");
            expect('.', "after the week");
            date.day = number(0, 6, "weekday");
        } else if (take('J')) {
            date.kind = RuleDay::Kind::julian_without_leap_day;
            date.day = number(1, 365, "day of the year");
        } else {
            date.kind = RuleDay::Kind::day_of_year;
            date.day = number(0, 365, "day of the year");
        }
        if (take('/')) date.time = duration(kTimeHoursMax, "hour");
        return date;
    }

    std::string_view text_;
    std::string_view rest_;
    std::string mistake_;
};

}  // namespace

Result<PosixRule> parse_posix_rule(std::string_view text) {
    if (text.size() > kTextMax) {
        return failure(
            ErrorCode::limit,
            fmt::format("the time zone rule has {} bytes, more than {}", text.size(), kTextMax));
    }
    return Parser(text).parse();
}

}  // namespace cron::calendar
