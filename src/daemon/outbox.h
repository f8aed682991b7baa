// Lines on their way out of the process: a bounded queue before a transport that never blocks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/event_loop.h"
#include "daemon/transport.h"

namespace cron::daemon {

class Outbox {
  public:
    explicit Outbox(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    // Goes on by itself when the transport has room again. Dies before the loop.
    void attach(EventLoop& loop) { loop_ = &loop; }

    // Calls `room` when has_room() has become true again, and when a send has failed after one that
    // did not.
    void on_room(std::function<void()> room) { room_ = std::move(room); }

    // Sends `message`, or keeps it until it can be sent. False when it was dropped, because more
    // than the bound would wait or because the transport is broken. To a stream several lines may
    // go as one message: they are counted.
    bool push(std::string message, std::uint64_t lines = 1);
    // Sends what can be sent now.
    void flush();

    // flush(), for the end of the process: goes on for up to `patience` where the transport takes
    // no more for now.
    void finish(std::chrono::milliseconds patience);

    // Whether all was sent.
    bool is_empty() const { return waiting_.empty(); }
    // Whether half of the bound is free: good for whoever can hold back what it has.
    bool has_room() const { return waiting_bytes_ <= waiting_bytes_max_ / 2; }
    // Of all that waits, with what it costs to keep it.
    std::size_t waiting_bytes() const { return waiting_bytes_; }
    std::uint64_t waiting_lines() const;
    // Without that cost.
    std::uint64_t unsent_bytes() const {
        return waiting_bytes_ - waiting_.size() * kMessageCost - first_sent_;
    }
    // Lines lost, in part or whole; and the bytes of those that the transport has lost.
    std::uint64_t dropped() const { return dropped_; }
    std::uint64_t lost_bytes() const { return lost_bytes_; }
    // Why the last send failed; none where it did not.
    const std::optional<Error>& problem() const { return problem_; }

    // What may wait; kWaitingBytesMax at first.
    void set_waiting_bytes_max(std::size_t bytes) { waiting_bytes_max_ = bytes; }

    static constexpr std::size_t kWaitingBytesMax = 1U << 20;
    static constexpr std::size_t kMessageCost = 64;  // in bytes, besides its own

  private:
    struct Message {
        std::string text;
        std::uint64_t lines = 1;

        std::size_t cost() const { return text.size() + kMessageCost; }
    };

    bool send_first();
    void drop_all();

    std::unique_ptr<Transport> transport_;
    EventLoop* loop_ = nullptr;
    std::function<void()> room_;
    std::deque<Message> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::size_t waiting_bytes_max_ = kWaitingBytesMax;
    std::size_t first_sent_ = 0;  // bytes of the first that are gone already
    std::uint64_t dropped_ = 0;
    std::uint64_t lost_bytes_ = 0;
    std::optional<Error> problem_;
    bool is_torn_ = false;    // the last line that went out is not whole
    EventLoop::Watch watch_;  // while something waits; ends before the transport
};

}  // namespace cron::daemon
