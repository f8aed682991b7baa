// Lines on their way out of the process: a bounded queue before a transport that never blocks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
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

    // Calls `room` when has_room() has become true again.
    void on_room(std::function<void()> room) { room_ = std::move(room); }

    // Sends `message`, or keeps it until it can be sent. False when it was dropped, because more
    // than kWaitingBytesMax would wait or because the transport is broken.
    bool push(std::string message);
    // Sends what can be sent now.
    void flush();

    // flush(), for the end of the process: goes on for up to `patience` where the transport takes
    // no more for now.
    void finish(std::chrono::milliseconds patience);

    // Whether all was sent.
    bool is_empty() const { return waiting_.empty(); }
    // Whether half of the bound is free: good for whoever can hold back what it has.
    bool has_room() const { return waiting_bytes_ <= kWaitingBytesMax / 2; }
    // Messages lost, in part or whole.
    std::uint64_t dropped() const { return dropped_; }

    static constexpr std::size_t kWaitingBytesMax = 1U << 20;

  private:
    bool send_first();
    void drop_all();

    std::unique_ptr<Transport> transport_;
    EventLoop* loop_ = nullptr;
    std::function<void()> room_;
    std::deque<std::string> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::size_t first_sent_ = 0;  // bytes of the first that are gone already
    std::uint64_t dropped_ = 0;
    bool is_torn_ = false;    // the last line that went out is not whole
    EventLoop::Watch watch_;  // while something waits; ends before the transport
};

}  // namespace cron::daemon
