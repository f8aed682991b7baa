#include "calendar/zone.h"

#include <algorithm>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

#include "dates.h"

using namespace cron;
using namespace cron::calendar;
using std::chrono::sys_seconds;

namespace {

constexpr sys_seconds kAlways = sys_seconds::min();
constexpr sys_seconds kForEver = sys_seconds::max();

PosixRule rule(std::string_view text) { return parse_posix_rule(text).value(); }

Local local_of(const Zone& zone, sys_seconds instant) {
    return Local{(instant + zone.period_at(instant).offset).time_since_epoch()};
}

// Transitions of every kind: 30 minutes, a whole day, two hours, a base offset; then a rule.
std::vector<Zone> sample_zones() {
    const auto shift = [](std::string name, sys_seconds at, seconds before, seconds after) {
        return Zone::from_transitions(std::move(name), before, {{at, after}}, std::nullopt);
    };
    return {
        Zone(),
        Zone::fixed("+05:45", minutes{345}),
        shift("Apia", utc(2011, 12, 30, 10), hours{-10}, hours{14}),
        shift("Kwajalein", utc(1969, 10, 1), hours{11}, hours{-12}),
        shift("Caracas", utc(2016, 5, 1, 7), minutes{-270}, hours{-4}),
        Zone::from_rule("Lord_Howe", rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0")),
        Zone::from_rule("Troll", rule("<+00>0<+02>-2,M3.5.0/1,M10.5.0/3")),
        Zone::from_rule("Dublin", rule("IST-1GMT0,M10.5.0,M3.5.0/1")),
        Zone::from_transitions(
            "Manila", seconds{-57360},
            {{utc(1844, 12, 31, 15, 56), seconds{29040}}, {utc(1942, 5, 1), hours{9}}},
            rule("PST-8PDT,M3.2.0,M11.1.0")),
        Zone::from_transitions("quick", seconds{0},
                               {{utc(2000, 1, 1), hours{1}},
                                {utc(2000, 1, 1, 0, 30), hours{0}},
                                {utc(2000, 1, 1, 0, 40), hours{2}}},
                               std::nullopt),
    };
}

// Instants near a transition, in the years 1 to 9999, and anywhere.
sys_seconds random_instant(std::mt19937_64& random, const Zone& zone) {
    const auto day = static_cast<std::int64_t>(random() % 3'652'059);
    const sys_seconds dated =
        utc(1, 1, 1) + hours{24} * day + seconds{static_cast<int>(random() % 86'400)};
    switch (random() % 8) {
        case 0:
            return sys_seconds{seconds{static_cast<std::int64_t>(random())}};
        case 1:
            return dated;
        default:
            break;
    }
    const Period period = zone.period_at(dated);
    const sys_seconds edge = period.end == kForEver ? period.begin : period.end;
    if (edge == kAlways) return dated;
    return edge + seconds{static_cast<int>(random() % 200'000) - 100'000};
}

}  // namespace

TEST_CASE("period_at: a fixed zone has one period", "[calendar]") {
    const Zone zone = Zone::fixed("+03", hours{3});
    CHECK(zone.name() == "+03");
    for (const sys_seconds at : {kAlways, utc(2026, 1, 1), kForEver}) {
        CHECK(zone.period_at(at) == Period{kAlways, kForEver, hours{3}});
    }
    CHECK(Zone().period_at(utc(2026, 1, 1)).offset == seconds{0});
    CHECK(Zone().name() == "UTC");
}

TEST_CASE("period_at: neighbours of equal offset are one period", "[calendar]") {
    const Zone zone = Zone::from_transitions(
        "merged", seconds{0},
        {{utc(1990, 1, 1), seconds{0}}, {utc(2000, 1, 1), hours{1}}, {utc(2001, 1, 1), hours{1}}},
        std::nullopt);
    CHECK(zone.period_at(utc(1995, 1, 1)) == Period{kAlways, utc(2000, 1, 1), seconds{0}});
    CHECK(zone.period_at(utc(2000, 6, 1)) == Period{utc(2000, 1, 1), kForEver, hours{1}});
}

TEST_CASE("period_at: of transitions at one instant the last counts", "[calendar]") {
    const Zone zone = Zone::from_transitions(
        "twice", seconds{0}, {{utc(2000, 1, 1), hours{1}}, {utc(2000, 1, 1), seconds{0}}},
        std::nullopt);
    CHECK(zone.period_at(utc(2000, 1, 1)) == Period{kAlways, kForEver, seconds{0}});
}

TEST_CASE("period_at: the rule holds from the last transition on, and not before", "[calendar]") {
    const PosixRule us = rule("EST5EDT,M3.2.0,M11.1.0");
    // The last transition changes nothing by itself: it only says when the rule begins.
    const Zone zone = Zone::from_transitions(
        "late", hours{-5}, {{utc(1990, 1, 1), hours{-5}}, {utc(2030, 1, 1), hours{-5}}}, us);
    CHECK(zone.period_at(utc(2029, 7, 1)) == Period{kAlways, utc(2030, 3, 10, 7), hours{-5}});
    CHECK(zone.period_at(utc(2030, 7, 1)) ==
          Period{utc(2030, 3, 10, 7), utc(2030, 11, 3, 6), hours{-4}});
    // In the middle of daylight time, the rule decides at once.
    const Zone summer =
        Zone::from_transitions("summer", hours{0}, {{utc(2030, 6, 1), hours{-5}}}, us);
    CHECK(summer.period_at(utc(2030, 6, 1)) ==
          Period{utc(2030, 6, 1), utc(2030, 11, 3, 6), hours{-4}});
    // Without a transition it holds always.
    CHECK(Zone::from_transitions("always", hours{9}, {}, us).period_at(utc(1, 7, 1)).offset ==
          hours{-4});
}

TEST_CASE("period_at: the rule is the same in every 400 years, with the right ends", "[calendar]") {
    const Zone zone = Zone::from_transitions(
        "New_York", hours{-5}, {{utc(2007, 3, 11, 7), hours{-4}}}, rule("EST5EDT,M3.2.0,M11.1.0"));
    CHECK(zone.period_at(utc(2007, 6, 1)) ==
          Period{utc(2007, 3, 11, 7), utc(2007, 11, 4, 6), hours{-4}});
    for (const int year : {2026, 2407, 2408, 2807, 9999, 32000}) {
        const Period summer = zone.period_at(utc(year, 7, 1));
        const Period winter = zone.period_at(summer.end);
        CHECK(summer.offset == hours{-4});
        CHECK(winter.offset == hours{-5});
        CHECK(winter.begin == summer.end);
        CHECK(summer.begin < utc(year, 3, 15));
        CHECK(summer.begin >= utc(year, 3, 8));
        CHECK(winter.begin < utc(year, 11, 8));
        CHECK(winter.begin >= utc(year, 11, 1));
        CHECK(winter.end < utc(year + 1, 3, 15));
    }
}

TEST_CASE("period_at: the periods are a partition of all instants", "[calendar]") {
    const auto seed = new_seed();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (const Zone& zone : sample_zones()) {
        INFO(zone.name());
        for (int i = 0; i < 5'000; ++i) {
            const sys_seconds at = random_instant(random, zone);
            const Period period = zone.period_at(at);
            INFO(at.time_since_epoch().count());
            REQUIRE(period.begin <= at);
            REQUIRE((at < period.end || period.end == kForEver));
            if (period.end != kForEver) {
                const Period next = zone.period_at(period.end);
                REQUIRE(next.begin == period.end);
                REQUIRE(next.offset != period.offset);
            }
            if (period.begin != kAlways) {
                REQUIRE(zone.period_at(period.begin - seconds{1}).end == period.begin);
            }
            REQUIRE(zone.period_at(period.begin) == period);
        }
    }
}

TEST_CASE("fit: a local time in a gap is skipped, at the transition that skips it", "[calendar]") {
    const Zone apia = sample_zones()[2];
    const sys_seconds gap = utc(2011, 12, 30, 10);
    for (const Local skipped :
         {local(2011, 12, 30), local(2011, 12, 30, 12), local(2011, 12, 30, 23, 59, 59)}) {
        const LocalFit fit = apia.fit(skipped);
        CHECK(fit.kind == LocalFit::Kind::skipped);
        CHECK(fit.first == gap);
    }
    CHECK(apia.fit(local(2011, 12, 29, 23, 59, 59)).kind == LocalFit::Kind::unique);
    CHECK(apia.fit(local(2011, 12, 29, 23, 59, 59)).first == gap - seconds{1});
    CHECK(apia.fit(local(2011, 12, 31)).kind == LocalFit::Kind::unique);
    CHECK(apia.fit(local(2011, 12, 31)).first == gap);
}

TEST_CASE("fit: a local time in an overlap is repeated, earlier instant first", "[calendar]") {
    const Zone troll = Zone::from_rule("Troll", rule("<+00>0<+02>-2,M3.5.0/1,M10.5.0/3"));
    const LocalFit fit = troll.fit(local(2026, 10, 25, 1, 30));
    CHECK(fit.kind == LocalFit::Kind::repeated);
    CHECK(fit.first == utc(2026, 10, 24, 23, 30));
    CHECK(fit.second == utc(2026, 10, 25, 1, 30));
    CHECK(troll.fit(local(2026, 10, 25, 0, 59, 59)).kind == LocalFit::Kind::unique);
    CHECK(troll.fit(local(2026, 10, 25, 1)).kind == LocalFit::Kind::repeated);
    CHECK(troll.fit(local(2026, 10, 25, 2, 59, 59)).kind == LocalFit::Kind::repeated);
    CHECK(troll.fit(local(2026, 10, 25, 3)).kind == LocalFit::Kind::unique);
    const Zone lord_howe =
        Zone::from_rule("Lord_Howe", rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"));
    CHECK(lord_howe.fit(local(2026, 4, 5, 1, 30)).kind == LocalFit::Kind::repeated);
    CHECK(lord_howe.fit(local(2026, 4, 5, 1, 29, 59)).kind == LocalFit::Kind::unique);
    CHECK(lord_howe.fit(local(2026, 10, 4, 2, 29, 59)).kind == LocalFit::Kind::skipped);
    CHECK(lord_howe.fit(local(2026, 10, 4, 2, 30)).kind == LocalFit::Kind::unique);
}

TEST_CASE("fit: what an instant reads is never skipped, and its fit has that instant",
          "[calendar]") {
    const auto seed = new_seed();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (const Zone& zone : sample_zones()) {
        if (zone.name() == "quick") continue;  // reads one time three times
        INFO(zone.name());
        for (int i = 0; i < 5'000; ++i) {
            // A day from the ends, so that the reading itself does not overflow.
            const sys_seconds at =
                std::clamp(random_instant(random, zone), kAlways + hours{48}, kForEver - hours{48});
            const LocalFit fit = zone.fit(local_of(zone, at));
            INFO(at.time_since_epoch().count());
            REQUIRE(fit.kind != LocalFit::Kind::skipped);
            REQUIRE((fit.first == at || fit.second == at));
            REQUIRE(local_of(zone, fit.first) == local_of(zone, at));
            REQUIRE(local_of(zone, fit.second) == local_of(zone, at));
            REQUIRE((fit.kind == LocalFit::Kind::unique) == (fit.first == fit.second));
        }
    }
}

TEST_CASE("fit: agrees with reading the clock every ten minutes around a transition",
          "[calendar]") {
    for (const Zone& zone : sample_zones()) {
        const Period period = zone.period_at(utc(1993, 7, 1));
        const sys_seconds edge = period.end != kForEver ? period.end : period.begin;
        if (edge == kAlways) continue;
        INFO(zone.name());
        const Local middle = local_of(zone, edge);
        for (Local reading = middle - hours{30}; reading < middle + hours{30};
             reading += minutes{10}) {
            std::vector<sys_seconds> instants;
            const sys_seconds as_utc{reading.time_since_epoch()};
            for (sys_seconds at = as_utc - hours{26}; at < as_utc + hours{26}; at += minutes{10}) {
                if (local_of(zone, at) == reading) instants.push_back(at);
            }
            const LocalFit fit = zone.fit(reading);
            REQUIRE((fit.kind == LocalFit::Kind::skipped) == instants.empty());
            if (instants.empty()) {
                REQUIRE(local_of(zone, fit.first - seconds{1}) < reading);
                REQUIRE(local_of(zone, fit.first) > reading);
                continue;
            }
            REQUIRE(fit.first == instants.front());
            REQUIRE((fit.kind == LocalFit::Kind::repeated) == (instants.size() > 1));
            if (instants.size() == 2) REQUIRE(fit.second == instants.back());
        }
    }
}

TEST_CASE("fit and period_at: the ends of time do not overflow", "[calendar]") {
    for (const Zone& zone : sample_zones()) {
        for (const std::int64_t count : {std::numeric_limits<std::int64_t>::min(),
                                         std::numeric_limits<std::int64_t>::min() + 1,
                                         std::numeric_limits<std::int64_t>::max() - 1,
                                         std::numeric_limits<std::int64_t>::max()}) {
            CHECK(zone.fit(Local{seconds{count}}).kind == LocalFit::Kind::unique);
            const Period period = zone.period_at(sys_seconds{seconds{count}});
            CHECK((period.begin == kAlways || period.end == kForEver));
        }
    }
    const Zone big_bang = Zone::from_transitions(
        "big bang", hours{1},
        {{kAlways, hours{2}}, {kAlways + hours{1}, hours{3}}, {utc(2000, 1, 1), hours{4}}},
        std::nullopt);
    CHECK(big_bang.period_at(utc(1900, 1, 1)) == Period{kAlways, utc(2000, 1, 1), hours{3}});
    const Zone far =
        Zone::from_transitions("far", hours{1}, {{kForEver, hours{2}}}, rule("EST5EDT"));
    CHECK(far.period_at(utc(2026, 7, 1)) == Period{kAlways, kForEver, hours{1}});
}

TEST_CASE("Zones are equal when their names and data are", "[calendar]") {
    const PosixRule us = rule("EST5EDT");
    CHECK(Zone::from_rule("a", us) == Zone::from_rule("a", us));
    CHECK_FALSE(Zone::from_rule("a", us) == Zone::from_rule("b", us));
    CHECK_FALSE(Zone::from_rule("a", us) == Zone::from_rule("a", rule("EST5")));
}
