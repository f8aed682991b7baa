#include "daemon/outlet.h"

#include <utility>

namespace cron::daemon {

Outlet::Outlet(Outbox& outbox, microseconds patience) : outbox_(outbox), patience_(patience) {
    outbox_.set_waiting_bytes_max(kOutletBytesMax + kOutletReserve);
    forget_lost();
}

void Outlet::write(std::string text, std::uint64_t lines) {
    const std::size_t bytes = text.size();
    const std::uint64_t lost_before = outbox_.lost_bytes();
    const bool is_taken = outbox_.push(std::move(text), lines);
    if (!is_taken && outbox_.lost_bytes() == lost_before) refused_bytes_ += bytes;
}

bool Outlet::look(Monotonic now) {
    const State next = next_state(now);
    if (!outbox_.problem()) {
        is_retry_ = false;
    } else if (next == State::open) {
        is_retry_ = true;
    }
    if (next == state_) return false;
    if (next == State::closed || next == State::stuck) was_closed_ = next == State::closed;
    state_ = next;
    since_ = now;
    return true;
}

Outlet::State Outlet::next_state(Monotonic now) const {
    if (outbox_.problem()) {
        const bool is_tried_again = state_ == State::closed && now >= since_ + kReaderRetry;
        return is_tried_again ? State::open : State::closed;
    }
    switch (state_) {
        case State::open:
            return outbox_.waiting_bytes() > kOutletBytesMax ? State::held : State::open;
        case State::held:
            if (outbox_.has_room()) return State::open;
            return now >= since_ + patience_ ? State::stuck : State::held;
        case State::stuck:
        case State::closed:
            return outbox_.has_room() ? State::open : state_;
    }
    return state_;
}

std::optional<Monotonic> Outlet::deadline() const {
    if (state_ != State::held) return std::nullopt;
    return since_ + patience_;
}

void Outlet::forget_lost() {
    forgotten_lines_ = outbox_.dropped();
    forgotten_bytes_ = outbox_.lost_bytes() + refused_bytes_;
}

}  // namespace cron::daemon
