#include <bit>

#include "schedule/duration.h"
#include "support.h"

namespace cron::schedule {

TEST_CASE("print: writes the usual spelling", "[schedule]") {
    const char* rows[][2] = {
        {"* * * * *", "* * * * *"},
        {"*/5 05 1,2,3 jan-mar mon", "*/5 5 1-3 1-3 1"},
        {"0-59 0-23 1-31 1-12 0-7", "0-59 0-23 1-31 * 0-6"},
        {"5,* * * * *", "0-59 * * * *"},
        {"*,5 * * * *", "* * * * *"},
        {"0 0 */100,1-7 * MON", "0 0 */31,2-7 * 1"},
        {"10-50/20 1,2 * */3 fri-sun", "10-50/20 1,2 * */3 0,5,6"},
        {"*/60 */24 */31 */12 */8", "*/60 */24 */31 1 */7"},
        {"0 0 l,lw,L-3 * friL,1#2,MON#1", "0 0 L,L-3,LW * 1#1,1#2,5L"},
        {"0 0 15w,1,l-2w * ?", "0 0 1,15W,L-2W * *"},
        {"0 0 *,L * 7L,*", "0 0 *,L * 0-6,0L"},
        {"0 */5 * * * *", "*/5 * * * *"},
        {"*/10 0 2 * * *", "*/10 0 2 * * *"},
        {"0-59 5 * * * *", "* 5 * * * *"},
        {"7 5 * * * *", "7 5 * * * *"},
        {"@hourly", "0 * * * *"},
        {"@reboot", "@reboot"},
        {"@every 90s", "@every 1m30s"},
        {"@every 24h", "@every 1d"},
    };
    for (const auto& [text, printed] : rows) CHECK(print(parsed(text)) == printed);
}

TEST_CASE("print: what is printed parses to an equal schedule", "[schedule]") {
    const std::uint64_t seed = seed_for("print");
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 20'000; ++i) {
        const Variety variety{random.one_in(2), random.one_in(2), random.one_in(2)};
        const std::string text = random_fields(random, variety);
        const Schedule schedule = parsed(text);
        INFO(text << " prints as " << print(schedule));
        REQUIRE(parsed(print(schedule)) == schedule);
    }
    // Any set of values, not only those that a short text can say.
    for (int i = 0; i < 20'000; ++i) {
        const auto any = [&](std::uint64_t mask) {
            const std::uint64_t bits =
                random.below(~0ULL) & (random.one_in(2) ? random.below(~0ULL) : ~0ULL) & mask;
            return bits != 0 ? bits : mask;
        };
        Fields fields;
        fields.seconds = random.one_in(2) ? any((1ULL << 60) - 1) : 1;
        fields.minutes = any((1ULL << 60) - 1);
        fields.hours = static_cast<std::uint32_t>(any((1U << 24) - 1));
        fields.days_of_month = static_cast<std::uint32_t>(any(0xFFFFFFFEU));
        fields.months = static_cast<std::uint16_t>(any(0x1FFE));
        fields.days_of_week = static_cast<std::uint8_t>(any(0x7F));
        fields.minute_star = (fields.minutes & 1) != 0 && random.one_in(2);
        fields.hour_star = (fields.hours & 1) != 0 && random.one_in(2);
        fields.day_of_month_star = (fields.days_of_month & 2) != 0 && random.one_in(2);
        fields.day_of_week_star = (fields.days_of_week & 1) != 0 && random.one_in(2);
        if (random.one_in(2)) {
            fields.month_days.before_last = static_cast<std::uint32_t>(random.below(1U << 31));
            fields.month_days.nearest_weekday = static_cast<std::uint32_t>(any(0xFFFFFFFEU));
            fields.month_days.weekday_before_last =
                static_cast<std::uint32_t>(random.below(1U << 31));
            for (std::uint8_t& nth : fields.month_days.nth) {
                nth = static_cast<std::uint8_t>(random.below(128));
            }
            fields.month_days.last = static_cast<std::uint8_t>(any(0x7F));
            if (!fields.day_of_month_star && random.one_in(2)) fields.days_of_month = 0;
            if (!fields.day_of_week_star && random.one_in(2)) fields.days_of_week = 0;
        }
        const Schedule schedule = Schedule::of_fields(fields);
        INFO(print(schedule));
        REQUIRE(parsed(print(schedule)) == schedule);
    }
    for (int i = 0; i < 1000; ++i) {
        const Schedule schedule = Schedule::every(seconds{random.between(1, kDurationMax.count())});
        REQUIRE(parsed(print(schedule)) == schedule);
    }
}

}  // namespace cron::schedule
