#include "faults.h"

namespace cron::sim {
namespace {

using std::chrono::milliseconds;

constexpr hours kDay{24};

}  // namespace

Profile draw_profile(Random& random, std::uint64_t seed) {
    const auto jobs = [&](unsigned least, unsigned most) {
        return least + static_cast<unsigned>(random.below(most - least + 1));
    };
    if (seed % 50 == 49) {  // a crowd: verdicts fill more than one batch
        return {Density::by_minute, minutes{90}, minutes{20}, 1'500, minutes{4}, 6'000};
    }
    switch (seed % 8) {
        case 5:
            return {Density::by_second, hours{2}, hours{1}, jobs(5, 15), minutes{5}, 15};
        case 6:
        case 7:
            return {Density::by_minute, kDay * 4, kDay, jobs(5, 25), hours{1}, 15};
        default:
            return {Density::sparse, kDay * 500, kDay * 32, jobs(5, 60), kDay * 2, 15};
    }
}

Fault draw_fault(Random& random) {
    static const std::vector<Fault> kFaults = {
        Fault::clock_step,  Fault::clock_step,    Fault::clock_step,     Fault::clock_steps,
        Fault::suspend,     Fault::stall,         Fault::stall_and_step, Fault::crash,
        Fault::crash,       Fault::crash,         Fault::power_cut,      Fault::reload,
        Fault::reload,      Fault::reload,        Fault::leave,          Fault::drain,
        Fault::drain_twice, Fault::trouble,       Fault::trouble,        Fault::far_step,
        Fault::clock_rate,  Fault::frozen,        Fault::zone,           Fault::zone,
        Fault::disk,        Fault::second_daemon,
    };
    return random.pick(kFaults);
}

std::string_view print(Fault fault) {
    switch (fault) {
        case Fault::clock_step:
            return "the clock is set";
        case Fault::clock_steps:
            return "the clock is set again and again";
        case Fault::far_step:
            return "the clock is set far off";
        case Fault::clock_rate:
            return "the clock goes wrong";
        case Fault::frozen:
            return "the monotonic clock stands still";
        case Fault::zone:
            return "another zone for the daemon";
        case Fault::suspend:
            return "the machine sleeps";
        case Fault::stall:
            return "the daemon does not run";
        case Fault::stall_and_step:
            return "the daemon does not run, and the clock is set";
        case Fault::crash:
            return "a crash";
        case Fault::power_cut:
            return "a power cut";
        case Fault::reload:
            return "the tables change";
        case Fault::leave:
            return "a stop that leaves the jobs";
        case Fault::drain:
            return "a stop that ends the jobs";
        case Fault::drain_twice:
            return "a stop that ends the jobs, asked for twice";
        case Fault::trouble:
            return "starts fail, answers are late, others take runs";
        case Fault::disk:
            return "the disk fails";
        case Fault::second_daemon:
            return "a second daemon";
    }
    return "";
}

microseconds draw_step(Random& random) {
    static const std::vector<microseconds> kSizes = {
        milliseconds{300}, seconds{1},   seconds{59}, seconds{299}, minutes{5},   seconds{301},
        minutes{6},        minutes{59},  hours{1},    minutes{61},  minutes{150}, minutes{179},
        hours{3},          minutes{181}, hours{5},    kDay,         kDay * 30};
    const microseconds size =
        random.one_in(3) ? random.between(seconds{0}, minutes{6}) : random.pick(kSizes);
    return random.one_in(3) ? size : -size;
}

Instant draw_far(Random& random) {
    using std::chrono::sys_days;
    using std::chrono::year;
    static const std::vector<Instant> kFar = {
        Instant{},
        Instant{seconds{2'147'483'647}},  // the last second of 32 bits
        sys_days{year{-4000} / 1 / 1},
        sys_days{year{1} / 1 / 1},
        sys_days{year{1969} / 12 / 31} + hours{24} - microseconds{1},
        sys_days{year{2262} / 4 / 11},  // the last day of 64 bits of nanoseconds
        sys_days{year{9999} / 12 / 31} + hours{24} - seconds{30},
        sys_days{year{10000} / 1 / 1},
        sys_days{year{32000} / 1 / 1},
    };
    return random.pick(kFar) + random.between(seconds{-100}, seconds{100});
}

Drift draw_drift(Random& random, const Profile& profile) {
    static const std::vector<std::int64_t> kRates = {0,     1,     500,    990,    1'001,
                                                     1'100, 2'000, 30'000, -1'000, -20};
    Drift drift;
    drift.rate = random.pick(kRates);
    drift.lasts = random.between(microseconds{0}, 3 * profile.fault_gap);
    // What runs so fast must not run for long.
    if (drift.rate > 10'000) drift.lasts /= 10;
    return drift;
}

microseconds draw_stall(Random& random) {
    static const std::vector<microseconds> kMost = {seconds{3}, minutes{1}, minutes{7}, hours{4}};
    return random.between(milliseconds{100}, random.pick(kMost));
}

microseconds draw_down_time(Random& random) {
    static const std::vector<microseconds> kMost = {
        seconds{2}, seconds{10}, minutes{1}, minutes{5}, minutes{30}, hours{4}, kDay * 3};
    return random.between(milliseconds{1}, random.pick(kMost));
}

microseconds draw_run_time(Random& random) {
    const auto draw = random.below(100);
    if (draw < 20) return microseconds{0};
    if (draw < 60) return random.between(milliseconds{1}, seconds{1});
    if (draw < 85) return random.between(seconds{1}, minutes{2});
    if (draw < 98) return random.between(minutes{1}, hours{3});
    return random.between(hours{3}, kDay * 3);
}

Trouble draw_trouble(Random& random, microseconds elapsed) {
    static const std::vector<microseconds> kFor = {minutes{1}, minutes{10}, hours{5}};
    static const std::vector<microseconds> kDelays = {milliseconds{0}, milliseconds{50}, seconds{3},
                                                      minutes{10}};
    Trouble trouble;
    trouble.until = elapsed + random.between(seconds{1}, random.pick(kFor));
    if (random.one_in(2)) trouble.failing_starts = 1 + random.below(3);
    trouble.fails_for_good = random.one_in(3);
    if (random.one_in(4)) trouble.refusals = 1 + random.below(3);
    trouble.answer_delay = random.pick(kDelays);
    return trouble;
}

}  // namespace cron::sim
