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
        const std::string text = random_fields(random, random.one_in(2));
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
        fields.minutes = any((1ULL << 60) - 1);
        fields.hours = static_cast<std::uint32_t>(any((1U << 24) - 1));
        fields.days_of_month = static_cast<std::uint32_t>(any(0xFFFFFFFEU));
        fields.months = static_cast<std::uint16_t>(any(0x1FFE));
        fields.days_of_week = static_cast<std::uint8_t>(any(0x7F));
        fields.minute_star = (fields.minutes & 1) != 0 && random.one_in(2);
        fields.hour_star = (fields.hours & 1) != 0 && random.one_in(2);
        fields.day_of_month_star = (fields.days_of_month & 2) != 0 && random.one_in(2);
        fields.day_of_week_star = (fields.days_of_week & 1) != 0 && random.one_in(2);
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
