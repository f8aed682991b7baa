#include "control/admission.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace cron::control {

std::optional<std::string> Admission::enter(uid_t uid, Time now) {
    const bool is_root = is_master(uid);
    const std::size_t room = bounds_.places - (is_root ? 0 : bounds_.places_for_root);
    if (places_ >= room) return fmt::format("crond talks to {} clients, and to no more", places_);
    if (users_.size() >= bounds_.users) forget_idle(now);
    if (users_.size() >= bounds_.users && !is_root && !users_.contains(uid)) {
        return fmt::format("crond was asked by {} users in a moment", users_.size());
    }
    User& user = users_[uid];
    if (!is_root && user.places >= bounds_.places_of_one) {
        return fmt::format("uid {} has {} connections to crond, and may have no more", uid,
                           user.places);
    }
    ++places_;
    ++user.places;
    return std::nullopt;
}

void Admission::leave(uid_t uid) {
    User& user = users_.at(uid);
    CRON_CHECK(user.places > 0 && places_ > 0);
    --user.places;
    --places_;
}

Admission::Time Admission::take_turn(uid_t uid, Time now) {
    if (is_master(uid)) return now;
    const auto price = Time::duration(std::chrono::seconds{1}) / bounds_.requests_per_second;
    User& user = users_.at(uid);
    const Time turn = std::max(user.paid_until, now);
    user.paid_until = turn + price;
    return std::max(now, user.paid_until - price * bounds_.burst);
}

bool Admission::take_large(uid_t uid) {
    const bool is_root = is_master(uid);
    const std::size_t room = bounds_.large_places - (is_root ? 0 : bounds_.large_places_for_root);
    User& user = users_.at(uid);
    if (large_places_ >= room) return false;
    if (!is_root && user.large_places >= bounds_.large_places_of_one) return false;
    ++large_places_;
    ++user.large_places;
    return true;
}

void Admission::give_large(uid_t uid) {
    User& user = users_.at(uid);
    CRON_CHECK(user.large_places > 0 && large_places_ > 0);
    --user.large_places;
    --large_places_;
}

void Admission::forget_idle(Time now) {
    std::erase_if(users_, [&](const auto& entry) {
        return entry.second.places == 0 && entry.second.paid_until <= now;
    });
}

}  // namespace cron::control
