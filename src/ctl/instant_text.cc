#include "ctl/instant_text.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "calendar/span.h"

namespace cron::ctl {
namespace {

constexpr std::size_t kFractionDigits = 6;  // more are dropped: instants have microseconds
constexpr minutes kOffsetMax{24 * 60 - 1};

// What of a text is not read yet.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool is_done() const { return rest_.empty(); }
    bool take(char c) {
        if (rest_.empty() || to_lower(rest_.front()) != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::optional<int> number(std::size_t digits) {
        if (rest_.size() < digits) return std::nullopt;
        const auto value = parse_decimal(rest_.substr(0, digits));
        if (!value) return std::nullopt;
        rest_.remove_prefix(digits);
        return static_cast<int>(*value);
    }
    // As many digits as there are, as the part of a second after the point.
    std::optional<microseconds> fraction() {
        std::size_t digits = 0;
        std::int64_t value = 0;
        for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1), ++digits) {
            if (digits < kFractionDigits) value = value * 10 + (rest_.front() - '0');
        }
        if (digits == 0) return std::nullopt;
        for (; digits < kFractionDigits; ++digits) value *= 10;
        return microseconds{value};
    }

  private:
    std::string_view rest_;
};

struct Reading {
    Local local{};
    microseconds fraction{};
    std::optional<seconds> offset;
};

tl::unexpected<Error> no_instant(std::string_view text) {
    return failure(ErrorCode::invalid,
                   fmt::format("{} is no instant such as 2026-03-08T02:30:00-05:00, "
                               "'2026-03-08 02:30', 2026-03-08 or now",
                               quoted(text)));
}

// date = YYYY "-" MM "-" DD
Result<std::chrono::local_days> read_date(Reader& reader, std::string_view text) {
    const auto year = reader.number(4);
    const bool has_month = year && reader.take('-');
    const auto month = has_month ? reader.number(2) : std::nullopt;
    const auto day = month && reader.take('-') ? reader.number(2) : std::nullopt;
    if (!day) return no_instant(text);
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *year == 0) {
        return failure(ErrorCode::invalid,
                       fmt::format("{} names a day that does not exist", quoted(text)));
    }
    return std::chrono::local_days{date};
}

// offset = "Z" | ( "+" | "-" ) hh ":" mm
std::optional<seconds> read_offset(Reader& reader) {
    if (reader.take('z')) return seconds{0};
    const int sign = reader.take('+') ? 1 : reader.take('-') ? -1 : 0;
    if (sign == 0) return std::nullopt;
    const auto hour = reader.number(2);
    const auto minute = hour && reader.take(':') ? reader.number(2) : std::nullopt;
    if (!minute || *minute > 59) return std::nullopt;
    const minutes offset = hours{*hour} + minutes{*minute};
    if (offset > kOffsetMax) return std::nullopt;
    return sign * offset;
}

// instant = date [ ( "T" | " " ) hh ":" mm [ ":" ss [ "." digits ] ] [ offset ] ]
Result<Reading> read(std::string_view text) {
    Reader reader(text);
    const auto date = read_date(reader, text);
    if (!date) return tl::unexpected(date.error());
    Reading reading;
    reading.local = *date;
    if (reader.is_done()) return reading;
    if (!reader.take('t') && !reader.take(' ')) return no_instant(text);
    const auto hour = reader.number(2);
    const auto minute = hour && reader.take(':') ? reader.number(2) : std::nullopt;
    if (!minute) return no_instant(text);
    int second = 0;
    if (reader.take(':')) {
        const auto value = reader.number(2);
        if (!value) return no_instant(text);
        second = *value;
        if (reader.take('.')) {
            const auto fraction = reader.fraction();
            if (!fraction) return no_instant(text);
            reading.fraction = *fraction;
        }
    }
    if (*hour > 23 || *minute > 59 || second > 59) {
        return failure(
            ErrorCode::invalid,
            fmt::format("{} names a time that is not from 00:00:00 to 23:59:59", quoted(text)));
    }
    reading.local += hours{*hour} + minutes{*minute} + seconds{second};
    if (reader.is_done()) return reading;
    reading.offset = read_offset(reader);
    if (!reading.offset || !reader.is_done()) return no_instant(text);
    return reading;
}

GivenInstant to_instant(const Reading& reading, const calendar::Zone& zone) {
    if (reading.offset) {
        const Local utc = reading.local - *reading.offset;
        return {Instant{utc.time_since_epoch() + reading.fraction}, {}};
    }
    const calendar::LocalFit fit = zone.fit(reading.local);
    switch (fit.kind) {
        case calendar::LocalFit::Kind::unique:
            break;
        case calendar::LocalFit::Kind::skipped:
            return {fit.first,
                    fmt::format("{} is skipped in {}: {} is taken", print_local(reading.local),
                                printable(zone.name()), print_instant(fit.first, zone))};
        case calendar::LocalFit::Kind::repeated:
            return {fit.first + reading.fraction,
                    fmt::format("{} comes twice in {}: the first, {}, is taken",
                                print_local(reading.local), printable(zone.name()),
                                print_instant(fit.first, zone))};
    }
    return {fit.first + reading.fraction, {}};
}

}  // namespace

Result<GivenInstant> read_instant(std::string_view text, const calendar::Zone& zone, Instant now) {
    if (text == "now") return GivenInstant{now, {}};
    const Result<Reading> reading = read(trim_blanks(text));
    if (!reading) return tl::unexpected(reading.error());
    GivenInstant given = to_instant(*reading, zone);
    if (given.instant < calendar::kEarliest || given.instant >= calendar::kLatest) {
        return failure(ErrorCode::invalid,
                       fmt::format("{} is not within the years 1 to 9999 of UTC", quoted(text)));
    }
    return given;
}

std::string print_time(Local local) {
    const std::chrono::hh_mm_ss time{local - std::chrono::floor<std::chrono::days>(local)};
    const std::string minute =
        fmt::format("{:02}:{:02}", time.hours().count(), time.minutes().count());
    if (time.seconds() == seconds{0}) return minute;
    return fmt::format("{}:{:02}", minute, time.seconds().count());
}

std::string print_local(Local local) {
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(local)};
    return fmt::format("{:04}-{:02}-{:02} {}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       print_time(local));
}

}  // namespace cron::ctl
