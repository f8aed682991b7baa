// Metrics of crond called as supercronic, over HTTP.
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "machine.h"

using namespace cron;
using namespace cron::system_test;

namespace {

sockaddr_in at(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// A port of this machine that is free, or is kept by `holder`.
int free_port(UniqueFd& holder) {
    holder.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = at(0);
    socklen_t size = sizeof address;
    REQUIRE(::bind(holder.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(holder.get(), 1) == 0);
    REQUIRE(::getsockname(holder.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
}

std::optional<UniqueFd> connect_to(int port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = at(port);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return std::nullopt;
    }
    return fd;
}

std::string request_for(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
}

bool send_to(const UniqueFd& fd, const std::string& text) {
    return ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) >= 0;
}

std::string read_to_end(const UniqueFd& fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(fd.get(), buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
}

// All that is answered; empty where nobody does.
std::string get(int port, const std::string& path) {
    const auto fd = connect_to(port);
    return fd && send_to(*fd, request_for(path)) ? read_to_end(*fd) : "";
}

std::vector<std::string> compat(int port, const std::string& table) {
    return {BELFRY_CROND,
            "--compat",
            "supercronic",
            "-prometheus-listen-address",
            "127.0.0.1:" + std::to_string(port),
            table};
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

const std::string kTaken = "Address already in use";

// crond with its metrics at a port that was free; at another where somebody else has taken it
// since.
struct Served {
    int port = 0;
    std::unique_ptr<Process> process;
};

Served serve(const std::string& table, const std::function<void()>& prepare = nullptr) {
    for (int i = 0; i < 20; ++i) {
        UniqueFd holder;
        const int port = free_port(holder);
        holder.reset();
        auto crond = std::make_unique<Process>(compat(port, table), prepare);
        REQUIRE(
            eventually([&] { return crond->count("read crontab") + crond->count(kTaken) > 0; }));
        if (crond->count(kTaken) == 0) return {port, std::move(crond)};
    }
    FAIL("no port stays free");
    return {};
}

// Of descriptors that may be open. The former bound.
rlimit bound_descriptors(pid_t pid, rlim_t count) {
    rlimit before{};
    REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &before) == 0);
    const rlimit bound{count, before.rlim_max};
    REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &bound, nullptr) == 0);
    return before;
}

}  // namespace

TEST_CASE("supercronic: metrics count runs, over a reload too, and a stop ends with 0",
          "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * true\n* * * * * * * exit 1\n");
    const auto [port, process] = serve(root.path("/tab"));
    Process& crond = *process;
    REQUIRE(crond.writes("job succeeded", 2));
    const std::string succeeded =
        R"(supercronic_successful_executions{command="true",position="0",schedule="* * * * * * *"})";
    const std::string text = get(port, "/metrics");
    CHECK(has(text, "HTTP/1.1 200"));
    CHECK(has(text, succeeded));
    CHECK_FALSE(has(text, succeeded + " 0\n"));
    CHECK(has(text, R"(supercronic_failed_executions{command="exit 1",position="1",)"));
    CHECK(has(get(port, "/health"), "\r\n\r\nOK"));
    crond.signal(SIGUSR2);
    REQUIRE(crond.writes("read crontab", 2));
    CHECK_FALSE(has(get(port, "/metrics"), succeeded + " 0\n"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("supercronic: clients that say nothing hold up neither jobs nor the stop", "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * true\n");
    const auto [port, process] = serve(root.path("/tab"));
    Process& crond = *process;
    REQUIRE(crond.writes("msg=\"job succeeded\""));
    std::vector<UniqueFd> silent;
    for (int i = 0; i < 18; ++i) {
        auto fd = connect_to(port);
        REQUIRE(fd);
        silent.push_back(*std::move(fd));
    }
    CHECK(crond.writes("msg=\"job succeeded\"", 3));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("supercronic: clients that ask too much and leave early harm nobody", "[system]") {
    const TempRoot root;
    root.write("/tab", "0 0 1 1 * true\n");
    // What is freed is overwritten: whoever uses it still does not get far.
    const auto [port, process] =
        serve(root.path("/tab"), [] { ::setenv("MALLOC_PERTURB_", "165", 1); });
    const std::vector<std::string> requests = {
        request_for("/metrics") + request_for("/metrics"),
        "GET http://x:99999/metrics HTTP/1.1\r\n\r\n",
        "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc",
        std::string("\r\n\r\n\0\0", 6),
    };
    for (int round = 0; round < 5; ++round) {
        for (const std::string& request : requests) {
            std::vector<UniqueFd> clients;
            for (int i = 0; i < 8; ++i) {
                auto fd = connect_to(port);
                REQUIRE(fd);
                REQUIRE(send_to(*fd, request));
                REQUIRE(::shutdown(fd->get(), SHUT_WR) == 0);
                clients.push_back(*std::move(fd));
            }
            clients.clear();
            REQUIRE(has(get(port, "/metrics"), "HTTP/1.1 200"));
        }
    }
    const auto silent = connect_to(port);
    const auto half = connect_to(port);
    REQUIRE((silent && half && send_to(*half, "GET /metr")));
    process->signal(SIGTERM);
    CHECK(process->wait() == 0);
}

TEST_CASE("supercronic: a request that is refused is told so", "[system]") {
    const TempRoot root;
    root.write("/tab", "0 0 1 1 * true\n");
    const auto [port, process] = serve(root.path("/tab"));
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"GET http://x:99999/metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
        {"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc", "HTTP/1.1 413"},
        {"OPTIONS * HTTP/1.1\r\n\r\n", "HTTP/1.1 501"},
    };
    for (const auto& [request, answer] : cases) {
        const auto fd = connect_to(port);
        REQUIRE((fd && send_to(*fd, request)));
        CHECK(has(read_to_end(*fd), answer));
    }
}

TEST_CASE("supercronic: a client for whom there is no descriptor waits, and the log stays short",
          "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * true\n");
    const auto [port, process] = serve(root.path("/tab"));
    Process& crond = *process;
    REQUIRE(crond.writes("job succeeded"));
    const rlimit before = bound_descriptors(crond.pid(), 3);
    const auto fd = connect_to(port);
    REQUIRE((fd && send_to(*fd, request_for("/metrics"))));
    CHECK(crond.writes("not starting: a run of this job already waits", 2));
    REQUIRE(crond.output().size() < 20'000);
    CHECK(crond.count("accept") == 0);
    bound_descriptors(crond.pid(), before.rlim_cur);
    CHECK(has(read_to_end(*fd), "HTTP/1.1 200"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("supercronic: a port that is taken ends the start", "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * true\n");
    UniqueFd holder;
    Process crond(compat(free_port(holder), root.path("/tab")));
    CHECK(crond.wait() == 1);
    CHECK(crond.writes("level=fatal msg=\"bind 127.0.0.1:"));
    CHECK(crond.writes(kTaken));
}
