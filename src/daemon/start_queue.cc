#include "daemon/start_queue.h"

#include <utility>

namespace cron::daemon {

void StartQueue::push(const engine::Spawn& spawn) {
    const std::string& user = spawn.entry->user;
    auto& runs = by_user_[user];
    if (runs.empty()) turns_.push_back(user);
    runs.push_back(spawn.run);
    waiting_.emplace(spawn.run, spawn);
}

std::optional<engine::Spawn> StartQueue::pop() {
    while (!turns_.empty()) {
        std::string user = std::move(turns_.front());
        turns_.pop_front();
        const auto runs = by_user_.find(user);
        const engine::RunNumber run = runs->second.front();
        runs->second.pop_front();
        if (runs->second.empty()) {
            by_user_.erase(runs);
        } else {
            turns_.push_back(std::move(user));
        }
        if (auto found = waiting_.extract(run)) return std::move(found.mapped());
    }
    return std::nullopt;
}

bool StartQueue::erase(engine::RunNumber run) { return waiting_.erase(run) > 0; }

}  // namespace cron::daemon
