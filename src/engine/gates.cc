#include "engine/gates.h"

#include <algorithm>
#include <utility>

namespace cron::engine {
namespace {

constexpr seconds kRatePeriod{1};

}  // namespace

void Gates::set(Capacity capacity) {
    capacity_ = std::move(capacity);
    while (starts_.size() > capacity_.max_starts_per_second) starts_.pop_front();
    give_back_slots();
    for (const auto& [name, pool] : pools_) opened_.insert(name);
}

// Of those that have not started: there may be fewer slots now.
void Gates::give_back_slots() {
    std::erase_if(front_, [this](const auto& turn) {
        Place& place = places_.at(turn.second);
        if (place.pool.empty()) return false;
        Pool& pool = pools_.at(place.pool);
        --pool.inside;
        pool.waiting.insert(turn);
        place.where = Place::Where::pool;
        return true;
    });
}

void Gates::enter(RunNumber run, const std::string& pool) {
    Place& place = places_[run];
    place = {pool.empty() ? Place::Where::front : Place::Where::pool, ++last_turn_, pool};
    if (pool.empty()) {
        front_.emplace(place.turn, run);
        return;
    }
    pools_[pool].waiting.emplace(place.turn, run);
    opened_.insert(pool);
}

void Gates::take_in(RunNumber run, const std::string& pool) {
    leave(run);
    places_[run] = {Place::Where::inside, 0, pool};
    ++running_;
    if (!pool.empty()) ++pools_[pool].inside;
}

void Gates::leave(RunNumber run) {
    const auto found = places_.find(run);
    if (found == places_.end()) return;
    const Place place = std::move(found->second);
    places_.erase(found);
    if (place.where == Place::Where::inside) --running_;
    if (place.where == Place::Where::front) front_.erase(place.turn);
    if (place.pool.empty()) return;
    const auto pool = pools_.find(place.pool);
    if (place.where == Place::Where::pool) {
        pool->second.waiting.erase(place.turn);
    } else {
        --pool->second.inside;
        opened_.insert(place.pool);
    }
    if (pool->second.inside == 0 && pool->second.waiting.empty()) pools_.erase(pool);
}

std::optional<RunNumber> Gates::admit(Monotonic now) {
    for (const std::string& name : std::exchange(opened_, {})) open(name);
    if (front_.empty() || is_full() || now < rate_opens().value_or(now)) return std::nullopt;
    const RunNumber run = front_.begin()->second;
    front_.erase(front_.begin());
    places_.at(run).where = Place::Where::inside;
    ++running_;
    return run;
}

void Gates::note_start(Monotonic now) {
    if (capacity_.max_starts_per_second == 0) return;
    if (starts_.size() == capacity_.max_starts_per_second) starts_.pop_front();
    starts_.push_back(now);
}

// Whoever waits in the pool and now has a slot of it goes on to the gate of all.
void Gates::open(const std::string& name) {
    const auto found = pools_.find(name);
    if (found == pools_.end()) return;
    Pool& pool = found->second;
    while (!pool.waiting.empty() && pool.inside < size_of(name)) {
        const RunNumber run = pool.waiting.begin()->second;
        pool.waiting.erase(pool.waiting.begin());
        ++pool.inside;
        Place& place = places_.at(run);
        place.where = Place::Where::front;
        // In the order in which they came to the daemon, whatever pools they are in.
        front_.emplace(place.turn, run);
    }
}

std::optional<Monotonic> Gates::next_turn(Monotonic now) const {
    if (front_.empty() || is_full()) return std::nullopt;
    return std::max(now, rate_opens().value_or(now));
}

std::uint32_t Gates::size_of(const std::string& pool) const {
    const auto size = capacity_.pools.find(pool);
    return size == capacity_.pools.end() ? 1 : size->second;
}

bool Gates::is_full() const {
    return capacity_.max_running > 0 && running_ >= capacity_.max_running;
}

// When there have been fewer starts in the second before than may be; none: there have.
std::optional<Monotonic> Gates::rate_opens() const {
    if (capacity_.max_starts_per_second == 0 || starts_.size() < capacity_.max_starts_per_second) {
        return std::nullopt;
    }
    return starts_.front() + kRatePeriod;
}

}  // namespace cron::engine
