#include "random_policies.h"

namespace cron::sim {
namespace {

using crontab::Overlap;

seconds draw_seconds(Random& random) {
    static const std::vector<seconds> kMost = {seconds{5}, minutes{2}, hours{3}};
    return std::chrono::floor<seconds>(random.between(seconds{1}, random.pick(kMost)));
}

}  // namespace

crontab::Policy draw_policy(Random& random) {
    static const std::vector<Overlap> kOverlaps = {Overlap::allow, Overlap::forbid, Overlap::queue,
                                                   Overlap::replace};
    static const std::vector<std::string> kPools = {"a", "b", "c"};
    crontab::Policy policy;
    if (random.one_in(2)) return policy;
    policy.overlap = random.pick(kOverlaps);
    policy.enabled = !random.one_in(10);
    if (random.one_in(4)) policy.timeout = draw_seconds(random);
    if (random.one_in(2)) policy.kill_after = seconds{static_cast<int>(random.below(30))};
    if (random.one_in(3)) {
        policy.retry.times = static_cast<std::uint32_t>(random.below(5));
        policy.retry.delay = draw_seconds(random);
        policy.retry.delay_max = policy.retry.delay * static_cast<int>(1 + random.below(9));
    }
    if (random.one_in(4)) policy.catch_up = 8 * draw_seconds(random);
    if (random.one_in(6)) {
        const minutes begin{static_cast<int>(random.below(1440))};
        const minutes length{static_cast<int>(60 + random.below(1380))};
        policy.window = crontab::Window{begin, (begin + length) % hours{24}};
    }
    if (random.one_in(4)) policy.pool = random.pick(kPools);
    return policy;
}

engine::Capacity draw_capacity(Random& random) {
    engine::Capacity capacity;
    capacity.pools = {{"a", 1 + static_cast<std::uint32_t>(random.below(3))},
                      {"b", 1 + static_cast<std::uint32_t>(random.below(10))}};
    if (random.one_in(4)) capacity.max_running = 1 + static_cast<std::uint32_t>(random.below(20));
    if (random.one_in(4)) {
        capacity.max_starts_per_second = 1 + static_cast<std::uint32_t>(random.below(5));
    }
    return capacity;
}

seconds draw_delay(Random& random) { return random.one_in(5) ? draw_seconds(random) : seconds{0}; }

}  // namespace cron::sim
