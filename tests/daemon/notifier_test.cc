#include "daemon/notifier.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>

#include <catch2/catch.hpp>

#include "base/check.h"
#include "base/unique_fd.h"
#include "support.h"

namespace cron::daemon {
namespace {

// The other end, at a path or, after an '@', at an abstract name.
class Listener {
  public:
    explicit Listener(const std::string& name)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.data(), name.size());
        if (name.starts_with('@')) address.sun_path[0] = '\0';
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        CRON_CHECK(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
    }

    // The next message; empty if there is none.
    std::string next() {
        std::array<char, 4096> bytes{};
        const ssize_t count = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
        return count > 0 ? std::string(bytes.data(), static_cast<std::size_t>(count)) : "";
    }
    // Until there is no more room.
    static void fill(Notifier& notifier) {
        for (int i = 0; i < 10'000; ++i) notifier.stopping();
    }
    void empty() {
        while (!next().empty()) {
        }
    }

  private:
    UniqueFd fd_;
};

constexpr pid_t kOwn = 42;

Monotonic at(int second) { return Monotonic{seconds{second}}; }

Notifier::Address address_of(const std::string& socket) { return {socket, "60000000", "42"}; }

}  // namespace

TEST_CASE("notifier: says that it is ready, with what is loaded", "[daemon]") {
    const TemporaryFolder folder;
    Listener listener(folder / "notify");
    Notifier notifier({folder / "notify", "", ""}, kOwn);
    notifier.loaded(3, 2);
    CHECK(listener.next() == "STATUS=3 jobs in 2 tables");
    notifier.ready(at(0));
    CHECK(listener.next() == "READY=1\nSTATUS=3 jobs in 2 tables");
    notifier.loaded(3, 2);
    CHECK(listener.next().empty());
    CHECK_FALSE(notifier.deadline());
}

TEST_CASE("notifier: a reload begins with the monotonic time, and ends with ready", "[daemon]") {
    const TemporaryFolder folder;
    Listener listener(folder / "notify");
    Notifier notifier({folder / "notify", "", ""}, kOwn);
    notifier.reloading(at(7));
    CHECK(listener.next() == "RELOADING=1\nMONOTONIC_USEC=7000000");
    notifier.ready(at(8));
    CHECK(listener.next() == "READY=1\n");
    notifier.stopping();
    CHECK(listener.next() == "STOPPING=1");
}

TEST_CASE("notifier: reaches an abstract socket", "[daemon]") {
    const std::string name = "@belfry-notifier-test-" + std::to_string(::getpid());
    Listener listener(name);
    Notifier notifier({name, "", ""}, kOwn);
    notifier.stopping();
    CHECK(listener.next() == "STOPPING=1");
}

TEST_CASE("notifier: beats at half of the watchdog's time, and earlier only if woken", "[daemon]") {
    const TemporaryFolder folder;
    Listener listener(folder / "notify");
    Notifier notifier(address_of(folder / "notify"), kOwn);
    notifier.ready(at(0));
    listener.empty();
    CHECK(notifier.deadline() == at(30));
    notifier.beat(at(14));
    CHECK(listener.next().empty());
    notifier.beat(at(15));
    CHECK(listener.next() == "WATCHDOG=1");
    CHECK(notifier.deadline() == at(45));
}

TEST_CASE("notifier: a watchdog of microseconds does not keep the loop from its work", "[daemon]") {
    const TemporaryFolder folder;
    Listener listener(folder / "notify");
    const char* const usec = GENERATE("1", "2", "19999", "20000");
    Notifier notifier({folder / "notify", usec, ""}, kOwn);
    notifier.ready(at(0));
    CHECK(notifier.deadline() == at(0) + microseconds{10'000});
}

TEST_CASE("notifier: has no watchdog that is another's, cannot be read or has no socket",
          "[daemon]") {
    const TemporaryFolder folder;
    Listener listener(folder / "notify");
    for (const Notifier::Address& address :
         {Notifier::Address{folder / "notify", "60000000", "43"},
          Notifier::Address{folder / "notify", "soon", ""},
          Notifier::Address{folder / "notify", "99999999999999999999", ""},
          Notifier::Address{folder / "notify", "0", ""}, Notifier::Address{"", "60000000", ""}}) {
        Notifier notifier(address, kOwn);
        notifier.beat(at(1'000));
        CHECK_FALSE(notifier.deadline());
        CHECK(listener.next().empty());
    }
}

TEST_CASE("notifier: never waits, and is ready again when there is room", "[daemon]") {
    const TemporaryFolder folder;
    Listener listener(folder / "notify");
    Notifier notifier(address_of(folder / "notify"), kOwn);
    Listener::fill(notifier);
    notifier.ready(at(100));
    REQUIRE(notifier.deadline() == at(101));
    notifier.beat(at(101));
    CHECK(notifier.deadline() == at(102));
    listener.empty();
    notifier.beat(at(102));
    CHECK(listener.next() == "READY=1\n");
    CHECK(notifier.deadline() == at(132));
}

TEST_CASE("notifier: a listener that is gone is not asked again and again", "[daemon]") {
    const TemporaryFolder folder;
    Notifier notifier(address_of(folder / "nobody"), kOwn);
    notifier.ready(at(0));
    CHECK(notifier.deadline() == at(30));
    notifier.beat(at(30));
    CHECK(notifier.deadline() == at(60));
    for (const std::string& odd : {std::string("vsock:2:1234"), std::string(200, '/')}) {
        Notifier unknown(address_of(odd), kOwn);
        unknown.ready(at(0));
        CHECK(unknown.deadline() == at(30));
    }
}

}  // namespace cron::daemon
