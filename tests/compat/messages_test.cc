#include "compat/messages.h"

#include <csignal>

#include <catch2/catch.hpp>

#include "compat/go_text.h"

using namespace cron;
using namespace cron::compat;

namespace {

engine::Outcome exited(bool is_signalled, int value) {
    engine::Outcome outcome;
    outcome.status = {is_signalled, value, true};
    return outcome;
}

}  // namespace

TEST_CASE("messages: an end is told as supercronic tells it", "[compat]") {
    CHECK(end_message(exited(false, 0), "") == "job succeeded");
    CHECK(end_message(exited(false, 3), "") == "error running command: exit status 3");
    CHECK(end_message(exited(true, SIGKILL), "") == "error running command: signal: killed");
    CHECK(end_message(exited(true, 40), "") == "error running command: signal: signal 40");
}

TEST_CASE("messages: an end for a reason of ours says it", "[compat]") {
    auto outcome = exited(true, SIGTERM);
    outcome.reason = "its time was over";
    CHECK(end_message(outcome, "") ==
          "error running command: signal: terminated (its time was over)");
    auto printed = exited(false, 0);
    printed.printed.is_failure = true;
    CHECK(end_message(printed, "it wrote to its standard error") ==
          "error running command: it wrote to its standard error");
    engine::Outcome not_started;
    not_started.kind = engine::Outcome::Kind::not_started;
    CHECK(end_message(not_started, "exec /bin/sh: No such file") ==
          "error running command: exec /bin/sh: No such file");
}

TEST_CASE("messages: a run that still lives is told with when it was due", "[compat]") {
    const Instant since{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + hours{16}};
    CHECK(still_running(false, since, calendar::Zone{}, seconds{1}) ==
          "not starting: job is still running since 2026-11-21 16:00:00 +0000 UTC (1s elapsed)");
    CHECK(still_running(true, since, calendar::Zone::fixed("X", minutes{90}), seconds{3700}) ==
          "overlapping jobs: job is still running since 2026-11-21 17:30:00 +0130 +0130 "
          "(1h1m40s elapsed)");
}

TEST_CASE("messages: durations have no smaller part left out", "[compat]") {
    CHECK(duration_text(seconds{0}) == "0s");
    CHECK(duration_text(seconds{60}) == "1m0s");
    CHECK(duration_text(hours{25}) == "25h0m0s");
}

TEST_CASE("messages: signals are told by their words", "[compat]") {
    CHECK(received(SIGTERM, false) == "received terminated, shutting down");
    CHECK(received(SIGINT, false) == "received interrupt, shutting down");
    CHECK(received(SIGQUIT, false) == "received quit, shutting down");
    CHECK(received(SIGUSR2, true) == "received user defined signal 2, reloading crontab");
    CHECK(received(SIGHUP, true) == "received hangup, reloading crontab");
}
