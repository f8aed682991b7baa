// The processes of the world: made, ended, signalled, or not made at all.
#include <csignal>

#include "world.h"

namespace cron::sim {
namespace {

using std::chrono::milliseconds;

}  // namespace

void World::on(const engine::Spawn& effect) {
    const Now now = clock_.seen();
    trace_.line(now, "Spawn {}: {} {}", effect.run, printable(effect.key.job.bytes()),
                print(effect.key.due));
    rules_.on_spawn(effect, now);
    coverage_.on_spawn(effect, runs_.on_spawn(effect, now));
    Random start = chance("start", effect.key.job, effect.key.due, clock_.elapsed());
    const microseconds delay =
        start.one_in(2) ? microseconds{0} : start.between(microseconds{0}, milliseconds{3});
    Process& process = processes_[effect.run];
    process.chance = chance("run", effect.key.job, effect.key.due, effect.key.pass, effect.attempt);
    process.heeds_term = !process.chance.one_in(5);
    if (is_troubled() && trouble_.failing_starts > 0 && start.one_in(trouble_.failing_starts)) {
        effort_.allow(2);
        // The process may have been made, and fail to become the job.
        if (start.one_in(3)) make_process(effect.run, delay);
        const bool is_temporary = !trouble_.fails_for_good || start.one_in(2);
        later_with_daemon(delay, [this, run = effect.run, is_temporary] {
            if (processes_.erase(run) > 0)
                deliver(engine::LaunchFailed{run, {"fork", 11}, is_temporary});
        });
        return;
    }
    const microseconds end = delay + draw_run_time(process.chance);
    const engine::ExitStatus status{false, process.chance.one_in(4) ? 1 : 0};
    make_process(effect.run, delay);
    end_process(effect.run, end, status);
}

void World::make_process(engine::RunNumber run, microseconds delay) {
    later_with_daemon(delay, [this, run] {
        const auto process = processes_.find(run);
        if (process == processes_.end()) return;
        process->second.made = true;
        deliver(engine::Launched{run, 1});
    });
}

// It may come too late: then what was ordered first goes on.
void World::on(const engine::Cancel& effect) {
    trace_.line(clock_.seen(), "Cancel {}", effect.run);
    const auto process = processes_.find(effect.run);
    if (process == processes_.end()) {
        trace_.fail("signal", "a run is cancelled that does not start");
        return;
    }
    if (process->second.made || process->second.chance.one_in(2)) return;
    processes_.erase(process);
    later_event(microseconds{0}, engine::Cancelled{effect.run});
}

void World::end_process(engine::RunNumber run, microseconds delay, engine::ExitStatus status) {
    later_with_daemon(delay, [this, run, status] {
        if (processes_.erase(run) > 0) deliver(engine::Exited{run, status, {}});
    });
}

void World::on(const engine::Signal& effect) {
    const auto process = processes_.find(effect.run);
    trace_.line(clock_.seen(), "Signal {} to {}", effect.signal, effect.run);
    if (process == processes_.end()) {
        trace_.fail("signal", "to a run that does not live");
        return;
    }
    rules_.on_signal(effect, clock_.seen());
    const engine::ExitStatus status{true, effect.signal};
    if (effect.signal == SIGKILL) {
        process->second.killed = true;
        const bool is_stuck = process->second.chance.one_in(20);
        end_process(effect.run, is_stuck ? minutes{1} : milliseconds{2}, status);
    } else if (process->second.heeds_term) {
        end_process(effect.run, process->second.chance.between(milliseconds{0}, seconds{2}),
                    status);
    }
}

}  // namespace cron::sim
