#include "random_schedules.h"

#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"

namespace cron::sim {
namespace {

using schedule::Form;
using schedule::Schedule;

constexpr int kTries = 20;
constexpr hours kSample{24 * 40};

// Wildcard and fixed schedules, with a bias to the hours in which clocks change.
const std::vector<std::string> kSparse = {
    "0 * * * *",    "0 0-23 * * *", "30 * * * *",    "7 */2 * * *",    "0 */6 * * *",
    "@every 1h",    "@every 7h",    "@every 1d",     "0 0 * * *",      "30 2 * * *",
    "0 3 * * *",    "15 1 * * *",   "59 23 * * *",   "45 1 * * 0",     "30 1,2,3 * * *",
    "0 4 1 * *",    "0 12 * * 1-5", "30 2 29 2 *",   "0 0 31 2 *",     "0 0 1 1 *",
    "@reboot",      "@reboot",      "10 9,17 * * *", "0 2 8-14 3 0",   "5 22 30 12 *",
    "@monthly",     "0 0 29 2 *",   "30 2 L * *",    "0 3 LW * *",     "0 2 * * 7L",
    "30 2 * * 0#2", "0 0 15W * ?",  "H H * * *",     "H H(1-3) H * *", "0,15,30,45 1-3 * * 0",
};
const std::vector<std::string> kByMinute = {"* * * * *",   "*/5 * * * *",          "@every 1m",
                                            "@every 90s",  "*/15 8-17 * * 1-5",    "1-59/2 * * * *",
                                            "* 1-3 * * *", "0,10,20,30 2,3 * * *", "H/3 * * * *"};
const std::vector<std::string> kBySecond = {
    "@every 1s",      "@every 2s",      "@every 7s",       "@every 30s",        "@every 59s",
    "* * * * * *",    "*/10 * * * * *", "0,30 * * * * *",  "* 0-58 0-22 * * *", "H/20 * * * * *",
    "*/5 30 2 * * *", "59 59 * * * *",  "15 */2 1-3 * * *"};

struct Range {
    unsigned first = 0;
    unsigned last = 0;
};
enum Part { kSecond, kMinute, kHour, kDayOfMonth, kMonth, kDayOfWeek, kParts };
constexpr std::array<Range, kParts> kRanges = {
    {{0, 59}, {0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}}};

class Writer {
  public:
    explicit Writer(Random& random) : random_(random) {}

    std::string field(Part part) {
        if (random_.one_in(3)) return is_day(part) && random_.one_in(5) ? "?" : "*";
        if (random_.one_in(6)) return fmt::format("*/{}", 1 + random_.below(70));
        if (random_.one_in(10)) return fmt::format("H/{}", 1 + random_.below(9));
        return list(part);
    }
    // Of a few values only.
    std::string list(Part part) {
        std::string text = item(part);
        while (random_.one_in(4)) text += ',' + item(part);
        return text;
    }
    std::string value(Part part) { return std::to_string(draw(kRanges[part])); }

  private:
    static bool is_day(Part part) { return part == kDayOfMonth || part == kDayOfWeek; }

    unsigned draw(Range range) {
        return range.first + static_cast<unsigned>(random_.below(range.last - range.first + 1));
    }

    std::string item(Part part) {
        if (part == kDayOfMonth && random_.one_in(3)) return day_of_month();
        if (part == kDayOfWeek && random_.one_in(3)) return day_of_week();
        const Range range = kRanges[part];
        const unsigned low = draw(range);
        const unsigned high = draw({low, range.last});
        switch (random_.below(8)) {
            case 0:
                return fmt::format("{}-{}", low, high);
            case 1:
                return fmt::format("{}-{}/{}", low, high, 1 + random_.below(40));
            case 2:
                return fmt::format("{}~{}", low, high);
            case 3:
                return fmt::format("H({}-{})", low, high);
            case 4:
                return "H";
            default:
                return std::to_string(low);
        }
    }
    std::string day_of_month() {
        switch (random_.below(5)) {
            case 0:
                return "L";
            case 1:
                return fmt::format("L-{}", 1 + random_.below(30));
            case 2:
                return "LW";
            case 3:
                return fmt::format("L-{}W", 1 + random_.below(30));
            default:
                return fmt::format("{}W", draw(kRanges[kDayOfMonth]));
        }
    }
    std::string day_of_week() {
        static const std::vector<std::string> kNames = {"SUN", "mon", "Tue", "WED",
                                                        "thu", "FRI", "7"};
        const std::string& day = random_.pick(kNames);
        switch (random_.below(3)) {
            case 0:
                return day + "L";
            case 1:
                return fmt::format("{}#{}", day, 1 + random_.below(5));
            default:
                return day;
        }
    }

    Random& random_;
};

std::string draw_text(Random& random, Density density) {
    Writer writer(random);
    const bool has_seconds = density == Density::by_second || random.one_in(4);
    std::string text;
    if (has_seconds) {
        text = density == Density::by_second ? writer.field(kSecond) : writer.value(kSecond);
        text += ' ';
    }
    text += density == Density::sparse ? writer.list(kMinute) : writer.field(kMinute);
    for (const Part part : {kHour, kDayOfMonth, kMonth, kDayOfWeek}) {
        text += ' ';
        // Most of a month must be left, or too little is due.
        text += random.one_in(3) ? std::string("*") : writer.field(part);
    }
    return text;
}

std::optional<Schedule> parse(const std::string& text, std::uint64_t seed) {
    for (const Form form : {Form::five_fields, Form::six_fields}) {
        const auto parsed = schedule::parse_whole(text, seed, form);
        if (parsed) return *parsed;
    }
    return std::nullopt;
}

const std::string& draw_known(Random& random, Density density) {
    if (density == Density::by_second && !random.one_in(3)) return random.pick(kBySecond);
    if (density != Density::sparse && !random.one_in(3)) return random.pick(kByMinute);
    return random.pick(kSparse);
}

// Due times a day.
std::uint64_t most(Density density) {
    switch (density) {
        case Density::sparse:
            return 30;
        case Density::by_minute:
            return 1'500;
        case Density::by_second:
            return 86'400;
    }
    return 0;
}

}  // namespace

Written draw_schedule(Random& random, Density density, const calendar::Zone& zone, Instant begin,
                      std::uint64_t seed) {
    for (int tries = 0; tries < kTries && !random.one_in(3); ++tries) {
        Written drawn{draw_text(random, density), {}};
        const auto schedule = parse(drawn.text, seed);
        CRON_CHECK(schedule.has_value());
        drawn.schedule = *schedule;
        const auto due = schedule::count_due(drawn.schedule, zone, begin, begin + kSample);
        if (due <= most(density) * (kSample / hours{24})) return drawn;
    }
    const std::string& known = draw_known(random, density);
    const auto schedule = parse(known, seed);
    CRON_CHECK(schedule.has_value());
    return {known, *schedule};
}

}  // namespace cron::sim
