#include "world.h"

#include <algorithm>

#include "random_policies.h"

namespace cron::sim {
namespace {

using std::chrono::milliseconds;

constexpr auto kNever = microseconds::max();
constexpr hours kLastRunsMax{24 * 4};          // for what runs when the tables are gone
constexpr std::uint64_t kSeedsPerKeeping = 4;  // one in so many takes back at a stop what waits

// Mostly now; in the history of clocks, and at the ends of time.
Instant draw_begin(Random& random) {
    const std::uint64_t draw = random.below(20);
    int year = 2024;
    int years = 20;
    if (draw == 0) year = 1, years = 2;
    if (draw == 1) year = 9997, years = 3;
    if (draw == 2) year = 2100, years = 7'000;
    if (draw >= 3 && draw <= 6) year = 1900, years = 130;
    const auto days = random.below(365 * static_cast<std::uint64_t>(years));
    const auto day = std::chrono::sys_days{std::chrono::year{year} / 1 / 1} +
                     std::chrono::days{static_cast<int>(days)};
    return day + random.between(seconds{0}, hours{24});
}

}  // namespace

void Totals::add(const Totals& other) {
    time += other.time;
    runs += other.runs;
    asked += other.asked;
    due_times += other.due_times;
    crashes += other.crashes;
    clock_steps += other.clock_steps;
    passes += other.passes;
    reloads += other.reloads;
    stops += other.stops;
    zone_changes += other.zone_changes;
    lines += other.lines;
    events += other.events;
}

World::World(const Script& script, std::FILE* log, Watch watch)
    : script_(script),
      seed_(script.seed),
      random_(seed_.stream("world")),
      profile_(draw_profile(random_, script.seed)),
      trace_(log),
      watch_(std::move(watch)),
      begin_(draw_begin(random_)),
      clock_(begin_),
      limits_{begin_ - hours{24 * 400}, random_.between(seconds{1}, seconds{30}),
              script.seed % kSeedsPerKeeping != 0},
      tables_(script_, seed_, profile_.density, profile_.jobs, begin_,
              profile_.length + profile_.calm),
      tables_at_begin_(tables_.print()),
      capacity_(draw_capacity(random_)),
      ledger_(script.seed, trace_,
              {[this] { return clock_.seen(); }, [this] { return clock_.elapsed(); },
               [this](microseconds delay, Action action) {
                   later_with_daemon(delay, std::move(action));
               },
               [this] { return answer_delay(); }, [this](int pid) { return process_start(pid); },
               [this](const engine::Decide& decide, engine::Decided answered) {
                   answer(decide, std::move(answered));
               },
               [this](const engine::Decide& decide, const engine::Decided& answered) {
                   note_granted(decide, answered);
               },
               [this](const Order& order) { written(order); }}),
      record_(trace_),
      coverage_(trace_, limits_.earliest_credible),
      rules_(trace_, limits_.earliest_credible),
      runs_(trace_, rules_, limits_),
      stop_(trace_, limits_.grace),
      effort_(trace_) {
    if (script.length) profile_.length = *script.length;
}

Report World::run() {
    start_daemon();
    plan_fault(1, microseconds{0});
    run_until(profile_.length);
    if (trace_.failure()) return report();

    calm_ = true;
    clock_.set_rate(VirtualClock::kRight);
    clock_.set_frozen(false);
    coverage_.on_drift(false);
    set_clock(clock_.truth());
    ledger_.mend_disk();
    runs_.set_calm_since(clock_.seen().instant + minutes{15});
    crash_.reset();
    // What a second daemon has left is found by the next one.
    if (had_rival_) die(microseconds{0}, false);
    if (!engine_) {
        ++life_;  // it does not come back once more
        start_daemon();
    }
    run_until(profile_.length + profile_.calm);
    if (trace_.failure()) return report();

    engine::TablesChanged gone;
    for (const auto& table : tables_.all()) gone.removed.push_back(table.name);
    deliver(gone);
    const microseconds end = clock_.elapsed() + kLastRunsMax;
    while (!trace_.failure() && clock_.elapsed() < end && !processes_.empty()) step(end);
    if (runs_.open() > 0) trace_.fail("outcome", "runs have none, though nothing fails");
    if (engine_) deliver(engine::StopAsked{engine::StopAsked::Manner::drain});
    if (engine_) trace_.fail("stop", "there is nothing to wait for");
    if (ledger_.open_runs() > 0) trace_.fail("on record", "runs have no outcome");
    effort_.on_end(coverage_.start_seconds());
    return report();
}

Report World::report() {
    totals_.time = clock_.truth() - begin_;
    totals_.runs = runs_.runs();
    totals_.asked = runs_.asked();
    totals_.due_times = coverage_.due_times();
    totals_.passes = coverage_.passes();
    totals_.lines = effort_.lines();
    Report report;
    report.totals = totals_;
    report.hash = trace_.hash();
    report.length = std::chrono::ceil<seconds>(profile_.length);
    report.faults_planned = faults_planned();
    report.faults = faults_;
    report.asks = asks_;
    report.notes = trace_.notes();
    report.jobs = tables_.lines();
    if (!trace_.failure()) return report;
    report.rule = trace_.broken_rule();
    report.failure = *trace_.failure();
    if (!calm_) report.faults_end = clock_.elapsed();
    report.tables = tables_at_begin_;
    report.tables_at_end = tables_.print();
    report.tail = trace_.tail();
    return report;
}

void World::later(microseconds delay, Action action) {
    agenda_.emplace(std::pair{clock_.elapsed() + delay, ++last_action_}, std::move(action));
}

void World::later_with_daemon(microseconds delay, Action action) {
    later(delay, [this, life = life_, action = std::move(action)] {
        if (life == life_ && engine_) action();
    });
}

void World::later_event(microseconds delay, engine::Event event) {
    later_with_daemon(delay, [this, event = std::move(event)] { deliver(event); });
}

void World::run_until(microseconds end) {
    while (!trace_.failure() && clock_.elapsed() < end) step(end);
}

// Time goes on to what comes next, and that happens.
void World::step(microseconds end) {
    const microseconds now = clock_.elapsed();
    const microseconds action_at =
        agenda_.empty() ? kNever : std::max(now, agenda_.begin()->first.first);
    const auto wait = until_wake();
    const microseconds wake_at = wait ? now + *wait : kNever;
    const microseconds next = std::min({action_at, wake_at, end});
    if (next > now) {
        check_quiet();
        clock_.advance(next - now);
    }
    if (next == action_at) {
        const Action action = std::move(agenda_.begin()->second);
        agenda_.erase(agenda_.begin());
        action();
    } else if (next == wake_at) {
        fire_timers();
        Random random = chance("wake", clock_.elapsed());
        if (random.one_in(4)) clock_.advance(random.between(microseconds{0}, milliseconds{5}));
    }
}

// A timer whose time has come is spent, and its event on the way, whatever the clock reads then.
void World::fire_timers() {
    const Now reached = clock_.now();
    if (const auto end = ledger_.deadline(); end && *end <= reached.monotonic)
        ledger_.expire(reached.monotonic);
    const bool by_instant = wake_.instant && *wake_.instant <= reached.instant;
    const bool by_monotonic = wake_.monotonic && *wake_.monotonic <= reached.monotonic;
    if (by_instant) wake_.instant.reset();
    if (by_monotonic) wake_.monotonic.reset();
    if (by_instant || by_monotonic) later_event(microseconds{0}, engine::Woken{});
    if (!rival_) return;
    engine::Wake& wake = rival_->wake;
    const bool is_due = (wake.instant && *wake.instant <= reached.instant) ||
                        (wake.monotonic && *wake.monotonic <= reached.monotonic);
    if (!is_due) return;
    wake = {};
    tell_rival_later(microseconds{0}, engine::Woken{});
}

std::optional<microseconds> World::until_wake() const {
    if (!engine_) return std::nullopt;
    std::optional<microseconds> wait;
    const auto consider = [&](const auto& point) {
        const auto until = point ? clock_.until(*point) : std::nullopt;
        if (until) wait = std::min(wait.value_or(*until), *until);
    };
    consider(wake_.instant);
    consider(wake_.monotonic);
    consider(ledger_.deadline());
    if (rival_) consider(rival_->wake.instant);
    if (rival_) consider(rival_->wake.monotonic);
    return wait;
}

void World::check_quiet() {
    if (!engine_) return;
    const Now now = clock_.seen();
    stop_.on_quiet(now);
    rules_.on_quiet(now);
    runs_.on_quiet(now);
    if (!stop_.is_stopping()) coverage_.on_quiet(now);
    if (chance("look", clock_.elapsed()).one_in(500)) {
        const engine::Snapshot snapshot = engine_->snapshot(SIZE_MAX);
        runs_.on_snapshot(snapshot);
        if (!stop_.is_stopping()) coverage_.on_snapshot(snapshot);
    }
}

void World::start_daemon() {
    if (engine_) return;
    if (is_off_) boot_machine();
    engine_.emplace(limits_);
    quit_ = false;
    effort_.allow(6);
    effort_.allow_passes(1);
    effort_.allow_rows(tables_.job_count());
    const SimLedger::Recalled recalled = ledger_.open(boot_);
    recall(recalled);
    const engine::Started started{recalled.memory, booted_};
    effort_.allow_recalled(started.memory.runs.size());
    coverage_.on_started(started, clock_.seen());
    const std::uint64_t life = life_;
    deliver(engine::CapacitySet{capacity_});
    if (!engine_ || life != life_) return;
    booted_ = false;
    rules_.on_started(started);
    runs_.on_started(started, clock_.seen());
    ask_again();
    deliver(started);
    if (engine_ && life == life_) tell_tables();
}

// All at once or one by one; one may come late, as if its user were not known yet.
void World::tell_tables() {
    engine::TablesChanged together;
    const bool at_once = chance("tell", clock_.elapsed()).one_in(2);
    late_table_.clear();
    for (engine::LoadedTable& table : tables_.all()) {
        table.since_start = true;
        Random random = chance("tell table", clock_.elapsed(), table.name);
        if (!calm_ && late_table_.empty() && random.one_in(20)) {
            late_table_ = table.name;
            later_with_daemon(random.between(milliseconds{1}, minutes{15}),
                              [this] { tell_late_table(); });
        } else if (at_once) {
            together.loaded.push_back(std::move(table));
        } else {
            later_event(random.between(microseconds{0}, milliseconds{20}),
                        engine::TablesChanged{{std::move(table)}, {}});
        }
    }
    if (at_once) deliver(together);
}

void World::tell_late_table() {
    const std::string name = std::exchange(late_table_, "");
    for (engine::LoadedTable& table : tables_.all()) {
        table.since_start = true;
        if (table.name == name) deliver(engine::TablesChanged{{std::move(table)}, {}});
    }
}

void World::deliver(const engine::Event& event) {
    const Now now = clock_.seen();
    trace_.line(now, "event {}", event.index());
    ++totals_.events;
    effort_.on_event(event, clock_.elapsed(), now, tables_.job_count());
    coverage_.on_look(now);
    if (const auto* tables = std::get_if<engine::TablesChanged>(&event))
        coverage_.on_tables(*tables, now);
    if (const auto* stop = std::get_if<engine::StopAsked>(&event)) stop_.on_asked(*stop, now);
    rules_.on_event(event, now);
    runs_.on_event(event, now);
    const std::uint64_t life = life_;
    for (const engine::Effect& effect : engine_->handle(event, clock_.now())) {
        effort_.on_effect(effect, now);
        if (crash_ && crashes(chance_of_crash(effect))) return;
        if (watch_) watch_(effect, trace_);
        execute(effect);
        if (trace_.failure() || life != life_) return;
    }
    runs_.on_handled();
    effort_.on_handled();
    if (!stop_.is_stopping()) coverage_.on_handled();
    if (!quit_) return;
    if (!limits_.keeps_runs && runs_.open() != runs_.alive() + runs_.unplaced())
        trace_.fail("stop", "a run that lives not has no outcome");
    ledger_.finish();
    ++totals_.stops;
    die_by(stop_fault_);
}

void World::execute(const engine::Effect& effect) {
    std::visit([this](const auto& ordered) { on(ordered); }, effect);
}

void World::on(const engine::Decide& effect) {
    const Now now = clock_.seen();
    trace_.line(now, "Decide {}: {} known", effect.batch, effect.known.size());
    for (const engine::Verdict& verdict : effect.verdicts) {
        trace_.line(now, "  {} {} pass {}: fate {} cause {} first {} count {}",
                    printable(verdict.key.job.bytes()), print(verdict.key.due), verdict.key.pass,
                    static_cast<int>(verdict.fate), static_cast<int>(verdict.cause),
                    print(verdict.first), verdict.count);
    }
    if (!wait_for_verdicts_.empty()) {
        const std::uint64_t fault = wait_for_verdicts_.front();
        wait_for_verdicts_.pop_front();
        later(chance("after verdicts", fault).between(microseconds{0}, milliseconds{1'100}),
              [this, fault] { draw_and_fail(fault); });
    }
    coverage_.on_decide(effect, now);
    runs_.on_decide(effect, now);
    ledger_.order(effect);
}

void World::on(const engine::OpenPass& effect) {
    const Now now = clock_.seen();
    trace_.line(now, "OpenPass {}{} from {}", effect.pass, effect.fixed_too ? " (fixed too)" : "",
                print(effect.from));
    end_rival();  // two that count the passes would be two clocks
    coverage_.on_open_pass(effect, now);
    runs_.on_open_pass();
    ledger_.order(effect);
}

microseconds World::answer_delay() {
    Random random = chance("answer", clock_.elapsed());
    if (is_troubled()) return random.between(microseconds{0}, trouble_.answer_delay);
    return random.one_in(2) ? microseconds{0} : random.between(microseconds{0}, milliseconds{3});
}

void World::on(const engine::Finish& effect) {
    trace_.line(clock_.seen(), "Finish {}: {} {}: {} {}", effect.run,
                printable(effect.key.job.bytes()), print(effect.key.due),
                static_cast<int>(effect.outcome.kind), effect.outcome.reason);
    runs_.on_finish(effect, clock_.seen());
    rules_.on_finish(effect);
    ledger_.order(effect);
}

void World::on(const engine::Retry& effect) {
    trace_.line(clock_.seen(), "Retry {}: attempt {}, again in {} us", effect.run, effect.attempt,
                effect.delay.count());
    rules_.on_retry(effect, clock_.seen());
    runs_.on_retry(effect, clock_.seen());
    ledger_.order(effect);
}

void World::on(const engine::Postpone& effect) {
    trace_.line(clock_.seen(), "Postpone {}", effect.run);
    runs_.on_postpone(effect, clock_.seen());
}

void World::on(const engine::Quit&) {
    trace_.line(clock_.seen(), "Quit");
    quit_ = true;
    for (const auto& [pid, process] : processes_) {
        if (stop_.is_drain() && process.watched_as && !process.killed)
            trace_.fail("stop", fmt::format("process {} lives on, and was not killed", pid));
    }
}

}  // namespace cron::sim
