// The processes of the world: made, ended, signalled, adopted, or not made at all.
#include <algorithm>
#include <csignal>

#include "world.h"

namespace cron::sim {
namespace {

using std::chrono::milliseconds;

constexpr int kFirstPid = 2;

}  // namespace

void World::on(const engine::Spawn& effect) {
    const Now now = clock_.seen();
    trace_.line(now, "Spawn {}: {} {} attempt {}", effect.run, printable(effect.key.job.bytes()),
                print(effect.key.due), effect.attempt);
    rules_.on_spawn(effect, now);
    coverage_.on_spawn(effect, runs_.on_spawn(effect, now));
    Random start_chance = chance("start", effect.key.job, effect.key.due, clock_.elapsed());
    const microseconds delay = start_chance.one_in(2)
                                   ? microseconds{0}
                                   : start_chance.between(microseconds{0}, milliseconds{3});
    Start& start = starts_[effect.run];
    start.spawn = effect;
    if (is_troubled() && trouble_.failing_starts > 0 &&
        start_chance.one_in(trouble_.failing_starts)) {
        effort_.allow(2);
        // The process may have been made, and fail to become the job.
        start.fails = start_chance.one_in(3) ? Start::Fails::after : Start::Fails::before;
        start.is_temporary = !trouble_.fails_for_good || start_chance.one_in(2);
    }
    // In the order of the starts.
    last_start_at_ = std::max(last_start_at_, clock_.elapsed() + delay);
    later_with_daemon(last_start_at_ - clock_.elapsed(),
                      [this, run = effect.run] { make_process(run); });
}

// Its run is marked before, and the process written into the mark after; the daemon may die between
// any two of these.
void World::make_process(engine::RunNumber run) {
    const auto found = starts_.find(run);
    if (found == starts_.end()) return;  // taken back
    Start& start = found->second;
    const engine::Spawn& spawn = start.spawn;
    if (crashes(chance_of_crash("mark", spawn))) return;
    mark(spawn);
    if (crashes(chance_of_crash("make", spawn))) return;
    if (start.fails == Start::Fails::before) return fail_start(run);
    start.pid = make_child(spawn);
    Process& process = processes_.at(start.pid);
    const bool becomes_job = start.fails == Start::Fails::no;
    if (becomes_job) record_.on_made(spawn);
    const microseconds run_time = draw_run_time(process.chance);
    end_process(start.pid, becomes_job ? run_time : milliseconds{1},
                {false, process.chance.one_in(4) ? 1 : 0});
    if (crashes(chance_of_crash("made", spawn))) return;
    ledger_.add_process(spawn, {start.pid, process.start, clock_.seen().instant, 0, 0});
    process.is_in_mark = true;
    if (!becomes_job) later_with_daemon(microseconds{0}, [this, run] { fail_start(run); });
    deliver(engine::Launched{run, start.pid});
}

void World::mark(const engine::Spawn& spawn) {
    ledger_.mark(spawn);
    marked_.insert({spawn.key.job, spawn.key.due, spawn.key.pass, spawn.attempt});
}

int World::make_child(const engine::Spawn& spawn) {
    const int pid = free_pid();
    Process& process = processes_[pid];
    process.key = spawn.key;
    process.attempt = spawn.attempt;
    process.start = ++last_process_start_;
    process.chance = chance("run", spawn.key.job, spawn.key.due, spawn.key.pass, spawn.attempt);
    process.heeds_term = !process.chance.one_in(5);
    process.watched_as = spawn.run;
    return pid;
}

void World::fail_start(engine::RunNumber run) {
    const auto start = starts_.extract(run);
    if (start.empty()) return;
    const engine::Spawn& spawn = start.mapped().spawn;
    processes_.erase(start.mapped().pid);
    ledger_.unmark(spawn);
    marked_.erase({spawn.key.job, spawn.key.due, spawn.key.pass, spawn.attempt});
    deliver(engine::LaunchFailed{run, {"fork", 11}, start.mapped().is_temporary});
}

int World::free_pid() const {
    int pid = kFirstPid;
    for (auto used = processes_.begin(); used != processes_.end() && used->first == pid; ++used)
        ++pid;
    return pid;
}

std::optional<std::uint64_t> World::process_start(int pid) const {
    const auto process = processes_.find(pid);
    if (process == processes_.end()) return std::nullopt;
    return process->second.start;
}

// It may come too late: then what was ordered first goes on.
void World::on(const engine::Cancel& effect) {
    trace_.line(clock_.seen(), "Cancel {}", effect.run);
    const auto start = starts_.find(effect.run);
    if (start == starts_.end()) {
        trace_.fail("signal", "a run is cancelled that does not start");
        return;
    }
    const engine::Spawn& spawn = start->second.spawn;
    if (start->second.pid != 0 ||
        chance("cancel", spawn.key.job, spawn.key.due, clock_.elapsed()).one_in(2))
        return;
    starts_.erase(start);
    later_event(microseconds{0}, engine::Cancelled{effect.run});
}

// It ends, watched or not. Of a process that the daemon has not made itself it learns no status.
void World::end_process(int pid, microseconds delay, engine::ExitStatus status) {
    later(delay, [this, pid, start = processes_.at(pid).start, status] {
        if (process_start(pid) != start) return;
        const Process process = processes_.extract(pid).mapped();
        if (!process.watched_as) return;
        if (process.is_rivals)
            return tell_rival(engine::Exited{*process.watched_as, status, {}, {}});
        starts_.erase(*process.watched_as);
        const engine::ExitStatus unknown{false, 0, false};
        deliver(engine::Exited{*process.watched_as, process.is_adopted ? unknown : status, {}, {}});
    });
}

void World::on(const engine::Signal& effect) {
    trace_.line(clock_.seen(), "Signal {} to {}", effect.signal, effect.run);
    const auto start = starts_.find(effect.run);
    if (start == starts_.end() || start->second.pid == 0) {
        trace_.fail("signal", "to a run that does not live");
        return;
    }
    rules_.on_signal(effect, clock_.seen());
    const int pid = start->second.pid;
    Process& process = processes_.at(pid);
    const engine::ExitStatus status{true, effect.signal};
    if (effect.signal == SIGKILL) {
        process.killed = true;
        const bool is_stuck = process.chance.one_in(20);
        end_process(pid, is_stuck ? minutes{1} : milliseconds{2}, status);
    } else if (process.heeds_term) {
        end_process(pid, process.chance.between(milliseconds{0}, seconds{2}), status);
    }
}

// ---- a restart ----

void World::on(const engine::Adopt& effect) {
    const Now now = clock_.seen();
    trace_.line(now, "Adopt {}: {} {}", effect.run, printable(effect.key.job.bytes()),
                print(effect.key.due));
    const auto process = processes_.find(effect.process.pid);
    if (process == processes_.end() || process->second.start != effect.process.process_start ||
        process->second.watched_as) {
        trace_.fail("adopt", "there is no such process, or it is watched");
        return;
    }
    process->second.watched_as = effect.run;
    process->second.is_adopted = true;
    Start& start = starts_[effect.run];
    start.spawn.key = effect.key;
    start.pid = effect.process.pid;
    rules_.on_adopt(effect, now);
    runs_.on_adopt(effect, now);
}

}  // namespace cron::sim
