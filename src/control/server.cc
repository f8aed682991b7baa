#include "control/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "base/unique_fd.h"
#include "control/channel.h"
#include "control/codec.h"

namespace cron::control {
namespace {

using Ending = Channel::Ending;
using std::chrono::milliseconds;

// Who are told that there is no place have a thread for that too, at most so many at once.
constexpr std::size_t kRefusedMax = 32;
constexpr milliseconds kTroublePause{1000};  // from a failure to accept to the next try
constexpr milliseconds kHurryPause{500};     // and no more often, whatever clients do

std::string refusal(ErrorCode code, std::string message) {
    return encode(Answer(tl::unexpected<Refusal>({{code, std::move(message)}, {}, {}})));
}

Result<Listener> open_listener(const std::string& path, UniqueFd listening) {
    if (listening) {
        auto taken = Listener::take_over(std::move(listening), path);
        if (taken) return taken;
    }
    // What cannot be gone on with is closed by now: nobody listens there.
    return Listener::open(path);
}

Deadline after(milliseconds time) { return Deadline::clock::now() + time; }

// It does nothing but to end a wait in the kernel.
int hurry_signal() { return SIGRTMIN; }

Result<void> expect_hurry() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    if (::sigaction(hurry_signal(), &action, nullptr) != 0)
        return system_failure(errno, "sigaction", "");
    return {};
}

}  // namespace

// Shared by all threads; the last one to leave takes it away.
class Server::State {
  public:
    State(const ServerSettings& settings, Handler handler, Trouble trouble, Listener listener,
          UniqueFd stopped)
        : settings_(settings),
          handler_(std::move(handler)),
          trouble_(std::move(trouble)),
          listener_(std::move(listener)),
          stopped_(std::move(stopped)),
          admission_(settings.bounds, settings.master) {}

    void keep_door(const std::shared_ptr<State>& self);
    void stop();
    void pause();
    void go_on();
    int listener_fd() const { return listener_.fd(); }
    bool wait_until_unused(milliseconds patience);
    bool wait_until_empty(std::optional<milliseconds> patience);

  private:
    // A long line, or the wish for one, for as long as it is held.
    class LargePlace;
    // Calls that may wait as long as a client likes, of a thread that can be hurried meanwhile.
    class Lingering;
    struct Guest {
        Peer peer;
        std::optional<std::string> refused;  // why there is no place
    };

    bool wait_for_client();
    bool sleep(milliseconds time);
    void welcome(const std::shared_ptr<State>& self, UniqueFd socket);
    void receive(UniqueFd socket, const Guest& guest);
    void see_off(const Guest& guest);
    void converse(Channel& channel, const Peer& peer);
    void end_handler();
    bool take_request(Channel& channel, const Peer& peer, std::string& line, LargePlace& place);
    void say(Channel& channel, ErrorCode code, std::string message) const;
    void hurry();
    void say_stopping(Channel& channel);

    const ServerSettings settings_;
    const Handler handler_;
    const Trouble trouble_;
    Listener listener_;
    UniqueFd stopped_;  // readable from stop() on

    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_stopping_ = false;
    std::size_t threads_ = 0;   // that talk to clients
    std::size_t handlers_ = 0;  // that are at work
    std::set<int> sockets_;     // of these
    std::set<pthread_t> lingering_;
    Deadline next_hurry_{};
    Admission admission_;
};

class Server::State::LargePlace {
  public:
    LargePlace(State& state, uid_t uid) : state_(state), uid_(uid) {}
    LargePlace(const LargePlace&) = delete;
    LargePlace& operator=(const LargePlace&) = delete;
    ~LargePlace() {
        if (!is_taken_) return;
        const std::lock_guard lock(state_.mutex_);
        state_.admission_.give_large(uid_);
    }
    bool take() {
        const std::lock_guard lock(state_.mutex_);
        return is_taken_ = is_taken_ || state_.admission_.take_large(uid_);
    }

  private:
    State& state_;
    uid_t uid_;
    bool is_taken_ = false;
};

class Server::State::Lingering {
  public:
    explicit Lingering(State& state) : state_(state) {
        sigset_t hurried;
        sigemptyset(&hurried);
        sigaddset(&hurried, hurry_signal());
        ::pthread_sigmask(SIG_UNBLOCK, &hurried, &before_);
        const std::lock_guard lock(state_.mutex_);
        state_.lingering_.insert(::pthread_self());
    }
    Lingering(const Lingering&) = delete;
    Lingering& operator=(const Lingering&) = delete;
    ~Lingering() {
        {
            const std::lock_guard lock(state_.mutex_);
            state_.lingering_.erase(::pthread_self());
        }
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

  private:
    State& state_;
    sigset_t before_{};
};

// Who waits for a client, or for what he has passed to be closed: a signal ends that, and it goes
// on if it has reason to.
void Server::State::hurry() {
    const Deadline now = Deadline::clock::now();
    if (now < next_hurry_) return;
    next_hurry_ = now + kHurryPause;
    for (const pthread_t thread : lingering_) ::pthread_kill(thread, hurry_signal());
}

// ---- the door ----

void Server::State::keep_door(const std::shared_ptr<State>& self) {
    bool is_troubled = false;
    while (wait_for_client()) {
        UniqueFd socket(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (socket) {
            is_troubled = false;
            welcome(self, std::move(socket));
            continue;
        }
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) continue;
        // Of descriptors there may be enough in a moment; until then the client still waits.
        if (!std::exchange(is_troubled, true))
            trouble_(system_failure(errno, "accept4", "").value());
        if (!sleep(kTroublePause)) return;
    }
}

// False when it is time to stop.
bool Server::State::wait_for_client() {
    {
        std::unique_lock lock(mutex_);
        const std::size_t most = settings_.bounds.places + kRefusedMax;
        const auto may_go_on = [&] { return is_stopping_ || threads_ < most; };
        while (!changed_.wait_for(lock, kHurryPause, may_go_on)) hurry();
        if (is_stopping_) return false;
    }
    pollfd wanted[] = {{listener_.fd(), POLLIN, 0}, {stopped_.get(), POLLIN, 0}};
    // It fails where the limit of descriptors was lowered to nothing: no reason to turn without
    // end.
    if (::poll(wanted, 2, -1) < 0) return sleep(kTroublePause);
    return wanted[1].revents == 0;
}

bool Server::State::sleep(milliseconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [this] { return is_stopping_; });
}

void Server::State::welcome(const std::shared_ptr<State>& self, UniqueFd socket) {
    const Result<Peer> peer = peer_of(socket.get());
    Guest guest{peer.value_or(Peer{}), std::nullopt};
    {
        const std::lock_guard lock(mutex_);
        guest.refused = peer ? admission_.enter(peer->uid, Deadline::clock::now())
                             : std::optional(peer.error().message);
        if (guest.refused) hurry();
        ++threads_;
    }
    try {
        std::thread([self, socket = std::move(socket), guest]() mutable {
            self->receive(std::move(socket), guest);
        }).detach();
    } catch (const std::system_error& error) {
        see_off(guest);
        trouble_(system_failure(error.code().value(), "pthread_create", "").value());
    }
}

// ---- one client ----

void Server::State::receive(UniqueFd socket, const Guest& guest) {
    {
        std::optional<Lingering> lingering;
        Channel channel(std::move(socket));
        {
            const std::lock_guard lock(mutex_);
            sockets_.insert(channel.fd());
            if (is_stopping_) ::shutdown(channel.fd(), SHUT_RD);
        }
        if (guest.refused) {
            say(channel, ErrorCode::limit, *guest.refused);
        } else {
            converse(channel, guest.peer);
        }
        lingering.emplace(*this);
        // Before it is closed, and its number used for another.
        const std::lock_guard lock(mutex_);
        sockets_.erase(channel.fd());
    }
    see_off(guest);
}

void Server::State::see_off(const Guest& guest) {
    const std::lock_guard lock(mutex_);
    if (!guest.refused) admission_.leave(guest.peer.uid);
    --threads_;
    changed_.notify_all();
}

void Server::State::converse(Channel& channel, const Peer& peer) {
    for (;;) {
        Asking asking{peer, {}, [&channel] { return channel.has_gone(); }};
        LargePlace place(*this, peer.uid);
        if (!take_request(channel, peer, asking.line, place)) return;
        std::string answer = handler_(asking);
        end_handler();
        asking.line = {};
        if (answer.size() > settings_.large_bytes && !place.take()) {
            answer = refusal(ErrorCode::limit, "crond holds as many long answers as it may");
        }
        if (channel.write(answer, after(settings_.answer_time)) != Ending::done) return;
    }
}

void Server::State::end_handler() {
    const std::lock_guard lock(mutex_);
    --handlers_;
    changed_.notify_all();
}

// False where the conversation is over; else a handler is at work from here on.
bool Server::State::take_request(Channel& channel, const Peer& peer, std::string& line,
                                 LargePlace& place) {
    const Deadline deadline = after(settings_.request_time);
    const auto read = [&](std::size_t bytes_max) {
        const Lingering lingering(*this);
        return channel.read_line(line, bytes_max, deadline);
    };
    Ending ending = read(settings_.large_bytes);
    if (ending == Ending::too_long) {
        if (!place.take()) {
            say(channel, ErrorCode::limit, "crond takes as many long requests as it may");
            return false;
        }
        ending = read(kLineBytesMax);
    }
    switch (ending) {
        case Ending::done:
            break;
        case Ending::closed:
            say_stopping(channel);
            return false;
        case Ending::too_long:
            say(channel, ErrorCode::limit, "the request is longer than crond takes");
            return false;
        case Ending::too_late:
            if (channel.has_begun()) say(channel, ErrorCode::limit, "the request takes too long");
            return false;
    }
    {
        std::unique_lock lock(mutex_);
        const Deadline turn = admission_.take_turn(peer.uid, Deadline::clock::now());
        if (!changed_.wait_until(lock, turn, [this] { return is_stopping_; })) {
            ++handlers_;
            return true;
        }
    }
    say_stopping(channel);
    return false;
}

// Whoever has asked, or is about to: nothing of it was done.
void Server::State::say_stopping(Channel& channel) {
    {
        const std::lock_guard lock(mutex_);
        if (!is_stopping_) return;
    }
    say(channel, ErrorCode::busy, "crond stops or is upgraded; try again");
}

// If there is room for it: nobody waits for a client that does not listen.
void Server::State::say(Channel& channel, ErrorCode code, std::string message) const {
    channel.write(refusal(code, std::move(message)), Deadline::clock::now());
}

// ---- the end ----

void Server::State::stop() {
    listener_.remove();
    pause();
    ::shutdown(listener_.fd(), SHUT_RDWR);
}

void Server::State::pause() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_stopping_, true)) return;
    const std::uint64_t one = 1;
    // Fails only when it was written before.
    if (::write(stopped_.get(), &one, sizeof one) < 0) return;
    // No more requests; answers still go out.
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RD);
    changed_.notify_all();
}

void Server::State::go_on() {
    const std::lock_guard lock(mutex_);
    is_stopping_ = false;
    std::uint64_t count = 0;
    // Fails only when it was not written.
    if (::read(stopped_.get(), &count, sizeof count) < 0) return;
}

bool Server::State::wait_until_unused(milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return threads_ == 0; });
    return handlers_ == 0;
}

bool Server::State::wait_until_empty(std::optional<milliseconds> patience) {
    std::unique_lock lock(mutex_);
    const auto is_empty = [this] { return threads_ == 0; };
    if (patience) return changed_.wait_for(lock, *patience, is_empty);
    while (!changed_.wait_for(lock, kHurryPause, is_empty)) hurry();
    return true;
}

Server::Server(std::shared_ptr<State> state, std::thread door)
    : state_(std::move(state)), door_(std::move(door)) {}

Result<Server> Server::open(const ServerSettings& settings, Handler handler, Trouble trouble,
                            UniqueFd listening) {
    Result<Listener> listener = open_listener(settings.path, std::move(listening));
    if (!listener) return tl::unexpected(listener.error());
    UniqueFd stopped(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!stopped) return system_failure(errno, "eventfd", "");
    if (auto expected = expect_hurry(); !expected) return tl::unexpected(expected.error());
    auto state = std::make_shared<State>(settings, std::move(handler), std::move(trouble),
                                         *std::move(listener), std::move(stopped));
    auto door = open_door(state);
    if (!door) return tl::unexpected(door.error());
    return Server(std::move(state), *std::move(door));
}

Result<std::thread> Server::open_door(const std::shared_ptr<State>& state) {
    // All threads inherit the mask: signals are for the process's own loop.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    if (const int error = ::pthread_sigmask(SIG_SETMASK, &all, &before); error != 0) {
        return system_failure(error, "pthread_sigmask", "");
    }
    std::thread door;
    int error = 0;
    try {
        door = std::thread([state] { state->keep_door(state); });
    } catch (const std::system_error& failed) {
        error = failed.code().value();
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (error != 0) return system_failure(error, "pthread_create", "");
    return door;
}

bool Server::pause(milliseconds patience) {
    state_->pause();
    if (door_.joinable()) door_.join();
    return state_->wait_until_unused(patience);
}

Result<void> Server::go_on() {
    state_->go_on();
    auto door = open_door(state_);
    if (!door) return tl::unexpected(door.error());
    door_ = *std::move(door);
    return {};
}

int Server::listener_fd() const { return state_->listener_fd(); }

void Server::stop(milliseconds patience) {
    state_->stop();
    state_->wait_until_empty(patience);
}

Server::~Server() {
    if (!state_) return;
    state_->stop();
    if (door_.joinable()) door_.join();
    state_->wait_until_empty(std::nullopt);
}

}  // namespace cron::control
