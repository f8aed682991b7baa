#include "daemon/pulse.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <string>

#include <catch2/catch.hpp>

namespace cron::daemon {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{60'000};

// Tests that run beside this one share its pid namespace.
std::string own_name(const std::string& what) {
    return "pulse-test-" + what + "-" + std::to_string(::getpid());
}

bool is_asked(const Pulse& pulse) {
    pollfd readable{pulse.fd(), POLLIN, 0};
    return ::poll(&readable, 1, static_cast<int>(kPatience.count())) == 1;
}

TEST_CASE("A pulse is named after the pid namespace", "[pulse]") {
    const auto name = pulse_name();
    REQUIRE(name);
    CHECK(name->starts_with("crond-alive-pid:["));
}

TEST_CASE("A pulse is felt when the loop answers", "[pulse]") {
    const std::string name = own_name("answers");
    auto pulse = Pulse::open(name);
    REQUIRE(pulse);
    auto felt = std::async(std::launch::async, [&] { return feel_pulse(name, kPatience); });
    REQUIRE(is_asked(*pulse));
    pulse->answer();
    CHECK(felt.get().has_value());
}

TEST_CASE("A pulse is not felt while the loop stands still, and is once it goes on", "[pulse]") {
    const std::string name = own_name("stands");
    auto pulse = Pulse::open(name);
    REQUIRE(pulse);
    // More than there is room for: whoever finds none does not wait for it.
    for (int i = 0; i < 100; ++i) {
        const auto felt = feel_pulse(name, milliseconds{0});
        REQUIRE_FALSE(felt);
        REQUIRE(felt.error().code == ErrorCode::busy);
    }
    for (int i = 0; i < 100; ++i) pulse->answer();
    auto felt = std::async(std::launch::async, [&] { return feel_pulse(name, kPatience); });
    REQUIRE(is_asked(*pulse));
    pulse->answer();
    CHECK(felt.get().has_value());
}

TEST_CASE("A pulse is asked for again while others fill the queue before it", "[pulse]") {
    const std::string name = own_name("queue");
    auto pulse = Pulse::open(name);
    REQUIRE(pulse);
    for (int i = 0; i < 100; ++i) REQUIRE_FALSE(feel_pulse(name, milliseconds{0}));
    constexpr milliseconds kShort{200};
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(feel_pulse(name, kShort));
    CHECK(std::chrono::steady_clock::now() - begin >= kShort / 2);
    auto felt = std::async(std::launch::async, [&] { return feel_pulse(name, kPatience); });
    while (felt.wait_for(milliseconds{1}) != std::future_status::ready) pulse->answer();
    CHECK(felt.get().has_value());
}

TEST_CASE("No pulse is felt where there is no crond, or none any more", "[pulse]") {
    const std::string name = own_name("none");
    CHECK(feel_pulse(name, milliseconds{0}).error().code == ErrorCode::not_found);
    REQUIRE(Pulse::open(name));
    CHECK(feel_pulse(name, milliseconds{0}).error().code == ErrorCode::not_found);
}

TEST_CASE("A second crond of one container has no pulse", "[pulse]") {
    const std::string name = own_name("second");
    const auto first = Pulse::open(name);
    REQUIRE(first);
    CHECK(Pulse::open(name).error().code == ErrorCode::busy);
}

}  // namespace
}  // namespace cron::daemon
