// One epoll loop: descriptors and what to do when they are ready. Level-triggered; for one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/error.h"

namespace cron::daemon {

class EventLoop {
    class State;

  public:
    // `events` as epoll gives them (EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP).
    using Handler = std::function<void(std::uint32_t events)>;

    // The registration of a descriptor, which ends with this object. Move only. It dies before its
    // descriptor is closed and before its loop, so it is declared after both.
    class Watch {
      public:
        Watch() = default;
        Watch(Watch&& other) noexcept;
        Watch& operator=(Watch&& other) noexcept;
        ~Watch() { reset(); }

        explicit operator bool() const { return state_ != nullptr; }
        void reset() noexcept;

      private:
        friend class EventLoop;
        Watch(State* state, int fd, std::uint64_t token) : state_(state), fd_(fd), token_(token) {}

        State* state_ = nullptr;
        int fd_ = -1;
        std::uint64_t token_ = 0;
    };

    static Result<EventLoop> create();
    EventLoop(EventLoop&&) noexcept;
    EventLoop& operator=(EventLoop&&) noexcept = delete;
    ~EventLoop();

    // Calls `handler` in every turn in which `fd` is ready. A handler may end any watch, its own
    // too, and add others: one that has ended is not called again, not even for what this turn has
    // already seen, and a descriptor number that is used again does not get the events of the old
    // one.
    Result<Watch> add(int fd, std::uint32_t events, Handler handler);

    // Turns until stop(). An error is one of epoll itself.
    Result<void> run();
    // Ends run() after the handler that is running; what it leaves undone stays ready.
    void stop();
    bool is_stopped() const;

    // One round: waits for at most `timeout` (none: without end), then calls the handlers of at
    // most kEventsMax ready descriptors. Not to be called from a handler.
    Result<void> turn(std::optional<std::chrono::milliseconds> timeout);

    // How often the process woke up in turn().
    std::uint64_t wake_ups() const;

    static constexpr int kEventsMax = 64;

  private:
    explicit EventLoop(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace cron::daemon
