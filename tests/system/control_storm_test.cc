// A storm of hostile clients, and the jobs that must not notice it.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <set>
#include <sstream>
#include <vector>

#include "control/channel.h"
#include "control/client.h"
#include "fates.h"
#include "machine.h"

using namespace cron;
using namespace cron::control;
using namespace cron::system_test;

namespace {

Deadline soon(int ms) { return Deadline::clock::now() + std::chrono::milliseconds(ms); }

// Each does harm until it is killed.
using Attack = std::function<void(const std::string& socket)>;

void hold_places(const std::string& socket) {
    std::vector<Channel> held;
    for (;;) {
        auto connected = connect_to(socket, soon(100));
        if (!connected) continue;
        held.emplace_back(*std::move(connected));
        held.back().write("{\"protocol\":1,", soon(1));  // and never the rest
        if (held.size() > 500) held.clear();
    }
}

void come_and_go(const std::string& socket) {
    for (;;) {
        (void)connect_to(socket, soon(100));
    }
}

void never_end_a_line(const std::string& socket) {
    const std::string bytes(1U << 20, '[');
    for (;;) {
        auto connected = connect_to(socket, soon(100));
        if (!connected) continue;
        Channel channel(*std::move(connected));
        while (channel.write(bytes, soon(1000)) == Channel::Ending::done) {
        }
    }
}

void ask_and_never_read(const std::string& socket) {
    const std::string request = encode(Request(ReadTable{"daemon"}));
    for (;;) {
        auto connected = connect_to(socket, soon(100));
        if (!connected) continue;
        Channel channel(*std::move(connected));
        while (channel.write(request, soon(1000)) == Channel::Ending::done) {
        }
    }
}

// As much work for crond as a user can order.
void install_large_tables(const std::string& socket) {
    const std::string line = "1,2,3 4-5 * * 1-5 echo a job that never comes" + std::string(60, '.');
    std::string text;
    while (text.size() < 1'000'000) text += line + "\n";
    const std::string request = encode(Request(InstallTable{"bin", text + "# \xff", {}}));
    for (;;) {
        auto connected = connect_to(socket, soon(100));
        if (!connected) continue;
        Channel channel(*std::move(connected));
        std::string answer;
        if (channel.write(request, soon(5000)) != Channel::Ending::done) continue;
        channel.read_line(answer, kLineBytesMax, soon(30'000));
    }
}

class Attacker {
  public:
    Attacker(uid_t user, const Attack& attack, const std::string& socket) : pid_(::fork()) {
        REQUIRE(pid_ >= 0);
        if (pid_ != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        // What is tested is crond, not how the machine's processors are shared.
        ::setpriority(PRIO_PROCESS, 0, 19);
        if (::setgid(user) != 0 || ::setuid(user) != 0) ::_exit(1);
        attack(socket);
        ::_exit(0);
    }
    Attacker(Attacker&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    Attacker& operator=(Attacker&&) = delete;
    ~Attacker() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

  private:
    pid_t pid_;
};

}  // namespace

TEST_CASE("control: whatever clients do, each job starts on each of its seconds, and root is heard",
          "[system]") {
    if (!is_root()) return;
    constexpr int kSeconds = 6;
    const TempRoot root;
    root.system_table("CRON_NAME=steady\n@every 1s root true\n");
    const std::string socket = root.path("/run/crond.sock");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes("\"event\":\"run-started\"", kSeconds));  // without them
    {
        std::vector<Attacker> attackers;
        constexpr uid_t kDaemon = 1;
        constexpr uid_t kBin = 2;
        for (const auto& [user, attack] : {std::pair<uid_t, Attack>{kDaemon, hold_places},
                                           {kDaemon, come_and_go},
                                           {kDaemon, never_end_a_line},
                                           {kDaemon, ask_and_never_read},
                                           {kBin, install_large_tables},
                                           {kBin, come_and_go}}) {
            attackers.emplace_back(user, attack, socket);
        }
        const int before = crond.count("\"event\":\"run-started\"");
        while (crond.count("\"event\":\"run-started\"") < before + kSeconds) {
            const auto welcome = say_hello(socket);
            CHECK(welcome);
            const auto read = ask(socket, ReadTable{"root"});
            CHECK((read && *read));
            if (!welcome) break;
        }
    }
    // Who comes after the storm is served.
    CHECK(eventually([&] {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::setgid(1) != 0 || ::setuid(1) != 0) ::_exit(1);
            const auto answer = ask(socket, ReadTable{"daemon"});
            ::_exit(answer && *answer ? 0 : 1);
        }
        int status = 1;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    check_every_second(crond.output(), "steady");
    for (const char* event : {"due-missed", "run-skipped", "run-postponed"}) {
        CHECK(crond.count(event) == 0);
    }
}
