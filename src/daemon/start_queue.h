// Starts that are ordered and not made: each user's in their order, and users in turn, so that one
// with a million lines does not keep the others waiting. A plain value.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "engine/effect.h"

namespace cron::daemon {

class StartQueue {
  public:
    void push(const engine::Spawn& spawn);
    // The next start; none if nothing waits.
    std::optional<engine::Spawn> pop();
    // Takes a start back. False if it does not wait here.
    bool erase(engine::RunNumber run);
    bool is_empty() const { return waiting_.empty(); }

  private:
    std::map<engine::RunNumber, engine::Spawn> waiting_;
    std::map<std::string, std::deque<engine::RunNumber>> by_user_;  // with some that were erased
    std::deque<std::string> turns_;  // of the users in by_user_, each once
};

}  // namespace cron::daemon
