// Listens, and carries requests to whoever answers them. What a client does, or leaves undone,
// holds up nobody but the thread that talks to it.
//
// No call on a client's socket is made by the thread that opened the server: to receive, or to
// close, may wait as long as the client likes. (A descriptor that it passes is closed by the kernel
// within our call: a TCP socket with SO_LINGER then waits for its peer.)
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/unique_fd.h"
#include "control/admission.h"
#include "control/socket.h"

namespace cron::control {

struct Asking {
    Peer peer;
    std::string line;                // the request, without its newline
    std::function<bool()> has_gone;  // whoever asked will not read the answer
};

struct ServerSettings {
    std::string path;
    uid_t master = 0;  // beside root
    Bounds bounds;
    // For a whole request, from the answer before it on, and for an answer to be read.
    std::chrono::milliseconds request_time{10'000};
    std::chrono::milliseconds answer_time{10'000};
    std::size_t large_bytes = 64U << 10;  // a line that is longer needs a large place
};

class Server {
  public:
    // The answer, a line with its newline. Called on threads of the server, on several at once.
    using Handler = std::function<std::string(const Asking& asking)>;
    // Why nobody can connect for a while. Likewise on a thread of the server.
    using Trouble = std::function<void(const Error& error)>;

    // `listening`: the listener of the program before us in this process, if there is one.
    static Result<Server> open(const ServerSettings& settings, Handler handler, Trouble trouble,
                               UniqueFd listening = {});

    Server(Server&&) noexcept = default;
    Server& operator=(Server&&) noexcept = delete;
    // Stops, and waits for all threads, however long a handler takes.
    ~Server();

    // Removes the socket. Who has asked has its answer, if that takes no longer than `patience`;
    // the threads that are left may go on until the process ends.
    void stop(std::chrono::milliseconds patience);

    // Takes no more requests: who has one is told so, and who connects waits. True when no handler
    // is at work, and who has asked has its answer or has had `patience` to read it; false if a
    // handler takes longer than that.
    bool pause(std::chrono::milliseconds patience);
    // As before pause(). An error: it takes no requests any more.
    Result<void> go_on();
    // Borrowed; for the next program of this process.
    int listener_fd() const;

  private:
    class State;  // in server_state.h

    Server(std::shared_ptr<State> state, std::thread door);
    static Result<std::thread> open_door(const std::shared_ptr<State>& state);

    std::shared_ptr<State> state_;
    std::thread door_;
};

}  // namespace cron::control
