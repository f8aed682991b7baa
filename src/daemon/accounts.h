// Users by name for the starts of jobs, without ever waiting in the loop for a directory of users.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "daemon/worker.h"
#include "process/user.h"

namespace cron::daemon {

class Accounts {
  public:
    using Found = std::function<void(const Result<process::Identity>& identity)>;

    explicit Accounts(Worker& worker) : worker_(worker) {}

    // Calls `found` at once if the user was looked up within the last minute, else when the worker
    // has done it.
    void find(const std::string& name, Found found);
    // Lets the worker look the user up, so that find() will know.
    void prepare(const std::string& name);
    void drop() { cache_.drop(); }

  private:
    void look_up(const std::string& name);

    Worker& worker_;
    process::UserCache cache_;
    std::unordered_map<std::string, std::vector<Found>> waiting_;
};

}  // namespace cron::daemon
