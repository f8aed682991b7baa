// Those who ask the daemon for runs, at the worst of times.
#include <algorithm>

#include "world.h"

namespace cron::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kAsksMax = 5;  // at once

// Around a fault at `fault`, the one before it being at `before`.
microseconds draw_ask_time(Random& random, microseconds before, microseconds fault) {
    switch (random.below(5)) {
        case 0:
            return random.between(before, fault);
        case 1:
            return std::max(before, fault - random.between(microseconds{0}, seconds{2}));
        case 2:
            return fault;
        case 3:
            return fault + random.between(microseconds{0}, seconds{2});
        default:
            return fault + random.between(microseconds{0}, seconds{40});
    }
}

// From a due time on; its verdict comes a second before.
microseconds draw_offset(Random& random) {
    static const std::vector<microseconds> kOffsets = {-seconds{1}, microseconds{-1},
                                                       microseconds{0}, microseconds{1}};
    return random.one_in(2) ? random.pick(kOffsets) : random.between(-seconds{2}, seconds{2});
}

}  // namespace

// Near the fault of this number, at a time that no other moves.
void World::plan_ask(std::uint64_t number, microseconds before, microseconds fault) {
    Random random = chance("ask", number);
    if (random.one_in(2)) return;
    const microseconds at = draw_ask_time(random, before, fault);
    later(std::max(microseconds{0}, at - clock_.elapsed()), [this, number] {
        if (calm_ || !script_.has_ask(number)) return;
        asks_.push_back(number);
        ask(number);
    });
}

// For one job, once or several times at one moment.
void World::ask(std::uint64_t number) {
    Random random = chance("asked", number);
    const auto entry = tables_.draw_entry(random.stream("entry"));
    if (entry == nullptr) return;
    const std::uint64_t count = random.one_in(3) ? 2 + random.below(kAsksMax - 1) : 1;
    trace_.note(clock_.seen(), "ask {}: {} runs of {}", number, count, entry->command);
    const microseconds delay = draw_ask_delay(random, *entry);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t whom = random.below(3);
        later(delay, [this, whom, id = entry->id] {
            if (calm_) return;
            if (rival_ && whom != 0) tell_rival(engine::RunAsked{id});
            if (!engine_ || (rival_ && whom == 1)) return;
            asked_at_ = clock_.now().instant;
            deliver(engine::RunAsked{id});
        });
    }
}

// Until the moment for which the job is asked: now, near its next due time, or when a clock that
// was set back reads again what it read when somebody asked before.
microseconds World::draw_ask_delay(Random& random, const crontab::Entry& entry) const {
    const std::uint64_t draw = random.below(4);
    const Instant now = clock_.now().instant;
    std::optional<Instant> moment;
    if (draw == 0) moment = asked_at_;
    if (draw == 1) moment = schedule::next_after(entry.schedule, entry.zone, clock_.seen().instant);
    if (draw == 1 && moment) *moment += draw_offset(random);
    const auto delay = moment && *moment > now ? clock_.until(*moment) : std::nullopt;
    return delay && *delay <= profile_.fault_gap ? *delay : microseconds{0};
}

}  // namespace cron::sim
