#include "daemon/accounts.h"

#include <utility>

#include "daemon/clock.h"

namespace cron::daemon {

void Accounts::find(const std::string& name, Found found) {
    const process::Identity* known = cache_.get(name, read_clock().monotonic);
    if (known != nullptr) {
        const process::Identity identity = *known;  // what is called may change the cache
        found(identity);
        return;
    }
    const auto [waiting, is_first] = waiting_.try_emplace(name);
    waiting->second.push_back(std::move(found));
    if (is_first) look_up(name);
}

void Accounts::prepare(const std::string& name) {
    if (cache_.get(name, read_clock().monotonic) != nullptr) return;
    if (waiting_.try_emplace(name).second) look_up(name);
}

void Accounts::look_up(const std::string& name) {
    const bool is_posted = worker_.post([this, name]() -> Worker::Continuation {
        return [this, name, identity = process::find_user(name)] {
            if (identity) cache_.put(*identity, read_clock().monotonic);
            const auto waiting = waiting_.extract(name);
            for (const Found& found : waiting.mapped()) found(identity);
        };
    });
    if (is_posted) return;
    const auto waiting = waiting_.extract(name);
    const Result<process::Identity> busy =
        failure(ErrorCode::busy, "too many users are being looked up");
    for (const Found& found : waiting.mapped()) found(busy);
}

}  // namespace cron::daemon
