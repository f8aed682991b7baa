#include "control/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "control/server_state.h"

namespace cron::control {
namespace {

using std::chrono::milliseconds;

// Who are told that there is no place have a thread for that too, at most so many at once.
constexpr std::size_t kRefusedMax = 32;
constexpr milliseconds kTroublePause{1000};  // from a failure to accept to the next try
constexpr milliseconds kHurryPause{500};     // and no more often, whatever clients do

Result<Listener> open_listener(const std::string& path, UniqueFd listening) {
    if (listening) {
        auto taken = Listener::take_over(std::move(listening), path);
        if (taken) return taken;
    }
    // What cannot be gone on with is closed by now: nobody listens there.
    return Listener::open(path);
}

Result<void> expect_hurry() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    if (::sigaction(hurry_signal(), &action, nullptr) != 0)
        return system_failure(errno, "sigaction", "");
    return {};
}

}  // namespace

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
