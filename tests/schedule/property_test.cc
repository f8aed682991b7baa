// Next, previous and count against a scan of every minute of the wall clock.

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "naive.h"
#include "support.h"

namespace cron::schedule {
namespace {

using calendar::Transition;
using calendar::Zone;
using std::chrono::days;
using std::chrono::sys_seconds;

// The wall clock of a zone from `begin` to `end`, read once in each `step`.
class Scan {
  public:
    // `initial` and `transitions` are the zone, told apart from calendar/.
    Scan(seconds initial, const std::vector<Transition>& transitions, sys_seconds begin,
         sys_seconds end, seconds step)
        : begin_(begin), end_(end), step_(step) {
        std::size_t next = 0;
        seconds offset = initial;
        for (sys_seconds at = begin; at < end; at += step) {
            while (next < transitions.size() && transitions[next].at <= at)
                offset = transitions[next++].offset;
            readings_.push_back(Local{at.time_since_epoch() + offset});
        }
    }

    // The due instants between `from` and `to`, ascending. A fixed time is due at the first instant
    // that reads it or, if there is none, at the first that has passed it.
    std::vector<sys_seconds> due(const Schedule& schedule, sys_seconds from, sys_seconds to) const {
        std::vector<sys_seconds> found;
        const Fields& fields = schedule.fields();
        if (schedule.is_wildcard()) {
            for (std::size_t i = 0; i < readings_.size(); ++i) {
                if (matches(fields, readings_[i])) found.push_back(instant(i));
            }
        } else {
            std::map<Local, std::size_t> first_read;
            Local latest = readings_.front();
            std::vector<std::pair<Local, std::size_t>> passed;  // the reading passed, and where
            for (std::size_t i = 0; i < readings_.size(); ++i) {
                if (matches(fields, readings_[i])) first_read.try_emplace(readings_[i], i);
                for (Local skipped = latest + step_; skipped < readings_[i]; skipped += step_) {
                    if (matches(fields, skipped)) passed.emplace_back(skipped, i);
                }
                latest = std::max(latest, readings_[i]);
            }
            for (const auto& [reading, i] : first_read) found.push_back(instant(i));
            for (const auto& [reading, i] : passed) {
                if (first_read.count(reading) == 0) found.push_back(instant(i));
            }
        }
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        std::erase_if(found, [&](sys_seconds at) { return at <= from || at >= to; });
        return found;
    }

  private:
    sys_seconds instant(std::size_t i) const {
        return begin_ + static_cast<std::int64_t>(i) * step_;
    }

    sys_seconds begin_;
    sys_seconds end_;
    seconds step_;
    std::vector<Local> readings_;
};

// Checks the three functions against the due instants in (from, to), which are all there are.
void check_against(const std::vector<sys_seconds>& due, const Schedule& schedule, const Zone& zone,
                   sys_seconds from, sys_seconds to, Random& random) {
    const auto expect_next = [&](Instant after) -> std::optional<Instant> {
        const auto found = std::upper_bound(due.begin(), due.end(), after);
        return found == due.end() ? std::nullopt : std::optional<Instant>(*found);
    };
    const auto expect_previous = [&](Instant before) -> std::optional<Instant> {
        const auto found = std::lower_bound(due.begin(), due.end(), before);
        return found == due.begin() ? std::nullopt : std::optional<Instant>(*(found - 1));
    };
    const auto check_at = [&](Instant at) {
        CAPTURE(at.time_since_epoch().count());
        const auto next = next_after(schedule, zone, at);
        if (const auto expected = expect_next(at)) {
            REQUIRE(next == expected);
        } else {
            REQUIRE((!next || *next >= to));
        }
        const auto previous = previous_before(schedule, zone, at);
        if (const auto expected = expect_previous(at)) {
            REQUIRE(previous == expected);
        } else {
            REQUIRE((!previous || *previous <= from));
        }
    };
    const std::int64_t span = (to - from).count();
    for (int i = 0; i < 20; ++i) {
        const Instant a = from + microseconds{seconds{random.between(0, span - 1)}} +
                          microseconds{random.between(0, 999'999)};
        const Instant b = from + seconds{random.between(0, span - 1)};
        check_at(a);
        check_at(b);
        const auto [after, until] = std::minmax(a, b);
        const auto expected = std::upper_bound(due.begin(), due.end(), until) -
                              std::upper_bound(due.begin(), due.end(), after);
        CAPTURE(after.time_since_epoch().count(), until.time_since_epoch().count());
        REQUIRE(count_due(schedule, zone, after, until) == static_cast<std::uint64_t>(expected));
    }
    for (int i = 0; i < 20 && !due.empty(); ++i) {
        const sys_seconds at = due[random.below(due.size())];
        check_at(at);
        check_at(at - microseconds{1});
        check_at(at + microseconds{1});
    }
}

struct SyntheticZone {
    seconds initial{};
    std::vector<Transition> transitions;
};

// Transitions from minutes to days apart, by up to a day, in units of `unit`.
SyntheticZone random_zone(Random& random, sys_seconds begin, sys_seconds end, seconds unit) {
    const auto offset = [&] {
        const std::int64_t limit = random.one_of<std::int64_t>({3600, 7200, 3600 * 12, 3600 * 25});
        return seconds{random.between(-limit, limit) / unit.count() * unit.count()};
    };
    SyntheticZone zone{offset(), {}};
    seconds last = zone.initial;
    sys_seconds at = begin;
    const std::int64_t spacing =
        random.one_of<std::int64_t>({1800, 3600 * 3, 3600 * 12, 3600 * 48});
    for (int i = 0; i < 12; ++i) {
        at += seconds{(random.between(60, spacing) / unit.count() + 1) * unit.count()};
        if (at >= end) break;
        const seconds step = seconds{random.one_of<std::int64_t>({1800, 3600, 3600, 7200}) /
                                     unit.count() * unit.count()};
        seconds next = random.one_in(3) ? offset() : last + (random.one_in(2) ? step : -step);
        if (next < -hours{25} || next > hours{25}) next = offset();
        zone.transitions.push_back({at, next});
        last = next;
    }
    return zone;
}

void check_random_zones(Random& random, int zones, seconds unit, days around) {
    for (int i = 0; i < zones; ++i) {
        const sys_seconds from = sys_seconds{seconds{random.between(-40'000'000, 60'000'000) * 60}};
        const sys_seconds to = from + around;
        // The scan sees three days more on both sides: further away no clock can read the same.
        const SyntheticZone made = random_zone(random, from, to, unit);
        const Zone zone = Zone::from_transitions("synthetic", made.initial, made.transitions, {});
        const Scan scan(made.initial, made.transitions, from - days{3}, to + days{3}, unit);
        for (int j = 0; j < 6; ++j) {
            const Variety variety{random.one_in(3), random.one_in(2),
                                  unit == seconds{1} && random.one_in(2)};
            const std::string text = random_fields(random, variety);
            CAPTURE(text, zone.name(), from.time_since_epoch().count(), made.initial.count());
            const Schedule schedule = parsed(text);
            check_against(scan.due(schedule, from, to), schedule, zone, from, to, random);
        }
    }
}

}  // namespace

TEST_CASE("due times: as a scan of each minute finds them, over odd transitions", "[schedule]") {
    const std::uint64_t seed = seed_for("due times, minutes");
    CAPTURE(seed);
    Random random(seed);
    check_random_zones(random, 250, seconds{60}, days{8});
}

TEST_CASE("due times: as a scan of each minute finds them, where years begin and end",
          "[schedule]") {
    const std::uint64_t seed = seed_for("due times, years");
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 60; ++i) {
        const int year = static_cast<int>(random.between(kYearFirst + 1, kYearLast));
        const sys_seconds new_year = std::chrono::sys_days{std::chrono::year{year} / 1 / 1};
        const sys_seconds from = new_year - days{2};
        const sys_seconds to = new_year + days{2};
        const SyntheticZone made = random_zone(random, from, to, minutes{1});
        const Zone zone = Zone::from_transitions("synthetic", made.initial, made.transitions, {});
        const Scan scan(made.initial, made.transitions, from - days{3}, to + days{3}, minutes{1});
        for (int j = 0; j < 4; ++j) {
            Fields fields = parsed(random_fields(random, Variety{false, false, false})).fields();
            const auto limited = static_cast<unsigned>(random.one_in(2) ? year : year - 1);
            fields.years.add(limited, limited, 1);
            const Schedule schedule = Schedule::of_fields(fields);
            CAPTURE(print(schedule), from.time_since_epoch().count(), made.initial.count());
            check_against(scan.due(schedule, from, to), schedule, zone, from, to, random);
        }
    }
}

TEST_CASE("due times: as a scan of each second finds them, where changes are not on the minute",
          "[schedule]") {
    const std::uint64_t seed = seed_for("due times, seconds");
    CAPTURE(seed);
    Random random(seed);
    check_random_zones(random, 12, seconds{1}, days{2});
}

TEST_CASE("due times: as a scan finds them, by rules and over years", "[schedule]") {
    const std::uint64_t seed = seed_for("due times, rules");
    CAPTURE(seed);
    Random random(seed);
    const char* const rules[] = {"UTC0",
                                 "EST5EDT,M3.2.0,M11.1.0",
                                 "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
                                 "IST-1GMT0,M10.5.0,M3.5.0/1",
                                 "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3",
                                 "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
                                 "CET-1CEST,J60/0,J300/24",
                                 "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45"};
    for (const char* rule : rules) {
        const Zone zone = zone_of_rule(rule);
        for (int i = 0; i < 3; ++i) {
            const int year = static_cast<int>(random.between(1950, 2450));
            const sys_seconds from = std::chrono::sys_days{std::chrono::year{year} / 1 / 1};
            const sys_seconds to = from + days{800};
            // Offsets are calendar's word here: its own tests hold them against glibc.
            std::vector<Transition> transitions;
            for (sys_seconds at = from - days{3}; at < to + days{3};) {
                const calendar::Period period = zone.period_at(at);
                transitions.push_back({at, period.offset});
                if (period.end >= to + days{3}) break;
                at = period.end;
            }
            const Scan scan(transitions.front().offset, transitions, from - days{3}, to + days{3},
                            minutes{1});
            const std::string text = random_fields(random, Variety{true, random.one_in(2), false});
            CAPTURE(rule, year, text);
            const Schedule schedule = parsed(text);
            check_against(scan.due(schedule, from, to), schedule, zone, from, to, random);
        }
    }
}

}  // namespace cron::schedule
