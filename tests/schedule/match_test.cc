#include "schedule/match.h"

#include "support.h"

namespace cron::schedule {
namespace {

using std::chrono::days;
using std::chrono::local_days;

// The day rule as DESIGN says it, on a date.
bool matches_day(const Fields& fields, local_days day) {
    const std::chrono::year_month_day date{day};
    const auto has = [](std::uint64_t bits, unsigned value) { return (bits >> value & 1) != 0; };
    if (!has(fields.months, static_cast<unsigned>(date.month()))) return false;
    const bool by_date = has(fields.days_of_month, static_cast<unsigned>(date.day()));
    const bool by_weekday = has(fields.days_of_week, std::chrono::weekday{day}.c_encoding());
    if (fields.day_of_month_star || fields.day_of_week_star) return by_date && by_weekday;
    return by_date || by_weekday;
}

}  // namespace

TEST_CASE("match: searches and counts agree with a walk over days", "[schedule]") {
    const std::uint64_t seed = seed_for("match");
    CAPTURE(seed);
    Random random(seed);
    constexpr int kDays = 366 * 9;
    for (int i = 0; i < 150; ++i) {
        const std::string text = random_fields(random, true);
        CAPTURE(text);
        const Fields fields = parsed(text).fields();
        const std::int64_t start = random.one_in(2) ? 157'000 : random.between(-719'162, 2'932'000);
        const local_days first{days{start}};
        const Local from = first + seconds{random.between(0, 86'399)};
        const Local to = first + days{kDays};
        std::uint64_t count = 0;
        Local earliest = to, latest = Local::min();
        for (local_days day = first; day < to; day += days{1}) {
            if (!matches_day(fields, day)) continue;
            for (int minute = 0; minute < 1440; ++minute) {
                if ((fields.hours >> (minute / 60) & 1) == 0) {
                    minute += 59;
                    continue;
                }
                if ((fields.minutes >> (minute % 60) & 1) == 0) continue;
                const Local match = day + minutes{minute};
                if (match < from) continue;
                earliest = std::min(earliest, match);
                latest = match;
                ++count;
            }
        }
        REQUIRE(count_matches(fields, from, to) == count);
        if (count == 0) continue;
        REQUIRE(first_match(fields, from) == earliest);
        REQUIRE(last_match(fields, to - seconds{1}) == latest);
        REQUIRE(first_match(fields, earliest) == earliest);
        REQUIRE(last_match(fields, latest) == latest);
    }
}

TEST_CASE("match: a date that no year has matches never", "[schedule]") {
    for (const char* text :
         {"0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30 2 */2", "0 0 31 2 *,1"}) {
        INFO(text);
        const Fields fields = parsed(text).fields();
        CHECK_FALSE(first_match(fields, Local{}));
        CHECK_FALSE(last_match(fields, Local{}));
        CHECK(count_matches(fields, Local{}, Local{} + days{100'000}) == 0);
    }
}

TEST_CASE("match: the rarest dates are found", "[schedule]") {
    const auto day = [](int year, unsigned month, unsigned d) {
        return Local{
            local_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(d)}};
    };
    const Fields leap = parsed("0 0 29 2 *").fields();
    CHECK(first_match(leap, day(2096, 3, 1)) == day(2104, 2, 29));
    CHECK(last_match(leap, day(2104, 2, 28)) == day(2096, 2, 29));
    CHECK(first_match(leap, day(2400, 1, 1)) == day(2400, 2, 29));
    // 29 February on a Sunday, across a century without one: 40 years apart.
    const Fields sunday = parsed("0 0 29 2 */7").fields();
    CHECK(first_match(sunday, day(2088, 3, 1)) == day(2128, 2, 29));
    for (int year = 2000; year < 2410; year += 7) {
        const auto found = first_match(sunday, day(year, 1, 1));
        REQUIRE(found);
        CHECK(std::chrono::weekday{std::chrono::floor<days>(*found)} == std::chrono::Sunday);
    }
}

}  // namespace cron::schedule
