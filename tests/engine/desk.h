// An engine with a ledger in memory and two clocks that only the test moves.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "ledger/memory.h"

namespace cron::engine {

// 2026-03-02 (a Monday) 10:00:00 UTC.
inline constexpr Instant kMonday{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2} +
                                 hours{10}};

// Of five fields, or of six or seven: with the second first where they can be read so, else with a
// year last.
inline schedule::Schedule schedule_of(const std::string& text) {
    using schedule::Form;
    for (const Form form : {Form::five_fields, Form::six_fields}) {
        if (const auto parsed = schedule::parse_whole(text, 0, form)) return *parsed;
    }
    return schedule::parse_whole(text, 0, Form::supercronic).value();
}

inline std::shared_ptr<const crontab::Entry> entry(const std::string& schedule,
                                                   const std::string& command = "true",
                                                   const std::string& table = "/tables/root",
                                                   const crontab::Policy& policy = {}) {
    auto made = std::make_shared<crontab::Entry>();
    made->id = JobId::of_line("root", table, schedule, command, 0);
    made->schedule_text = schedule;
    made->schedule = schedule_of(schedule);
    made->user = "root";
    made->command = command;
    made->environment = std::make_shared<const crontab::Environment>();
    made->policy = std::make_shared<const crontab::Policy>(policy);
    return made;
}

// As if it stood below CRON_TZ.
inline std::shared_ptr<const crontab::Entry> entry_in(const calendar::Zone& zone,
                                                      const std::string& schedule,
                                                      const std::string& command = "true") {
    auto made = std::make_shared<crontab::Entry>(*entry(schedule, command));
    made->zone = zone;
    return made;
}

// As if it stood below CRON_NAME.
inline std::shared_ptr<const crontab::Entry> entry_named(
    const std::string& name, const std::string& schedule,
    const calendar::Zone& zone = calendar::Zone()) {
    auto made = std::make_shared<crontab::Entry>(*entry_in(zone, schedule, name));
    made->id = JobId::named("root", "/tables/root", name);
    return made;
}

class Desk {
  public:
    explicit Desk(Instant start = kMonday, const Limits& limits = default_limits())
        : engine_(limits), now_{start, Monotonic{hours{1}}} {}

    static Limits default_limits() {
        Limits limits;
        limits.earliest_credible = std::chrono::sys_days{std::chrono::year{2025} / 1 / 1};
        return limits;
    }

    // Starts the engine on these entries.
    void start(const crontab::Entries& entries, bool boot = false) {
        handle(Started{ledger.recall(true), boot});
        load(entries, true);
    }
    void load(const crontab::Entries& entries, bool since_start = false) {
        handle(TablesChanged{{LoadedTable{"/tables/root", entries, since_start}}, {}});
    }
    // Another engine, as after a crash; the ledger and the clocks stay.
    void restart(bool same_boot = true, const Limits& limits = default_limits()) {
        engine_ = Engine(limits);
        wake_ = Wake{};
        spawned.clear();
        finished.clear();
        handle(Started{ledger.recall(same_boot), false});
    }

    // Hands over one event, then the ledger's answers.
    void handle(const Event& event) {
        carry_out(engine_.handle(event, now_));
        while (answers && !decided.empty()) {
            const Decided next = decided.front();
            decided.erase(decided.begin());
            carry_out(engine_.handle(next, now_));
        }
    }

    // Lets time pass, waking the engine only when it asked for it.
    void pass(microseconds time) {
        const Monotonic end = now_.monotonic + time;
        while (true) {
            microseconds step = end - now_.monotonic;
            if (wake_.instant) step = std::min<microseconds>(step, *wake_.instant - now_.instant);
            if (wake_.monotonic)
                step = std::min<microseconds>(step, *wake_.monotonic - now_.monotonic);
            step = std::max(step, microseconds{0});
            now_.instant += step;
            now_.monotonic += step;
            const bool is_wake = (wake_.instant && now_.instant >= *wake_.instant) ||
                                 (wake_.monotonic && now_.monotonic >= *wake_.monotonic);
            if (!is_wake) return;
            ++wakes;
            wake_ = Wake{};
            handle(Woken{});
        }
    }
    // The clock is set, or the machine slept: real time moves, monotonic time does not.
    void set_clock(Instant instant) {
        now_.instant = instant;
        handle(Woken{});
    }

    // The machine is suspended: real time goes on, and no timer fires before it is back.
    void sleep(microseconds time) { now_.instant += time; }

    void launched(RunNumber run) { handle(Launched{run, 100}); }
    void exited(RunNumber run, int status = 0) { handle(Exited{run, {false, status}, {}}); }

    const Now& now() const { return now_; }
    const Wake& wake() const { return wake_; }
    Snapshot snapshot() const { return engine_.snapshot(1000); }

    // How many due times were not started, by fate.
    std::uint64_t count(Fate fate) const {
        std::uint64_t found = 0;
        for (const Verdict& verdict : verdicts) found += verdict.fate == fate ? verdict.count : 0;
        return found;
    }
    std::size_t spawned_of(const std::string& command) const {
        std::size_t found = 0;
        for (const Spawn& spawn : spawned) found += spawn.entry->command == command ? 1 : 0;
        return found;
    }
    // The due times of what was spawned, in the order of starts, as seconds after kMonday.
    std::vector<long> starts() const {
        std::vector<long> found;
        for (const Spawn& spawn : spawned) found.push_back(offset(spawn.key.due));
        return found;
    }
    static long offset(Instant instant) {
        return std::chrono::duration_cast<seconds>(instant - kMonday).count();
    }

    ledger::MemoryLedger ledger;
    bool answers = true;  // the ledger answers at once; else the answers stay in `decided`
    std::vector<Decided> decided;
    std::vector<Verdict> verdicts;
    std::vector<std::size_t> batch_sizes;
    std::vector<Spawn> spawned;
    std::vector<Instant> spawned_at;
    std::vector<Finish> finished;
    std::vector<Deliver> delivered;
    std::vector<Adopt> adopted;
    std::vector<Cancel> cancels;
    std::vector<Signal> signals;
    std::vector<OpenPass> passes;
    std::vector<Postpone> postponed;
    std::vector<Retry> retried;
    int wakes = 0;
    int quits = 0;

  private:
    void carry_out(const Effects& effects) {
        for (const Effect& effect : effects)
            std::visit([this](const auto& order) { on(order); }, effect);
    }
    void on(const Decide& order) {
        verdicts.insert(verdicts.end(), order.verdicts.begin(), order.verdicts.end());
        batch_sizes.push_back(order.verdicts.size());
        decided.push_back(ledger.decide(order));
    }
    void on(const OpenPass& order) {
        passes.push_back(order);
        ledger.open_pass(order);
    }
    void on(const Spawn& order) {
        spawned.push_back(order);
        spawned_at.push_back(now_.instant);
    }
    void on(const Adopt& order) { adopted.push_back(order); }
    void on(const Cancel& order) { cancels.push_back(order); }
    void on(const Signal& order) { signals.push_back(order); }
    void on(const Finish& order) { finished.push_back(order); }
    void on(const Deliver& order) { delivered.push_back(order); }
    void on(const Wake& order) { wake_ = order; }
    void on(const Postpone& order) { postponed.push_back(order); }
    void on(const Retry& order) { retried.push_back(order); }
    void on(const Quit&) { ++quits; }

    Engine engine_;
    Now now_;
    Wake wake_;
};

}  // namespace cron::engine
