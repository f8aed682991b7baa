#include "daemon/accounts.h"

#include <algorithm>
#include <utility>

#include "daemon/clock.h"

namespace cron::daemon {
namespace {

// What has no longer to live is looked up anew before a start: it will be needed at its second.
constexpr seconds kRenewAhead{5};

}  // namespace

void Accounts::find(const std::string& name, Found found) {
    if (known_ && known_->name == name) return found(*known_);
    const Monotonic now = read_clock().monotonic;
    if (const process::Identity* known = cache_.get(name, now)) {
        const process::Identity identity = *known;  // what is called may change the cache
        found(identity);
        return;
    }
    const auto [waiting, is_first] = waiting_.try_emplace(name);
    if (waiting->second.found.empty()) waiting->second.since = now;
    waiting->second.found.push_back(std::move(found));
    if (is_first) look_up(name);
}

void Accounts::prepare(const std::string& name) {
    if (known_ && known_->name == name) return;
    if (cache_.get(name, read_clock().monotonic + kRenewAhead) != nullptr) return;
    if (waiting_.try_emplace(name).second) look_up(name);
}

void Accounts::look_up(const std::string& name) {
    const bool is_posted = worker_.post([this, name]() -> Worker::Continuation {
        return [this, name, identity = process::find_user(name)] {
            if (identity) cache_.put(name, *identity, read_clock().monotonic);
            const auto waiting = waiting_.extract(name);
            for (const Found& found : waiting.mapped().found) found(identity);
        };
    });
    if (is_posted) return;
    const auto waiting = waiting_.extract(name);
    const Result<process::Identity> busy =
        failure(ErrorCode::busy, "too many users are being looked up");
    for (const Found& found : waiting.mapped().found) found(busy);
}

std::optional<Monotonic> Accounts::deadline() const {
    std::optional<Monotonic> earliest;
    for (const auto& [name, waiting] : waiting_) {
        if (waiting.found.empty()) continue;
        const Monotonic end = waiting.since + kLookUpMax;
        earliest = std::min(earliest.value_or(end), end);
    }
    return earliest;
}

void Accounts::expire(Monotonic now) {
    std::vector<Found> expired;
    for (auto& [name, waiting] : waiting_) {
        if (waiting.found.empty() || now < waiting.since + kLookUpMax) continue;
        for (Found& found : std::exchange(waiting.found, {})) expired.push_back(std::move(found));
    }
    const Result<process::Identity> slow =
        failure(ErrorCode::busy, "the directory of users does not answer");
    for (const Found& found : expired) found(slow);
}

}  // namespace cron::daemon
