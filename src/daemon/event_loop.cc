#include "daemon/event_loop.h"

#include <sys/epoll.h>
#include <array>
#include <cerrno>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/unique_fd.h"

namespace cron::daemon {

// Every registration has a token that is never given again, so an event of this turn whose watch
// has ended since finds nothing, whatever its descriptor number is now used for.
class EventLoop::State {
  public:
    using Handlers = std::unordered_map<std::uint64_t, Handler>;

    explicit State(UniqueFd epoll) : epoll_(std::move(epoll)) {}
    ~State() { CRON_CHECK(handlers_.empty()); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    Result<std::uint64_t> add(int fd, std::uint32_t events, Handler handler) {
        const std::uint64_t token = ++last_token_;
        epoll_event event{};
        event.events = events;
        event.data.u64 = token;
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
            return system_failure(errno, "epoll_ctl", "");
        }
        handlers_.emplace(token, std::move(handler));
        return token;
    }

    void remove(int fd, std::uint64_t token) {
        // It fails only for a descriptor that was closed too early.
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
        Handlers::node_type node = handlers_.extract(token);
        // It may be the one that is running: it lives on, at its place, until the turn is over.
        if (is_dispatching_) retired_.push_back(std::move(node));
    }

    Result<void> turn(int timeout_ms) {
        CRON_CHECK(!is_dispatching_);
        std::array<epoll_event, kEventsMax> events;
        const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsMax, timeout_ms);
        const int error = errno;
        ++wake_ups_;
        if (count < 0 && error != EINTR) return system_failure(error, "epoll_wait", "");
        is_dispatching_ = true;
        for (int i = 0; i < count && !is_stopped_; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            const auto found = handlers_.find(event.data.u64);
            if (found != handlers_.end()) found->second(event.events);
        }
        is_dispatching_ = false;
        // What a handler owned may be watches: they end here, outside of the dispatch.
        const std::vector<Handlers::node_type> over = std::exchange(retired_, {});
        return {};
    }

    void stop() { is_stopped_ = true; }
    bool is_stopped() const { return is_stopped_; }
    std::uint64_t wake_ups() const { return wake_ups_; }

  private:
    UniqueFd epoll_;
    Handlers handlers_;
    std::vector<Handlers::node_type> retired_;
    std::uint64_t last_token_ = 0;
    std::uint64_t wake_ups_ = 0;
    bool is_dispatching_ = false;
    bool is_stopped_ = false;
};

EventLoop::Watch::Watch(Watch&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)), fd_(other.fd_), token_(other.token_) {}

EventLoop::Watch& EventLoop::Watch::operator=(Watch&& other) noexcept {
    if (this != &other) {
        reset();
        state_ = std::exchange(other.state_, nullptr);
        fd_ = other.fd_;
        token_ = other.token_;
    }
    return *this;
}

void EventLoop::Watch::reset() noexcept {
    if (State* const state = std::exchange(state_, nullptr)) state->remove(fd_, token_);
}

EventLoop::EventLoop(std::unique_ptr<State> state) : state_(std::move(state)) {}
EventLoop::EventLoop(EventLoop&&) noexcept = default;
EventLoop::~EventLoop() = default;

Result<EventLoop> EventLoop::create() {
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return system_failure(errno, "epoll_create1", "");
    return EventLoop(std::make_unique<State>(std::move(epoll)));
}

Result<EventLoop::Watch> EventLoop::add(int fd, std::uint32_t events, Handler handler) {
    const Result<std::uint64_t> token = state_->add(fd, events, std::move(handler));
    if (!token) return tl::unexpected(token.error());
    return Watch(state_.get(), fd, *token);
}

Result<void> EventLoop::run() {
    while (!is_stopped()) {
        if (Result<void> done = turn(std::nullopt); !done) return done;
    }
    return {};
}

void EventLoop::stop() { state_->stop(); }

bool EventLoop::is_stopped() const { return state_->is_stopped(); }

Result<void> EventLoop::turn(std::optional<std::chrono::milliseconds> timeout) {
    return state_->turn(timeout ? static_cast<int>(timeout->count()) : -1);
}

std::uint64_t EventLoop::wake_ups() const { return state_->wake_ups(); }

}  // namespace cron::daemon
