// A second daemon beside the first, as if no lock kept it out. It finds nothing to go on with: what
// is granted and not started is the first one's. Of all that is promised, then, one thing is left,
// by the key in the ledger: no due time starts twice.
#include <algorithm>

#include "world.h"

namespace cron::sim {
namespace {

using std::chrono::milliseconds;

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace

void World::start_rival() {
    if (!engine_ || stop_.is_stopping() || ledger_.is_on_disk()) return;
    trace_.note(clock_.seen(), "a second daemon starts");
    rival_.emplace(Rival{engine::Engine(limits_), {}, {}});
    ++rival_number_;
    had_rival_ = true;
    engine::TablesChanged tables{tables_.all(), {}};
    std::erase_if(tables.loaded, [this](const auto& table) { return table.name == late_table_; });
    for (engine::LoadedTable& table : tables.loaded) table.since_start = true;
    tell_rival(engine::Started{ledger_.open_for_rival(), false});
    if (rival_) tell_rival(tables);
}

// It is killed; its processes live on.
void World::end_rival() {
    if (!rival_) return;
    trace_.note(clock_.seen(), "the second daemon is gone");
    rival_.reset();
    for (auto& [pid, process] : processes_) {
        if (std::exchange(process.is_rivals, false)) process.watched_as.reset();
    }
}

void World::tell_rival_later(microseconds delay, engine::Event event) {
    later(delay, [this, number = rival_number_, event = std::move(event)] {
        if (rival_ && number == rival_number_) tell_rival(event);
    });
}

void World::tell_rival(const engine::Event& event) {
    for (const engine::Effect& effect : rival_->engine.handle(event, clock_.now())) {
        std::visit(Overloaded{
                       [this](const engine::Decide& order) { let_rival_order(order); },
                       [this](const engine::Finish& order) { let_rival_order(order); },
                       [this](const engine::Retry& order) { let_rival_order(order); },
                       // Two that count the passes would be two clocks.
                       [this](const engine::OpenPass&) { end_rival(); },
                       [this](const engine::Spawn& spawn) { let_rival_start(spawn); },
                       [this](const engine::Wake& wake) { rival_->wake = wake; },
                       [this](const engine::Signal& signal) {
                           end_process(rival_->pids.at(signal.run), milliseconds{2},
                                       {true, signal.signal});
                       },
                       [](const auto&) {},
                   },
                   effect);
        if (!rival_ || trace_.failure()) return;
    }
}

void World::let_rival_order(const Order& order) {
    const engine::Decided answer = ledger_.order_of_rival(order);
    if (const auto* decide = std::get_if<engine::Decide>(&order)) {
        trace_.line(clock_.seen(), "the second decides {}, {} refused", decide->batch,
                    answer.refused.size());
        for (const engine::Verdict& verdict : decide->verdicts) {
            const bool is_refused = std::find(answer.refused.begin(), answer.refused.end(),
                                              verdict.key) != answer.refused.end();
            const bool is_start = verdict.fate == engine::Fate::start;
            if (is_start && !is_refused) record_.on_granted(verdict, boot_);
        }
        coverage_.on_rival(*decide, answer);
        return tell_rival_later(microseconds{0}, answer);
    }
    note_ended(order);
}

void World::let_rival_start(const engine::Spawn& spawn) {
    trace_.line(clock_.seen(), "the second starts {} {}", printable(spawn.key.job.bytes()),
                print(spawn.key.due));
    mark(spawn);
    const int pid = make_child(spawn);
    Process& process = processes_.at(pid);
    process.is_rivals = true;
    record_.on_made(spawn);
    const microseconds run_time = draw_run_time(process.chance);
    end_process(pid, run_time, {false, process.chance.one_in(4) ? 1 : 0});
    ledger_.add_process(spawn, {pid, process.start, clock_.seen().instant, 0, 0});
    process.is_in_mark = true;
    rival_->pids[spawn.run] = pid;
    tell_rival_later(microseconds{0}, engine::Launched{spawn.run, pid});
}

}  // namespace cron::sim
