// A live upgrade while clients change tables over the control socket.
#include <fcntl.h>
#include <sys/file.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "base/unique_fd.h"
#include "control/client.h"
#include "versions.h"

namespace cron::system_test {
namespace {

using namespace cron::control;

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

// Installs one table after the other while it lives.
class Client {
  public:
    Client(const TempRoot& root, const std::string& user) {
        thread_ = std::thread([this, &root, user] {
            for (int i = 0; !is_over_; ++i) {
                const std::string text = "# " + std::to_string(i) + "\n0 3 * * * true\n";
                const auto answer = ask(root.path("/run/crond.sock"), InstallTable{user, text, {}},
                                        std::chrono::seconds(30));
                if (!answer) {
                    unanswered_.push_back(answer.error().message);
                } else if (!*answer) {
                    refused_.push_back(answer->error().error.message);
                } else {
                    installed_ += 1;
                    const bool is_there = root.read("/var/spool/cron/crontabs/" + user) == text;
                    lost_ += is_there ? 0 : 1;
                }
            }
        });
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() { end(); }

    void end() {
        is_over_ = true;
        if (thread_.joinable()) thread_.join();
    }
    int installed() const { return installed_; }
    int lost() const { return lost_; }
    const std::vector<std::string>& unanswered() const { return unanswered_; }
    const std::vector<std::string>& refused() const { return refused_; }

  private:
    std::atomic<bool> is_over_ = false;
    std::atomic<int> installed_ = 0;
    int lost_ = 0;
    std::vector<std::string> unanswered_;
    std::vector<std::string> refused_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("upgrade: who changes a table meanwhile has an answer, and no table is half changed",
          "[system]") {
    if (!is_root()) return;
    constexpr int kUpgrades = 10;
    const TempRoot root;
    const Versions versions(root);
    Process crond(versions.arguments());
    REQUIRE(crond.writes(event("started")));
    const auto descriptors = descriptor_count(crond.pid());
    Client first(root, "daemon");
    Client second(root, "bin");
    for (int i = 0; i < kUpgrades; ++i) {
        const int before = first.installed() + second.installed();
        i % 2 == 0 ? versions.install_next() : versions.install_present();
        upgrade(crond);
        CHECK(eventually([&] { return first.installed() + second.installed() > before + 2; }));
    }
    for (Client* client : {&first, &second}) {
        client->end();
        CHECK(client->unanswered().empty());
        CHECK(client->lost() == 0);
        for (const std::string& reason : client->refused()) {
            CHECK(reason == "crond stops or is upgraded; try again");
        }
        CHECK(client->refused().size() <= kUpgrades);
    }
    for (const char* folder : {"/var/spool/cron/crontabs", "/var/spool/cron/previous"}) {
        for (const std::string& name : root.names(folder)) {
            CHECK_FALSE(name.starts_with(".new-"));
        }
    }
    CHECK(eventually([&] { return descriptor_count(crond.pid()) == descriptors; }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK_FALSE(std::filesystem::exists(root.path("/run/crond.sock")));
}

TEST_CASE("upgrade: where it fails clients are answered as before", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const Versions versions(root);
    Process crond(versions.arguments());
    REQUIRE(crond.writes(event("started")));
    // It passes the check, and is gone.
    root.write("/bin/crond", "#!/bin/sh\nrm \"$0\"\necho 2.0\n", 0755);
    crond.signal(SIGUSR2);
    REQUIRE(crond.writes(event("upgrade-failed")));
    CHECK(say_hello(root.path("/run/crond.sock"), std::chrono::seconds(30)));
    versions.install_next();
    upgrade(crond);
    CHECK(say_hello(root.path("/run/crond.sock"), std::chrono::seconds(30)));
}

TEST_CASE("upgrade: a change of a table that takes long is done and answered before", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const Versions versions(root);
    Process crond(versions.arguments());
    REQUIRE(crond.writes(event("started")));
    const auto install = [&](const std::string& text) {
        return ask(root.path("/run/crond.sock"), InstallTable{"daemon", text, {}},
                   std::chrono::seconds(60));
    };
    REQUIRE(install("0 3 * * * one\n"));
    // As crontab of root without the daemon.
    const UniqueFd lock(
        ::open(root.path("/var/spool/cron/previous/.lock").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
    std::atomic<bool> is_done = false;
    std::thread client([&] {
        const auto answer = install("0 3 * * * two\n");
        is_done = answer && *answer;
    });
    const auto waiting = [&] {
        std::ifstream locks("/proc/locks");
        const std::string text{std::istreambuf_iterator<char>(locks), {}};
        return text.find("-> FLOCK  ADVISORY  WRITE " + std::to_string(crond.pid()) + " ") !=
               std::string::npos;
    };
    CHECK(eventually(waiting));
    crond.signal(SIGUSR2);
    CHECK(crond.writes(event("upgrade-waits")));
    CHECK(crond.count(event("upgraded")) == 0);
    CHECK(::flock(lock.get(), LOCK_UN) == 0);
    client.join();
    CHECK(is_done);
    CHECK(crond.writes(event("upgraded")));
    CHECK(root.read("/var/spool/cron/crontabs/daemon") == "0 3 * * * two\n");
}

}  // namespace cron::system_test
