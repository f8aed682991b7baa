#include "daemon/outbox.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

namespace cron::daemon {
namespace {

constexpr int kPollMs = 50;

}  // namespace

bool Outbox::push(std::string message, std::uint64_t lines) {
    const std::size_t cost = message.size() + kMessageCost;
    if (waiting_bytes_ + cost > waiting_bytes_max_) {
        dropped_ += lines;
        return false;
    }
    const bool follows_torn = is_torn_ && waiting_.empty();
    waiting_bytes_ += cost;
    waiting_.push_back({std::move(message), lines});
    if (follows_torn) {
        waiting_.back().text.insert(0, 1, '\n');
        ++waiting_bytes_;
    }
    if (watch_) return true;  // the loop tells when there is room
    const std::uint64_t dropped_before = dropped_;
    flush();
    return dropped_ == dropped_before;
}

void Outbox::flush() {
    // The transport may open its descriptor anew: no watch lives through that.
    watch_.reset();
    const bool had_room = has_room();
    const bool had_problem = problem_.has_value();
    while (!waiting_.empty() && send_first()) {
    }
    const bool is_news = (!had_room && has_room()) || (!had_problem && problem_);
    if (is_news && room_) room_();
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

std::uint64_t Outbox::waiting_lines() const {
    return std::accumulate(
        waiting_.begin(), waiting_.end(), std::uint64_t{0},
        [](std::uint64_t lines, const Message& message) { return lines + message.lines; });
}

// False when the transport takes no more for now.
bool Outbox::send_first() {
    const Message& first = waiting_.front();
    const Result<std::size_t> sent =
        transport_->send(std::string_view(first.text).substr(first_sent_));
    if (!sent) {
        problem_ = sent.error();
        drop_all();
        return false;
    }
    if (*sent == 0) return false;
    problem_.reset();
    is_torn_ = false;
    first_sent_ += *sent;
    if (first_sent_ == first.text.size()) {
        waiting_bytes_ -= first.cost();
        waiting_.pop_front();
        first_sent_ = 0;
    }
    return true;
}

void Outbox::drop_all() {
    dropped_ += waiting_lines();
    lost_bytes_ += unsent_bytes();
    if (first_sent_ > 0) {
        const std::string_view sent =
            std::string_view(waiting_.front().text).substr(0, first_sent_);
        const auto ended = static_cast<std::uint64_t>(std::count(sent.begin(), sent.end(), '\n'));
        const std::uint64_t lines = waiting_.front().lines;
        dropped_ -= std::min(ended, lines - std::min<std::uint64_t>(lines, 1));
        is_torn_ = sent.back() != '\n';
    }
    first_sent_ = 0;
    waiting_bytes_ = 0;
    waiting_.clear();
}

}  // namespace cron::daemon
