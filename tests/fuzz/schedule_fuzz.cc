// Any text is a schedule or an error within its bounds, and what a schedule answers holds together,
// from any instant, in a zone whose rule and changes come from the input too.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "calendar/posix_rule.h"
#include "schedule/clock_change.h"
#include "schedule/describe.h"
#include "schedule/schedule.h"

namespace {

using namespace cron::schedule;
using cron::Instant;
using cron::calendar::Transition;
using cron::calendar::Zone;
using std::chrono::sys_seconds;

// Takes numbers from the front of the input.
class Input {
  public:
    explicit Input(std::string_view bytes) : bytes_(bytes) {}

    template <class T>
    T take() {
        T value{};
        const std::size_t size = std::min(sizeof value, bytes_.size());
        if (size > 0) std::memcpy(&value, bytes_.data(), size);
        bytes_.remove_prefix(size);
        return value;
    }
    std::string_view rest() const { return bytes_; }

  private:
    std::string_view bytes_;
};

Zone zone_of(Input& input, Instant near) {
    const auto kind = input.take<std::uint8_t>();
    if (kind % 4 == 0) {
        const auto rule = cron::calendar::parse_posix_rule("EST5EDT,M3.2.0,M11.1.0");
        return Zone::from_rule("rule", *rule);
    }
    if (kind % 4 == 1) return Zone();
    std::vector<Transition> transitions;
    sys_seconds at = cron::floor_seconds(near) - cron::hours{48};
    for (int i = 0; i < kind % 7; ++i) {
        at += cron::seconds{1 + input.take<std::uint16_t>()};
        transitions.push_back({at, cron::seconds{input.take<std::int16_t>() * 2}});
    }
    return Zone::from_transitions("changes", cron::seconds{0}, transitions, {});
}

void check_due(const Schedule& schedule, const Zone& zone, Instant at) {
    const auto next = next_after(schedule, zone, at);
    const auto previous = previous_before(schedule, zone, at);
    CRON_CHECK(!next || *next > at);
    CRON_CHECK(!previous || *previous < at);
    if (next) {
        CRON_CHECK(count_due(schedule, zone, at, *next) == 1);
        CRON_CHECK(previous_before(schedule, zone, *next + cron::microseconds{1}) == next);
        passage_of(schedule, zone, *next);
    }
    if (previous) {
        CRON_CHECK(next_after(schedule, zone, *previous - cron::microseconds{1}) == previous);
    }
    CRON_CHECK(clock_changes(schedule, zone, at, at + cron::hours{24 * 400}, 4).size() <= 4);
}

void check(std::string_view text, std::uint64_t seed, Form form, const Zone& zone, Instant at) {
    const auto schedule = parse_whole(text, seed, form);
    if (!schedule) {
        const ParseError& error = schedule.error();
        CRON_CHECK(error.begin <= error.end && error.end <= text.size() && !error.message.empty());
        return;
    }
    CRON_CHECK(parse_whole(print(*schedule), 0, form_of(*schedule)) == *schedule);
    CRON_CHECK(!describe(*schedule).empty());
    check_due(*schedule, zone, at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(std::string_view(reinterpret_cast<const char*>(data), size));
    constexpr std::array kForms = {Form::five_fields, Form::six_fields, Form::supercronic};
    const Form form = kForms.at(input.take<std::uint8_t>() % kForms.size());
    const auto seed = input.take<std::uint32_t>();
    // Most instants lie in the years that are searched, some beyond.
    const Instant at{cron::microseconds{input.take<std::int64_t>()}};
    const Zone zone = zone_of(input, std::clamp(at, Instant{} - cron::hours{24 * 365 * 3000},
                                                Instant{} + cron::hours{24 * 365 * 9000}));
    check(input.rest(), seed, form, zone, at);
    return 0;
}
