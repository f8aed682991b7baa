// The part of the world that goes wrong.
#include <algorithm>

#include "random_policies.h"
#include "world.h"

namespace cron::sim {
namespace {

using std::chrono::milliseconds;

}  // namespace

microseconds World::gap_before(std::uint64_t fault) const {
    return chance("gap", fault).between(microseconds{0}, 2 * profile_.fault_gap);
}

std::uint64_t World::faults_planned() const {
    std::uint64_t count = 0;
    for (microseconds at = gap_before(1); at < profile_.length; at += gap_before(count + 1))
        ++count;
    return count;
}

// One after the other, at times that none of them moves.
void World::plan_fault(std::uint64_t number, microseconds after) {
    const microseconds at = after + gap_before(number);
    plan_ask(number, after, at);
    later(std::max(microseconds{0}, at - clock_.elapsed()), [this, number, at] {
        if (calm_) return;
        plan_fault(number + 1, at);
        if (!script_.has_fault(number)) return;
        faults_.push_back(number);
        if (chance("wait for verdicts", number).one_in(3)) {
            wait_for_verdicts_.push_back(number);
        } else {
            draw_and_fail(number);
        }
    });
}

// A stop is let come to its end; then something else goes wrong.
void World::draw_and_fail(std::uint64_t number) {
    if (calm_ || stop_.is_stopping()) return;
    fault_ = number;
    random_ = chance("fault", number);
    fail(draw_fault(random_));
}

void World::fail(Fault fault) {
    trace_.note(clock_.seen(), "fault {}: {}", fault_, print(fault));
    effort_.allow(6);
    end_rival();
    using Manner = engine::StopAsked::Manner;
    switch (fault) {
        case Fault::clock_step:
            step_clock();
            break;
        case Fault::clock_steps: {
            const microseconds size = -random_.between(seconds{20}, hours{2});
            const microseconds small = random_.one_in(2) ? size : size / 30;
            microseconds at{};
            for (auto count = 2 + random_.below(30); count > 0; --count) {
                at += random_.between(milliseconds{1}, seconds{40});
                later(at, [this, small] {
                    if (!calm_) set_clock(clock_.now().instant + small);
                });
            }
            break;
        }
        case Fault::far_step:
            step_far();
            break;
        case Fault::clock_rate:
            drift();
            break;
        case Fault::frozen:
            freeze();
            break;
        case Fault::zone:
            change_zone();
            break;
        case Fault::suspend:
            clock_.suspend(draw_down_time(random_));
            effort_.allow_rows(tables_.job_count());
            fire_timers();
            break;
        case Fault::stall:
            stall();
            break;
        case Fault::stall_and_step:
            stall();
            step_clock();
            break;
        case Fault::crash:
            crash_ = fault_;
            break;
        case Fault::power_cut:
            if (!engine_) break;
            ++totals_.crashes;
            die(draw_down_time(random_), true);
            break;
        case Fault::reload:
            reload();
            break;
        case Fault::leave:
            stop(Manner::leave, false);
            break;
        case Fault::drain:
            stop(Manner::drain, false);
            break;
        case Fault::drain_twice:
            stop(Manner::drain, true);
            break;
        case Fault::second_daemon:
            start_rival();
            break;
        case Fault::disk:
            fail_disk();
            break;
        case Fault::trouble:
            trouble_ = draw_trouble(random_, clock_.elapsed());
            break;
    }
}

void World::step_clock() {
    const Instant now = clock_.now().instant;
    set_clock(random_.one_in(3) ? clock_.truth() : now + draw_step(random_));
}

// Somebody may set it right after a while.
void World::step_far() {
    set_clock(draw_far(random_));
    if (random_.one_in(4)) return;
    later(random_.between(seconds{1}, profile_.fault_gap), [this] {
        if (!calm_) set_clock(clock_.truth());
    });
}

void World::drift() {
    const Drift drift = draw_drift(random_, profile_);
    trace_.note(clock_.seen(), "the clock goes at {} of {}", drift.rate, VirtualClock::kRight);
    coverage_.on_clock(clock_.seen().instant);
    coverage_.on_drift(true);
    clock_.set_rate(drift.rate);
    // One that runs back opens a pass every five minutes.
    const microseconds back = drift.lasts * std::max<std::int64_t>(-drift.rate, 0);
    effort_.allow_passes(
        static_cast<std::uint64_t>(back / VirtualClock::kRight / engine::kSmallStepMax) + 1);
    later(drift.lasts, [this, number = ++drift_, is_set = random_.one_in(2)] {
        if (calm_ || number != drift_) return;
        coverage_.on_clock(clock_.seen().instant);
        coverage_.on_drift(false);
        clock_.set_rate(VirtualClock::kRight);
        if (is_set) set_clock(clock_.truth());
    });
}

void World::freeze() {
    clock_.set_frozen(true);
    later(random_.between(microseconds{0}, profile_.fault_gap),
          [this] { clock_.set_frozen(false); });
}

void World::change_zone() {
    engine::TablesChanged changed = tables_.change_zone(random_);
    trace_.note(clock_.seen(), "the daemon's zone is {}", tables_.zone_name());
    ++totals_.zone_changes;
    std::erase_if(changed.loaded, [this](const auto& table) { return table.name == late_table_; });
    if (engine_) deliver(changed);
}

void World::set_clock(Instant instant) {
    end_rival();
    const Now before = clock_.seen();
    coverage_.on_clock(before.instant);
    runs_.on_clock(before);
    clock_.set(instant);
    fire_timers();
    trace_.note(clock_.seen(), "clock set, by {} us", (instant - before.instant).count());
    ++totals_.clock_steps;
    effort_.allow(4);
    effort_.allow_passes(1);
    effort_.allow_rows(tables_.job_count());
    if (!engine_) return;
    const auto delay =
        chance("clock set", clock_.elapsed()).between(microseconds{0}, milliseconds{5});
    later_event(delay, engine::Woken{});
}

// Nothing of what happens meanwhile is seen before its end.
void World::stall() {
    if (engine_) clock_.advance(draw_stall(random_));
    effort_.allow_rows(tables_.job_count());
    fire_timers();
    coverage_.on_clock(clock_.seen().instant);
}

void World::fail_disk() {
    ledger_.fail_disk(random_);
    const microseconds most = std::min<microseconds>(profile_.fault_gap, hours{1});
    later(random_.between(milliseconds{1}, most), [this] { ledger_.mend_disk(); });
}

// A crash counts from its fault on; where a job is left out, another effect is still as likely to
// be the one.
Random World::chance_of_crash(const engine::Effect& effect) const {
    Random random = chance("crash", crash_.value_or(0), clock_.elapsed(), effect.index());
    std::visit(
        [&random](const auto& ordered) {
            if constexpr (requires { ordered.key; })
                random = random.stream("run", ordered.key.job, ordered.key.due);
        },
        effect);
    return random;
}

// On the way to a process.
Random World::chance_of_crash(std::string_view step, const engine::Spawn& spawn) const {
    return chance("crash", crash_.value_or(0), clock_.elapsed(), step)
        .stream("run", spawn.key.job, spawn.key.due);
}

bool World::crashes(Random chance) {
    if (!crash_ || !chance.one_in(profile_.effects_to_crash)) return false;
    ++totals_.crashes;
    die_by(*crash_);
    return true;
}

void World::die_by(std::uint64_t fault) {
    fault_ = fault;
    random_ = chance("end", fault);
    const microseconds down_time = draw_down_time(random_);
    die(down_time, random_.one_in(4));
}

// The daemon is gone, with all that it knew; it comes back after `down_time`.
void World::die(microseconds down_time, bool new_boot) {
    trace_.note(clock_.seen(), "the daemon is gone for {} us{}", down_time.count(),
                new_boot ? ", and the machine" : "");
    engine_.reset();
    end_rival();
    // What it left goes on after what this daemon has started later.
    if (std::exchange(had_rival_, false)) runs_.on_forgotten();
    forget(ledger_.close(new_boot));
    ++life_;
    crash_.reset();
    wake_ = {};
    starts_.clear();
    for (auto& [pid, process] : processes_) process.watched_as.reset();
    if (new_boot) processes_.clear();
    if (new_boot) marked_.clear();
    // A daemon whose disk fails knows none of the names that were given before it.
    if (ledger_.is_on_disk()) asked_at_.reset();
    late_table_.clear();
    coverage_.on_gone();
    rules_.on_gone();
    runs_.on_gone();
    stop_.on_gone();
    if (!calm_ && random_.one_in(4)) reload();
    if (!calm_ && random_.one_in(6)) step_clock();
    is_off_ = new_boot;
    later(down_time, [this, life = life_] {
        if (life == life_) start_daemon();
    });
}

// Its clock may stand still since the factory until somebody sets it.
void World::boot_machine() {
    is_off_ = false;
    clock_.boot();
    ++boot_;
    booted_ = true;
    Random random = chance("boot", clock_.elapsed());
    if (calm_ || !random.one_in(4)) return;
    clock_.set(Instant{} + random.between(seconds{5}, minutes{2}));
    later(random.between(seconds{1}, hours{2}), [this] { set_clock(clock_.truth()); });
}

void World::reload() {
    engine::TablesChanged changed = tables_.change(random_.stream("tables"), fault_);
    std::erase_if(changed.loaded, [this](const auto& table) { return table.name == late_table_; });
    if (!engine_) return;
    ++totals_.reloads;
    if (random_.one_in(4)) {
        capacity_ = draw_capacity(random_);
        const std::uint64_t life = life_;
        deliver(engine::CapacitySet{capacity_});
        if (life != life_) return;
    }
    deliver(changed);
}

void World::stop(engine::StopAsked::Manner manner, bool twice) {
    if (!engine_) return;
    stop_fault_ = fault_;
    const std::uint64_t life = life_;
    deliver(engine::StopAsked{manner});
    if (life == life_ && twice)
        later_event(random_.between(microseconds{0}, seconds{20}), engine::StopAsked{manner});
}

}  // namespace cron::sim
