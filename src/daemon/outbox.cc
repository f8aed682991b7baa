#include "daemon/outbox.h"

#include <poll.h>
#include <sys/epoll.h>
#include <string_view>
#include <utility>

namespace cron::daemon {
namespace {

constexpr int kPollMs = 50;

}  // namespace

bool Outbox::push(std::string message) {
    if (waiting_bytes_ + message.size() > kWaitingBytesMax) {
        ++dropped_;
        return false;
    }
    if (std::exchange(is_torn_, false)) message.insert(0, 1, '\n');
    waiting_bytes_ += message.size();
    waiting_.push_back(std::move(message));
    if (watch_) return true;  // the loop tells when there is room
    const std::uint64_t dropped_before = dropped_;
    flush();
    return dropped_ == dropped_before;
}

void Outbox::flush() {
    // The transport may open its descriptor anew: no watch lives through that.
    watch_.reset();
    const bool had_room = has_room();
    while (!waiting_.empty() && send_first()) {
    }
    if (!had_room && has_room() && room_) room_();
    if (waiting_.empty() || loop_ == nullptr || transport_->fd() < 0) return;
    Result<EventLoop::Watch> watch =
        loop_->add(transport_->fd(), EPOLLOUT, [this](std::uint32_t) { flush(); });
    // Without a watch the next push tries again.
    if (watch) watch_ = std::move(*watch);
}

void Outbox::finish(std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (flush(); !waiting_.empty() && std::chrono::steady_clock::now() < end; flush()) {
        pollfd room{transport_->fd(), POLLOUT, 0};
        ::poll(&room, 1, kPollMs);
    }
}

// False when the transport takes no more for now.
bool Outbox::send_first() {
    const Result<std::size_t> sent =
        transport_->send(std::string_view(waiting_.front()).substr(first_sent_));
    if (!sent) {
        drop_all();
        return false;
    }
    if (*sent == 0) return false;
    first_sent_ += *sent;
    if (first_sent_ == waiting_.front().size()) {
        waiting_bytes_ -= waiting_.front().size();
        waiting_.pop_front();
        first_sent_ = 0;
    }
    return true;
}

void Outbox::drop_all() {
    dropped_ += waiting_.size();
    is_torn_ = first_sent_ > 0;
    first_sent_ = 0;
    waiting_bytes_ = 0;
    waiting_.clear();
}

}  // namespace cron::daemon
