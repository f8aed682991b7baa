#include "daemon/errands.h"

#include <sys/epoll.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "daemon/clock.h"

namespace cron::daemon {

bool Errands::add(Errand errand) {
    const auto before = std::count_if(waiting_.begin(), waiting_.end(),
                                      [&](const Errand& other) { return other.uid == errand.uid; });
    if (before >= limits_.waiting_of_user_max) return false;
    waiting_.push_back(std::move(errand));
    start_next();
    return true;
}

bool Errands::has_turn(const Errand& errand) const {
    return std::count_if(running_.begin(), running_.end(), [&](const auto& running) {
               return running.second.errand.uid == errand.uid;
           }) < limits_.running_of_user_max;
}

void Errands::start_next() {
    while (running_.size() < limits_.running_max) {
        const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                       [this](const Errand& errand) { return has_turn(errand); });
        if (next == waiting_.end()) return;
        Errand errand = std::move(*next);
        waiting_.erase(next);
        start(std::move(errand));
    }
}

void Errands::start(Errand errand) {
    const auto program = errand.prepare();
    if (!program) return;
    if (auto launched = launch(errand, program->order); !launched) {
        errand.ended({tl::unexpected(launched.error()), false});
    }
}

// Takes the errand if the program is started.
Result<void> Errands::launch(Errand& errand, const process::LaunchOrder& order) {
    auto child = launcher_.launch(order);
    if (!child) {
        return system_failure(child.error().error.error, "start", order.arguments.front());
    }
    const std::uint64_t id = ++last_id_;
    auto watch = loop_.add(child->pidfd.get(), EPOLLIN, [this, id](std::uint32_t) { collect(id); });
    if (!watch) {
        // A process whose end we could not see must not be.
        static_cast<void>(process::signal_group(*child, SIGKILL));
        process::wait_for_end(*child);
        return tl::unexpected(watch.error());
    }
    const Monotonic until = read_clock().monotonic + errand.time_max;
    running_.emplace(id, Running{std::move(errand), order.arguments.front(), *std::move(child),
                                 until, false, *std::move(watch)});
    return {};
}

void Errands::collect(std::uint64_t id) {
    const auto found = running_.find(id);
    const auto ended = process::reap(found->second.child.pidfd.get());
    if (ended && !*ended) return;
    const ErrandEnd end{status_of(found->second, ended), found->second.is_timed_out};
    const Errand errand = std::move(found->second.errand);
    running_.erase(found);
    errand.ended(end);
    start_next();
    progress_();
}

Result<engine::ExitStatus> Errands::status_of(const Running& running,
                                              const Result<std::optional<process::Ended>>& ended) {
    if (!ended) return tl::unexpected(ended.error());
    const process::Report report = process::read_report(running.child.report.get());
    if (report.state == process::Report::State::failed) {
        const engine::LaunchError& error = report.failure.error;
        if (report.failure.of_session) return failure(ErrorCode::denied, error.stage);
        return system_failure(error.error, error.stage, running.program);
    }
    return (*ended)->status;
}

bool Errands::has_child(pid_t pid) const {
    return std::any_of(running_.begin(), running_.end(),
                       [pid](const auto& running) { return running.second.child.pid == pid; });
}

std::optional<Monotonic> Errands::deadline() const {
    std::optional<Monotonic> earliest;
    for (const auto& [id, running] : running_) {
        if (running.is_timed_out) continue;
        earliest = std::min(earliest.value_or(running.until), running.until);
    }
    return earliest;
}

void Errands::expire(Monotonic now) {
    for (auto& [id, running] : running_) {
        if (running.is_timed_out || now < running.until) continue;
        running.is_timed_out = true;
        static_cast<void>(process::signal_group(running.child, SIGKILL));
    }
}

void Errands::give_up(bool end_with_us) {
    const auto end = [](std::string_view why) {
        return ErrandEnd{failure(ErrorCode::busy, std::string(why)), false};
    };
    const auto running = std::exchange(running_, {});
    for (const auto& [id, one] : running) {
        if (end_with_us) one.errand.ended(end("it has not ended, and the daemon stops"));
    }
    const auto waiting = std::exchange(waiting_, {});
    for (const Errand& errand : waiting) {
        errand.ended(end("the daemon stops before its turn"));
    }
}

}  // namespace cron::daemon
