// What is left of runs that were told to end, in the groups that they had.
#include <algorithm>
#include <csignal>
#include <utility>

#include "daemon/runs.h"

namespace cron::daemon {
namespace {

constexpr std::chrono::milliseconds kProbePause{50};  // nothing tells when a group is empty

}  // namespace

std::optional<Monotonic> Runs::deadline() const {
    const auto of_groups = groups_->deadline();
    if (lingering_.empty()) return of_groups;
    return std::min({lingering_.begin()->first, of_groups.value_or(Monotonic::max()),
                     next_probe_.value_or(Monotonic::max())});
}

bool Runs::has_remnants(Monotonic now) {
    // Many things ask, and a look at all processes is not for each of them.
    if (!lingering_.empty() && next_probe_ && now < *next_probe_) return true;
    next_probe_ = now + kProbePause;
    for (auto& [kill_at, child] : lingering_) {
        if (child.pidfd) static_cast<void>(process::reap(child.pidfd.get()));
        child.pidfd.reset();
    }
    // The number of a group is free when nothing of it is left, but nobody has it again before the
    // next look.
    std::erase_if(lingering_,
                  [](const auto& remnant) { return !process::has_group(remnant.second.pid); });
    return !lingering_.empty();
}

void Runs::expire(Monotonic now) {
    while (!lingering_.empty() && lingering_.begin()->first <= now) {
        const process::Child child = std::move(lingering_.begin()->second);
        lingering_.erase(lingering_.begin());
        // ESRCH: nothing is left of it.
        static_cast<void>(process::signal_group(child, SIGKILL));
        if (child.pidfd) static_cast<void>(process::reap(child.pidfd.get()));
    }
    groups_->expire(now);
}

}  // namespace cron::daemon
