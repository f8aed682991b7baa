// What a server says to one client, on a thread of its own.
#include <sys/socket.h>

#include <optional>
#include <utility>

#include "control/codec.h"
#include "control/server_state.h"

namespace cron::control {
namespace {

using Ending = Channel::Ending;
using std::chrono::milliseconds;

std::string refusal(ErrorCode code, std::string message) {
    return encode(Answer(tl::unexpected<Refusal>({{code, std::move(message)}, {}, {}})));
}

Deadline after(milliseconds time) { return Deadline::clock::now() + time; }

}  // namespace

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

}  // namespace cron::control
