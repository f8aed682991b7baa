#include "schedule/describe.h"

#include <map>

#include "support.h"

namespace cron::schedule {
namespace {

// The first due times after some instants: what a schedule means, in UTC.
std::vector<std::optional<Instant>> meaning_of(const Schedule& schedule) {
    std::vector<std::optional<Instant>> due;
    for (const char* from : {"2024-02-27 23:58:31", "2025-12-30 11:29:59", "2027-08-13 00:00"}) {
        std::optional<Instant> at = instant_of(from);
        for (int i = 0; i < 40 && at; ++i) {
            at = next_after(schedule, calendar::Zone(), *at);
            due.push_back(at);
        }
    }
    return due;
}

}  // namespace

TEST_CASE("describe: says what a schedule means as one would say it", "[schedule]") {
    const char* rows[][2] = {
        {"* * * * *", "every minute"},
        {"*/5 * * * *", "every 5 minutes"},
        {"*/45 * * * *", "at minutes 0 and 45 of every hour"},
        {"*/7 * * * *", "every 7 minutes from minute 0 to minute 56 of every hour"},
        {"7-59/15 * * * *", "every 15 minutes from minute 7 to minute 52 of every hour"},
        {"0 * * * *", "every hour"},
        {"7 * * * *", "at minute 7 of every hour"},
        {"0,30 * * * *", "every 30 minutes"},
        {"* 2 * * *", "every minute from 02:00 to 02:59 every day"},
        {"* 9-17 * * *", "every minute from 09:00 to 17:59 every day"},
        {"*/5 9-17 * * 1-5", "every 5 minutes from 09:00 to 17:55 from Monday to Friday"},
        {"30 2 * * *", "at 02:30 every day"},
        {"0,30 9,17 * * *", "at 09:00, 09:30, 17:00 and 17:30 every day"},
        {"0 */6 * * *", "every 6 hours"},
        {"7 */2 * * *", "every 2 hours from 00:07 to 22:07"},
        {"0 */2 * * *", "every 2 hours"},
        {"0 1-23/2 * * *", "every 2 hours from 01:00 to 23:00"},
        {"30 9-17 * * *", "every hour from 09:30 to 17:30 every day"},
        {"0 0 1,15 * 5", "at 00:00 on the 1st and the 15th of the month, and on Fridays"},
        {"0 0 */2 * 1",
         "at 00:00 on Mondays, but only on every 2nd day from the 1st to the 31st of the month"},
        {"0 0 */100,1-7 * MON", "at 00:00 on Mondays, but only on the 1st to the 7th of the month"},
        {"0 0 15W * *", "at 00:00 on the weekday nearest to the 15th of the month"},
        {"30 2 * 3 5L", "at 02:30 on the last Friday of March"},
        {"0 0 LW * *", "at 00:00 on the last weekday of the month"},
        {"0 0 L-3 * *", "at 00:00 on the 3rd day before the last day of the month"},
        {"0 0 * * 5#3", "at 00:00 on the third Friday of the month"},
        {"0 0 29 2 *", "at 00:00 on the 29th of February"},
        {"0 0 31 12 *", "at 00:00 on the 31st of December"},
        {"0 0 1 */3 *", "at 00:00 on the 1st of January, April, July and October"},
        {"0 0 * 6-8 mon,wed,fri",
         "at 00:00 on Mondays, Wednesdays and Fridays from June to August"},
        {"0 0 * * fri-sun", "at 00:00 from Friday to Sunday"},
        {"0 0 * * mon,5#3", "at 00:00 on Mondays and the third Friday of the month"},
        {"0 0 * 3 mon,5#3", "at 00:00 on Mondays and the third Friday of the month, in March"},
        {"0 0 1-7,15,20-22,L * *",
         "at 00:00 on the 1st to the 7th, the 15th, the 20th to the 22nd and the last day of the "
         "month"},
        {"*/10 30 2 * * *", "every 10 seconds of the minute, at 02:30 every day"},
        {"*/10 0 * * * *", "every 10 seconds of minute 0 of every hour"},
        {"*/10 0 9-17 * * *", "every 10 seconds of minute 0 of every hour from 9 to 17 every day"},
        {"30 0 */2 * * *", "at second 30 of minute 0 of every 2nd hour from 0 to 22"},
        {"30 7 * * * *", "at second 30 of minute 7 of every hour"},
        {"*/10 0 */12 * * *", "every 10 seconds of the minute, at 00:00 and 12:00"},
        {"*/10 * * * * *", "every 10 seconds"},
        {"7 * * * * *", "at second 7 of every minute"},
        {"* * * * * *", "every second"},
        {"7 30 2 * * *", "at 02:30:07 every day"},
        {"*/45 * * * * *", "at seconds 0 and 45 of every minute"},
        {"0-30 1 * * *", "every minute from 01:00 to 01:30 every day"},
        {"0 0-23 * * *", "every hour"},
        {"*/20 */3 * * *", "at minutes 0, 20 and 40 of every 3rd hour from 0 to 21"},
        {"*/20 1-23/3 * * *", "at minutes 0, 20 and 40 of every 3rd hour from 1 to 22"},
        {"5,17,33,41 1,4,9,13,22 * * *",
         "at minutes 5, 17, 33 and 41 of the hours 1, 4, 9, 13 and 22 every day"},
        {"@every 90s", "every 1 minute and 30 seconds, counted from 1970-01-01 00:00 UTC"},
        {"@every 1d", "every 1 day, counted from 1970-01-01 00:00 UTC"},
        {"@reboot", "once at each boot"},
        {"@weekly", "at 00:00 on Sundays"},
        {"0 12 * * ?", "at 12:00 every day"},
        {"0 12 13W,L-2W 1,2,3,12 *",
         "at 12:00 on the weekday nearest to the 13th and the weekday nearest to the 2nd day "
         "before the last day of January to March and December"},
        {"0 0 * 1 *", "at 00:00 every day in January"},
        {"* * * 1 *", "every minute in January"},
        {"*/15 0-2,22-23 * * *",
         "every 15 minutes from 00:00 to 02:45 and 22:00 to 23:45 every day"},
    };
    for (const auto& [text, words] : rows) {
        INFO(text);
        CHECK(describe(parsed(text)) == words);
    }
}

TEST_CASE("describe: what is described alike is due at the same times", "[schedule]") {
    const std::uint64_t seed = seed_for("describe");
    CAPTURE(seed);
    Random random(seed);
    std::map<std::string, std::pair<std::string, std::vector<std::optional<Instant>>>> known;
    for (int i = 0; i < 6'000; ++i) {
        // Small fields, so that many are described alike.
        const auto pick = [&](std::initializer_list<const char*> of) {
            return std::string(of.begin()[random.below(of.size())]);
        };
        const std::string text =
            random.one_in(3)
                ? random_fields(random,
                                Variety{random.one_in(2), random.one_in(2), random.one_in(3)})
                : (random.one_in(3) ? pick({"0 ", "7 ", "*/10 ", "* ", "*/45 "}) : "") +
                      pick({"*", "0", "7", "0,30", "*/15", "7-59/15", "*/45", "0-59", "0-30"}) +
                      " " +
                      pick({"*", "2", "0,12", "*/2", "1-23/2", "9-17", "0-23", "9-11,13-17"}) +
                      " " + pick({"*", "1", "L", "*/2", "1-7", "1-31", "LW", "?", "15W,L-3"}) +
                      " " + pick({"*", "3", "6-8", "1-12", "*/3"}) + " " +
                      pick({"*", "1", "1-5", "5#3", "5L", "0-7", "?", "*/7", "6,0"});
        const Schedule schedule = parsed(text);
        const std::string words = describe(schedule);
        CAPTURE(text, words);
        REQUIRE(words.find("  ") == std::string::npos);
        REQUIRE((words.front() != ' ' && words.back() != ' '));
        const auto meaning = meaning_of(schedule);
        const auto [other, is_first] = known.try_emplace(words, text, meaning);
        CAPTURE(other->second.first);
        REQUIRE(other->second.second == meaning);
    }
}

}  // namespace cron::schedule
