#include "preview/simulation.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace cron::preview {
namespace {

// Turns of the engine at one instant without an end of a run: it must not spin.
constexpr unsigned kTurnsAtOnceMax = 1'000;

crontab::Entries all_entries(const std::vector<engine::LoadedTable>& tables) {
    crontab::Entries entries;
    for (const engine::LoadedTable& table : tables)
        entries.insert(entries.end(), table.entries.begin(), table.entries.end());
    return entries;
}

engine::Limits limits() {
    engine::Limits limits;
    limits.earliest_credible = Instant::min();  // 1950 may be simulated too
    return limits;
}

Happening::Kind kind_of(engine::Fate fate) {
    switch (fate) {
        case engine::Fate::start:
            return Happening::Kind::started;
        case engine::Fate::merged:
            return Happening::Kind::merged;
        case engine::Fate::missed:
            return Happening::Kind::missed;
        case engine::Fate::suspended:
            return Happening::Kind::skipped;
    }
    return Happening::Kind::skipped;
}

// Whether it changes what is started how long a run of such an entry lives. Holding the others too
// would cost memory for nothing.
bool length_matters(const crontab::Policy& policy) {
    const bool may_fail = policy.timeout > seconds{0} && policy.retry.times > 0;
    return policy.overlap != crontab::Overlap::allow || !policy.pool.empty() || may_fail;
}

}  // namespace

Simulation::Simulation(std::vector<engine::LoadedTable> tables, const Options& options)
    : options_(options),
      tables_(std::move(tables)),
      entries_(all_entries(tables_)),
      clocks_(entries_),
      engine_(limits()),
      // What is due when a daemon starts counts as before its time.
      now_(options.from - microseconds{1}) {
    places_.reserve(entries_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) places_.emplace(entries_[i].get(), i);
}

std::optional<Happening> Simulation::next() {
    // Until its time has come something else may come before it.
    while (happenings_.empty() || happenings_.begin()->first > now_) {
        if (!advance()) break;
    }
    if (happenings_.empty()) return std::nullopt;
    return std::move(happenings_.extract(happenings_.begin()).mapped());
}

// Time goes on to what comes next, and that happens. False: nothing comes.
bool Simulation::advance() {
    if (!std::exchange(started_, true)) {
        deliver(engine::Started{{}, true});
        engine::TablesChanged loaded{std::exchange(tables_, {}), {}};
        for (engine::LoadedTable& table : loaded.loaded) table.since_start = true;
        events_.emplace_back(std::move(loaded));
    } else {
        const std::optional<Instant> turn = next_turn();
        if (!turn || *turn >= options_.until) return false;
        turns_at_once_ = *turn == now_ ? turns_at_once_ + 1 : 0;
        now_ = *turn;
        // A run that ends when another is due has ended by then.
        if (!ends_.empty() && ends_.front().at <= now_) {
            turns_at_once_ = 0;
            events_.emplace_back(engine::Exited{ends_.front().run, {}, {}});
            ends_.pop_front();
        } else {
            events_.emplace_back(engine::Woken{});
        }
        CRON_CHECK(turns_at_once_ < kTurnsAtOnceMax);
    }
    for (; !events_.empty(); events_.pop_front()) deliver(events_.front());
    return true;
}

std::optional<Instant> Simulation::next_turn() const {
    std::optional<Instant> turn = wake_.instant;
    const auto earlier = [&](Instant instant) { turn = std::min(turn.value_or(instant), instant); };
    if (wake_.monotonic) earlier(options_.from + (*wake_.monotonic - monotonic(options_.from)));
    if (!ends_.empty()) earlier(ends_.front().at);
    if (turn) turn = std::max(*turn, now_);
    return turn;
}

Monotonic Simulation::monotonic(Instant instant) const {
    return Monotonic{} + (instant - options_.from);
}

void Simulation::deliver(const engine::Event& event) {
    const engine::Effects effects = engine_.handle(event, {now_, monotonic(now_)});
    for (const engine::Effect& effect : effects)
        std::visit([this](const auto& ordered) { on(ordered); }, effect);
}

// Nothing is on record yet, so nothing is refused.
void Simulation::on(const engine::Decide& effect) {
    for (const engine::Verdict& verdict : effect.verdicts) {
        if (verdict.fate == engine::Fate::start) continue;
        Happening happening;
        happening.kind = kind_of(verdict.fate);
        if (verdict.fate == engine::Fate::suspended) happening.reason = "its entry is suspended";
        happening.entry = place_of(verdict.key.job);
        happening.due = verdict.key.due;
        happening.count = verdict.count;
        tell(std::move(happening));
    }
    events_.emplace_back(engine::Decided{effect.batch, {}});
}

void Simulation::on(const engine::Spawn& effect) {
    Happening happening;
    happening.entry = places_.at(effect.entry.get());
    happening.due = effect.key.due;
    happening.at_boot = effect.cause == engine::Cause::boot;
    happening.attempt = effect.attempt;
    if (effect.attempt > 1) {
        happening.reason =
            "attempt " + std::to_string(effect.attempt) + ": the last one ran into its timeout";
    }
    events_.emplace_back(engine::Launched{effect.run, 1});
    if (length_matters(*effect.entry->policy) && options_.run_time > microseconds{0}) {
        ends_.push_back({now_ + options_.run_time, effect.run});
    } else {
        events_.emplace_back(engine::Exited{effect.run, {}, {}});
    }
    tell(std::move(happening));
}

// It ends when it is told to.
void Simulation::on(const engine::Signal& effect) {
    const auto run = std::find_if(ends_.begin(), ends_.end(),
                                  [&](const End& end) { return end.run == effect.run; });
    if (run == ends_.end()) return;
    ends_.erase(run);
    events_.emplace_back(engine::Exited{effect.run, {}, {}});
}

void Simulation::on(const engine::Finish& effect) {
    using engine::Outcome;
    Happening happening;
    switch (effect.outcome.kind) {
        case Outcome::Kind::exited:
            return;
        case Outcome::Kind::merged:
            happening.kind = Happening::Kind::merged;
            break;
        case Outcome::Kind::missed:
            happening.kind = Happening::Kind::missed;
            break;
        case Outcome::Kind::skipped:
        case Outcome::Kind::withdrawn:
        case Outcome::Kind::not_started:
        case Outcome::Kind::refused:
            happening.kind = Happening::Kind::skipped;
            break;
    }
    happening.entry = places_.at(effect.entry.get());
    happening.due = effect.key.due;
    happening.reason = effect.outcome.reason;
    tell(std::move(happening));
}

void Simulation::tell(Happening happening) {
    happening.at = std::max(now_, options_.from);
    if (happening.at_boot) {
        happening.due = happening.at;
    } else {
        // The engine gives its verdicts ahead.
        happening.at = std::max(happening.at, happening.due);
        happening.note =
            clocks_.of(happening.entry).note_of(entries_[happening.entry]->schedule, happening.due);
    }
    if (happening.at >= options_.until) return;
    const Instant at = happening.at;
    happenings_.emplace(at, std::move(happening));
}

std::size_t Simulation::place_of(const JobId& job) {
    if (places_of_jobs_.empty()) {
        for (std::size_t i = 0; i < entries_.size(); ++i)
            places_of_jobs_.emplace(entries_[i]->id, i);
    }
    return places_of_jobs_.at(job);
}

}  // namespace cron::preview
