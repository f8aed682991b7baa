// Users by name for the starts of jobs, without ever waiting in the loop for a directory of users.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "daemon/worker.h"
#include "process/user.h"

namespace cron::daemon {

inline constexpr seconds kLookUpMax{5};  // longer, and whoever waits is told to try again

class Accounts {
  public:
    using Found = std::function<void(const Result<process::Identity>& identity)>;

    explicit Accounts(Worker& worker) : worker_(worker) {}

    // Calls `found` at once if the user was looked up within the last minute, else when the worker
    // has done it. An error other than not_found may be gone in a moment.
    void find(const std::string& name, Found found);
    // Lets the worker look the user up, so that find() will know in a moment.
    void prepare(const std::string& name);
    void drop() { cache_.drop(); }
    // Who needs no entry in the directory of users.
    void know(const process::Identity& identity) { known_ = identity; }

    // When expire() wants to be called.
    std::optional<Monotonic> deadline() const;
    void expire(Monotonic now);

  private:
    struct Waiting {
        std::vector<Found> found;
        Monotonic since{};  // of the first of them
    };

    void look_up(const std::string& name);

    Worker& worker_;
    process::UserCache cache_;
    std::optional<process::Identity> known_;
    std::map<std::string, Waiting> waiting_;  // by the names that are being looked up
};

}  // namespace cron::daemon
