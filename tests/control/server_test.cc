// The server, and clients that do what they should not.
#include "control/server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "control/client.h"
#include "support.h"

using namespace cron;
using namespace cron::control;
using std::chrono::milliseconds;

namespace {

// Closed until it is opened, for ever then.
class Gate {
  public:
    void open() {
        const std::lock_guard lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }
    void arrive() {
        std::unique_lock lock(mutex_);
        ++arrived_;
        changed_.notify_all();
        changed_.wait_for(lock, kTestPatience, [this] { return is_open_; });
    }
    bool has_seen(int count, milliseconds patience = kTestPatience) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return arrived_ >= count; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int arrived_ = 0;
    bool is_open_ = false;
};

void ignore(const Error&) {}
std::string echo(const Asking& asking) { return "<" + asking.line + ">\n"; }

ServerSettings settings(const SocketFolder& folder) {
    ServerSettings settings;
    settings.path = folder / "sock";
    settings.large_bytes = 1000;
    return settings;
}

std::size_t open_descriptors() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                      std::filesystem::directory_iterator()));
}

// A TCP socket with much that its peer does not read, and that waits for it for so long when it is
// closed. `rest`: what belongs to it.
UniqueFd lingering(std::vector<UniqueFd>& rest, int seconds = 60) {
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int small = 2048;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener.get(), generic, size) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    REQUIRE(::getsockname(listener.get(), generic, &size) == 0);
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(socket.get(), generic, size) == 0);
    const std::string bytes(65536, 'x');
    while (::send(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
    const linger patience{1, seconds};
    REQUIRE(::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &patience, sizeof patience) == 0);
    rest.push_back(std::move(listener));
    return socket;
}

// Closes sockets that linger, each on a thread: ours may be the last that is closed.
class Closers {
  public:
    // `rest`: what ends the lingering where it is closed.
    explicit Closers(std::vector<UniqueFd>& rest) : rest_(rest) {}
    Closers(const Closers&) = delete;
    Closers& operator=(const Closers&) = delete;
    ~Closers() {
        for (UniqueFd& fd : rest_) fd.reset();
        for (std::thread& thread : threads_) thread.join();
    }
    void close(UniqueFd fd) {
        threads_.emplace_back([fd = std::move(fd)]() mutable { fd.reset(); });
    }

  private:
    std::vector<UniqueFd>& rest_;
    std::vector<std::thread> threads_;
};

// False where the kernel did not pass it.
bool pass(const Channel& channel, std::string_view text, int fd) {
    iovec part{const_cast<char*>(text.data()), text.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return ::sendmsg(channel.fd(), &message, MSG_NOSIGNAL) >= 0;
}

}  // namespace

TEST_CASE("server: requests of a connection are answered in their order", "[control]") {
    const SocketFolder folder;
    const auto server = Server::open(settings(folder), echo, ignore);
    REQUIRE(server);
    Channel client = connect(folder / "sock");
    send(client, "a\nb\nc");
    CHECK(receive(client) == "<a>");
    CHECK(receive(client) == "<b>");
    send(client, "d\n");
    CHECK(receive(client) == "<cd>");
    // No more requests is no reason to keep back an answer.
    send(client, "e\n");
    REQUIRE(::shutdown(client.fd(), SHUT_WR) == 0);
    CHECK(receive(client) == "<e>");
    CHECK(receive(client) == "[closed]");
}

TEST_CASE("server: it knows who asks from the kernel", "[control]") {
    const SocketFolder folder;
    Peer seen;
    const auto server = Server::open(
        settings(folder),
        [&](const Asking& asking) {
            seen = asking.peer;
            return std::string("\n");
        },
        ignore);
    REQUIRE(server);
    Channel client = connect(folder / "sock");
    send(client, "{\"uid\":7}\n");
    CHECK(receive(client).empty());
    CHECK(seen.uid == ::geteuid());
    CHECK(seen.pid == ::getpid());
}

TEST_CASE("server: who does not bring a whole request in time is told, and sent away",
          "[control]") {
    const SocketFolder folder;
    ServerSettings hasty = settings(folder);
    hasty.request_time = milliseconds(1000);
    // What they send in time is there before the server is, however busy the machine.
    auto listener = Listener::open(hasty.path);
    REQUIRE(listener);
    Channel silent = connect(folder / "sock");
    Channel slow = connect(folder / "sock");
    send(slow, "half a requ");
    UniqueFd listening(::fcntl(listener->fd(), F_DUPFD_CLOEXEC, 0));
    REQUIRE(listening);
    const auto server = Server::open(hasty, echo, ignore, std::move(listening));
    REQUIRE(server);
    CHECK(receive(silent) == "[closed]");
    CHECK(receive(slow) ==
          R"({"protocol":1,"error":"limit","message":"the request takes too long"})");
    CHECK(receive(slow) == "[closed]");
}

TEST_CASE("server: a request of more than the bound is refused while it comes", "[control]") {
    const SocketFolder folder;
    const auto server = Server::open(settings(folder), echo, ignore);
    REQUIRE(server);
    Channel client = connect(folder / "sock");
    const std::string bytes(1U << 20, 'x');
    std::size_t sent = 0;
    while (sent < 2 * kLineBytesMax &&
           client.write(bytes, patience_end()) == Channel::Ending::done) {
        sent += bytes.size();
    }
    CHECK(sent < 2 * kLineBytesMax);
    CHECK(receive(client) ==
          R"({"protocol":1,"error":"limit","message":"the request is longer than crond takes"})");
}

TEST_CASE("server: long requests and answers come through", "[control]") {
    const SocketFolder folder;
    const auto server = Server::open(settings(folder), echo, ignore);
    REQUIRE(server);
    const std::string bytes(5U << 20, 'x');
    Channel client = connect(folder / "sock");
    for (int i = 0; i < 3; ++i) {
        send(client, bytes + '\n');
        CHECK(receive(client) == "<" + bytes + ">");
    }
}

TEST_CASE("server: who does not read his answer is dropped, and holds up nobody", "[control]") {
    const SocketFolder folder;
    ServerSettings hasty = settings(folder);
    hasty.answer_time = milliseconds(30);
    const auto server = Server::open(
        hasty,
        [](const Asking& asking) {
            return std::string(asking.line == "much" ? 10U << 20 : 1, 'x') + '\n';
        },
        ignore);
    REQUIRE(server);
    Channel lazy = connect(folder / "sock");
    send(lazy, "much\n");
    Channel other = connect(folder / "sock");
    send(other, "little\n");
    CHECK(receive(other) == "x");
    pollfd end{lazy.fd(), 0, 0};
    CHECK(::poll(&end, 1, 60'000) == 1);
    CHECK(receive(lazy) == "[closed]");
}

TEST_CASE("server: a handler that hangs holds up nobody else, and is told who has gone",
          "[control]") {
    const SocketFolder folder;
    Gate gate;
    std::atomic<bool> had_gone = false;
    auto server = Server::open(
        settings(folder),
        [&](const Asking& asking) {
            if (asking.line != "slow") return std::string("quick\n");
            gate.arrive();
            had_gone = asking.has_gone();
            return std::string("never read\n");
        },
        ignore);
    REQUIRE(server);
    {
        Channel slow = connect(folder / "sock");
        send(slow, "slow\n");
        CHECK(gate.has_seen(1));
        Channel quick = connect(folder / "sock");
        send(quick, "x\n");
        CHECK(receive(quick) == "quick");
    }
    gate.open();
    Channel last = connect(folder / "sock");
    send(last, "x\n");
    CHECK(receive(last) == "quick");
    // Its thread has ended when the server is gone.
    { const Server gone = *std::move(server); }
    CHECK(had_gone);
}

TEST_CASE("server: no more clients than it has places for, and room again when they leave",
          "[control]") {
    const SocketFolder folder;
    ServerSettings few = settings(folder);
    few.bounds.places = 4;
    few.bounds.places_for_root = 0;
    few.bounds.places_of_one = 4;
    const auto server = Server::open(few, echo, ignore);
    REQUIRE(server);
    std::vector<Channel> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(connect(folder / "sock"));
        send(clients.back(), "x\n");
        REQUIRE(receive(clients.back()) == "<x>");
    }
    for (int i = 0; i < 1000; ++i) {
        Channel refused = connect(folder / "sock");
        REQUIRE(
            receive(refused) ==
            R"({"protocol":1,"error":"limit","message":"crond talks to 4 clients, and to no more"})");
    }
    clients.clear();
    // They leave when the server has seen it.
    std::string answer;
    for (int i = 0; i < 100'000 && answer != "<y>"; ++i) {
        Channel next = connect(folder / "sock");
        if (next.write("y\n", patience_end()) == Channel::Ending::done) answer = receive(next);
    }
    CHECK(answer == "<y>");
}

TEST_CASE("server: descriptors that a client passes are not received, and hold up only him",
          "[control]") {
    const SocketFolder folder;
    const auto server = Server::open(settings(folder), echo, ignore);
    REQUIRE(server);
    std::vector<UniqueFd> rest;
    std::vector<Channel> clients;
    Channel first = connect(folder / "sock");
    send(first, "x\n");
    CHECK(receive(first) == "<x>");
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 3; ++i) {
        UniqueFd passed = lingering(rest);
        clients.push_back(connect(folder / "sock"));
        const bool is_passed = pass(clients.back(), i == 0 ? "half" : "whole\n", passed.get());
        // Ours must not be the last that is closed, and wait, where it was not passed.
        const linger none{1, 0};
        if (!is_passed) {
            ::setsockopt(passed.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
        }
    }
    Channel other = connect(folder / "sock");
    send(other, "x\n");
    CHECK(receive(other) == "<x>");
    // Both ends of four connections, and the listeners of the three.
    CHECK(open_descriptors() == before + 2 * 4 + 3);
    for (UniqueFd& fd : rest) fd.reset();
}

TEST_CASE("server: the door stays open however many wait for what they have passed to be closed",
          "[control]") {
    const SocketFolder folder;
    ServerSettings few = settings(folder);
    few.bounds.places = 2;
    std::vector<UniqueFd> rest;
    Closers closers(rest);
    std::vector<Channel> clients;
    {
        const auto server = Server::open(few, echo, ignore);
        REQUIRE(server);
        // More than there are threads for clients that are refused.
        for (int i = 0; i < 40; ++i) {
            UniqueFd passed = lingering(rest, 600);
            clients.push_back(connect(folder / "sock"));
            pass(clients.back(), "x\n", passed.get());
            closers.close(std::move(passed));
        }
        Channel other = connect(folder / "sock");
        CHECK(receive(other).find("crond talks to 2 clients") != std::string::npos);
    }
    CHECK_FALSE(std::filesystem::exists(folder / "sock"));
}

TEST_CASE("server: when it stops, who has asked is answered, and nobody else", "[control]") {
    const SocketFolder folder;
    Gate gate;
    auto server = Server::open(
        settings(folder),
        [&](const Asking& asking) {
            gate.arrive();
            return echo(asking);
        },
        ignore);
    REQUIRE(server);
    Channel idle = connect(folder / "sock");
    Channel asking = connect(folder / "sock");
    send(asking, "x\n");
    REQUIRE(gate.has_seen(1));
    server->stop(milliseconds(1));
    CHECK_FALSE(std::filesystem::exists(folder / "sock"));
    CHECK_THAT(receive(idle), Catch::Contains("try again"));
    CHECK(receive(idle) == "[closed]");
    gate.open();
    CHECK(receive(asking) == "<x>");
    CHECK_THAT(receive(asking), Catch::Contains("try again"));
    CHECK(receive(asking) == "[closed]");
    CHECK(connect_to(folder / "sock", patience_end()).error().code == ErrorCode::not_found);
}

TEST_CASE("server: paused it carries out nothing, and who connects is answered when it goes on",
          "[control]") {
    const SocketFolder folder;
    Gate gate;
    auto server = Server::open(
        settings(folder),
        [&](const Asking& asking) {
            gate.arrive();
            return echo(asking);
        },
        ignore);
    REQUIRE(server);
    Channel asking = connect(folder / "sock");
    send(asking, "x\n");
    REQUIRE(gate.has_seen(1));
    CHECK_FALSE(server->pause(milliseconds(1)));  // a handler is at work
    gate.open();
    CHECK(receive(asking) == "<x>");
    CHECK(server->pause(kTestPatience));
    Channel waiting = connect(folder / "sock");
    send(waiting, "y\n");
    CHECK_FALSE(gate.has_seen(2, milliseconds(0)));
    REQUIRE(server->go_on());
    CHECK(receive(waiting) == "<y>");
}

TEST_CASE("server: one that is opened on a listener has those who wait there", "[control]") {
    const SocketFolder folder;
    auto first = Server::open(settings(folder), echo, ignore);
    REQUIRE(first);
    REQUIRE(first->pause(kTestPatience));
    UniqueFd listening(::fcntl(first->listener_fd(), F_DUPFD_CLOEXEC, 0));
    Channel waiting = connect(folder / "sock");
    send(waiting, "x\n");
    {
        const auto next = Server::open(settings(folder), echo, ignore, std::move(listening));
        REQUIRE(next);
        CHECK(receive(waiting) == "<x>");
    }
    CHECK_FALSE(std::filesystem::exists(folder / "sock"));
    // One that nobody finds is not gone on with.
    UniqueFd lost(::fcntl(first->listener_fd(), F_DUPFD_CLOEXEC, 0));
    const auto other = Server::open(settings(folder), echo, ignore, std::move(lost));
    REQUIRE(other);
    Channel client = connect(folder / "sock");
    send(client, "z\n");
    CHECK(receive(client) == "<z>");
}

TEST_CASE("client: what the server hangs up on, or says, reaches who asked", "[control]") {
    const SocketFolder folder;
    std::string said;
    const auto server = Server::open(
        settings(folder), [&](const Asking&) { return said; }, ignore);
    REQUIRE(server);
    said = "{\"protocol\":1,\"error\":\"busy\",\"message\":\"not now\"}\n";
    const auto refused = ask(folder / "sock", ReadTable{"joe"});
    REQUIRE((refused && !*refused));
    CHECK(refused->error().error.code == ErrorCode::busy);
    said = "nonsense\n";
    const auto nonsense = ask(folder / "sock", ReadTable{"joe"});
    REQUIRE_FALSE(nonsense);
    CHECK(nonsense.error().code == ErrorCode::damaged);
    said = encode(Welcome{"belfry 9", {"hello"}});
    const auto welcome = say_hello(folder / "sock");
    REQUIRE(welcome);
    CHECK(welcome->release == "belfry 9");
    CHECK(connect(folder / "sock").fd() >= 0);
}
