// The schedule of an entry as a value: five fields (six with seconds), a nickname, or @every. Pure.
// Source: POSIX.1-2024 crontab; steps, names and the day rule as in Vixie cron; `~` as in OpenBSD's
// and cronie's; L, W and # as in Quartz; H as in Jenkins; years as in supercronic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "calendar/instant.h"
#include "calendar/zone.h"
#include "schedule/years.h"

namespace cron::schedule {

// How a schedule without a nickname is written.
enum class Form {
    five_fields,
    six_fields,  // seconds first: CRON_SECONDS=yes
    // As supercronic reads them: five fields, six with a year last, or seven with the second first
    // as well. `5/15` goes on to the end of its field, names may be written out, and a field of
    // days is restricted by whatever is not `*` or `?` alone.
    supercronic,
};

// Days whose date depends on the month. The first three stand in the day of month, the others in
// the day of week.
struct MonthDays {
    std::uint32_t before_last = 0;          // bit n: n days before the last day; L, L-3
    std::uint32_t nearest_weekday = 0;      // bit n: the day from Monday to Friday nearest to the
                                            // nth in its month, if that has an nth; 15W
    std::uint32_t weekday_before_last = 0;  // bit n: the same, for n days before the last; LW, L-3W
    std::array<std::uint8_t, 5> nth{};      // [n - 1], bit w: the nth weekday w; 5#3, FRI#2
    std::uint8_t last = 0;                  // bit w: the last weekday w; 5L

    // Whether any stands in the day of month, or in the day of week.
    bool any_of_month() const { return (before_last | nearest_weekday | weekday_before_last) != 0; }
    bool any_of_week() const { return (nth[0] | nth[1] | nth[2] | nth[3] | nth[4] | last) != 0; }

    friend bool operator==(const MonthDays&, const MonthDays&) = default;
};

// The values that the fields name, one bit each; bit n stands for the value n.
struct Fields {
    std::uint64_t seconds = 1;        // 0..59; second 0 where there is no field for them
    std::uint64_t minutes = 0;        // 0..59
    std::uint32_t hours = 0;          // 0..23
    std::uint32_t days_of_month = 0;  // 1..31
    std::uint16_t months = 0;         // 1..12
    std::uint8_t days_of_week = 0;    // 0..6, 0 is Sunday (7 in the text)
    MonthDays month_days;             // beside those of the two fields of days
    Years years;                      // every year where there is no field for them
    // Whether the field's text starts with `*` or `?`: for the day rule and the wildcard rule.
    bool minute_star = false;
    bool hour_star = false;
    bool day_of_month_star = false;
    bool day_of_week_star = false;

    friend bool operator==(const Fields&, const Fields&) = default;
};

// A value; equal schedules are due at the same times in every zone.
class Schedule {
  public:
    enum class Kind { fields, every, reboot };

    static Schedule of_fields(const Fields& fields);
    static Schedule every(
        seconds interval);  // at least 1 s; due at multiples of it since the epoch
    static Schedule at_reboot();

    Kind kind() const { return kind_; }
    const Fields& fields() const { return fields_; }  // kind fields only
    seconds interval() const { return interval_; }    // kind every only

    // Wildcard schedules follow real time, fixed ones the wall clock (DESIGN, Time).
    bool is_wildcard() const;
    bool is_finer_than_a_minute() const;

    friend bool operator==(const Schedule&, const Schedule&) = default;

  private:
    Kind kind_ = Kind::reboot;
    Fields fields_;
    seconds interval_{};
};

// What is wrong in a schedule's text, and where: byte columns from 0, [begin, end).
struct ParseError {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string message;  // "minute '61' is not a list of values from 0 to 59"
    std::string hint;     // what would be right; may be empty
};

// A schedule at the start of a line, and how much of the line it took.
struct Parsed {
    Schedule schedule;
    std::size_t length = 0;  // bytes, without the blanks that follow
};

// The bytes that a schedule takes at the start of `line` (which starts with no blank): a nickname,
// `@every` and its duration, or up to as many words as `form` has fields; where it has five to
// seven, as many as make sense. For the identity of a job, which must be known before the seed.
std::size_t schedule_length(std::string_view line, Form form = Form::five_fields);

// Reads the schedule at the start of `line` (which starts with no blank); what follows is the
// caller's. `seed` decides every `a~b` and `H`, salted by the field: equal seeds choose equally.
tl::expected<Parsed, ParseError> parse(std::string_view line, std::uint64_t seed,
                                       Form form = Form::five_fields);

// The same for a text that is a schedule and nothing else, but for blanks round it.
tl::expected<Schedule, ParseError> parse_whole(std::string_view text, std::uint64_t seed,
                                               Form form = Form::five_fields);

// A text that parses to an equal schedule, of six fields where it names another second than 0, as
// supercronic has it where it names years. `a~b` and `H` appear as the values chosen.
std::string print(const Schedule& schedule);
Form form_of(const Schedule& schedule);  // in which `print` writes it

// The first instant strictly after `after` at which the schedule is due in `zone`; none if it never
// is. A fixed time in a gap is due when the gap ends; in a repeated hour, on its first pass
// (DESIGN, Time).
// @reboot is never due by the clock. Bounded for every input.
std::optional<Instant> next_after(const Schedule& schedule, const calendar::Zone& zone,
                                  Instant after);

// The last instant strictly before `before` at which the schedule is due; none if there is none
// since year 1.
std::optional<Instant> previous_before(const Schedule& schedule, const calendar::Zone& zone,
                                       Instant before);

// How many times the schedule is due in (after, until]. Costs the days in between, not the due
// times.
std::uint64_t count_due(const Schedule& schedule, const calendar::Zone& zone, Instant after,
                        Instant until);

}  // namespace cron::schedule
