#include "schedule/match.h"

#include "naive.h"
#include "support.h"

namespace cron::schedule {
namespace {

using std::chrono::days;
using std::chrono::local_days;

// A text of its kind, in turn.
std::string any_fields(Random& random) {
    return random_fields(random, Variety{true, random.one_in(2), random.one_in(3)});
}

// All matches in [from, to).
struct Walk {
    std::uint64_t count = 0;
    Local earliest = Local::max();
    Local latest = Local::min();
};

Walk walk(const Fields& fields, Local from, Local to) {
    Walk found;
    for (auto day = std::chrono::floor<days>(from); day < to; day += days{1}) {
        if (!matches_day(fields, day)) continue;
        for (unsigned second = 0; second < 86'400; ++second) {
            if (!has_bit(fields.hours, second / 3600)) {
                second += 3599;
                continue;
            }
            if (!has_bit(fields.minutes, second / 60 % 60)) {
                second += 59;
                continue;
            }
            const Local match = day + seconds{second};
            if (!has_bit(fields.seconds, second % 60) || match < from || match >= to) continue;
            found.earliest = std::min(found.earliest, match);
            found.latest = match;
            ++found.count;
        }
    }
    return found;
}

}  // namespace

TEST_CASE("match: searches and counts agree with a walk over days", "[schedule]") {
    const std::uint64_t seed = seed_for("match");
    CAPTURE(seed);
    Random random(seed);
    constexpr int kDays = 366 * 5;
    for (int i = 0; i < 150; ++i) {
        const std::string text = any_fields(random);
        CAPTURE(text);
        Fields fields = parsed(text).fields();
        const std::int64_t start = random.one_in(2) ? 157'000 : random.between(-719'162, 2'932'000);
        const local_days first{days{start}};
        if (random.one_in(3)) {
            const int year{std::chrono::year_month_day{first}.year()};
            const auto low = static_cast<unsigned>(std::clamp(year, kYearFirst, kYearLast));
            fields.years.add(low, kYearLast, static_cast<std::uint64_t>(random.between(1, 4)));
        }
        const Local from = first + seconds{random.between(0, 86'399)};
        const Local to = first + days{kDays} + seconds{random.between(0, 86'399)};
        const auto [count, earliest, latest] = walk(fields, from, to);
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
         {"0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30 2 */2", "0 0 31 2 *,1",
          "0 0 30W 2 *", "0 0 L-29 2 *", "0 0 */100 2 1#2,2#3", "5 0 0 L-30W 4 ?"}) {
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
