// What the threads of a server share: the clients that they talk to, the bounds, and its end.
#pragma once

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/unique_fd.h"
#include "control/admission.h"
#include "control/channel.h"
#include "control/server.h"
#include "control/socket.h"

namespace cron::control {

// It does nothing but to end a wait in the kernel.
inline int hurry_signal() { return SIGRTMIN; }

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
    bool wait_until_unused(std::chrono::milliseconds patience);
    bool wait_until_empty(std::optional<std::chrono::milliseconds> patience);

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
    bool sleep(std::chrono::milliseconds time);
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

}  // namespace cron::control
