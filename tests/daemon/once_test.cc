// What the one run of --once means for the exit status.
#include "daemon/once.h"

#include <cerrno>
#include <csignal>

#include <catch2/catch.hpp>

namespace cron::daemon {
namespace {

using engine::EndedBy;
using engine::Outcome;

Outcome exited(engine::ExitStatus status, EndedBy by = EndedBy::itself) {
    Outcome outcome;
    outcome.status = status;
    outcome.ended_by = by;
    return outcome;
}

Outcome not_started(const std::string& stage, int error) {
    Outcome outcome;
    outcome.kind = Outcome::Kind::not_started;
    outcome.launch_error = {stage, error};
    return outcome;
}

TEST_CASE("once: the exit status is that of the job, or 128 and its signal", "[daemon]") {
    CHECK(exit_status_of(exited({false, 0})) == 0);
    CHECK(exit_status_of(exited({false, 42})) == 42);
    CHECK(exit_status_of(exited({true, SIGKILL})) == 128 + SIGKILL);
}

TEST_CASE("once: a timeout is 124, however the job took its end", "[daemon]") {
    CHECK(exit_status_of(exited({true, SIGTERM}, EndedBy::timeout)) == 124);
    CHECK(exit_status_of(exited({true, SIGKILL}, EndedBy::timeout)) == 124);
    CHECK(exit_status_of(exited({false, 0}, EndedBy::timeout)) == 124);
}

TEST_CASE("once: a shell that cannot be run is 127 or 126, and all else that did not run 125",
          "[daemon]") {
    CHECK(exit_status_of(not_started("exec", ENOENT)) == 127);
    CHECK(exit_status_of(not_started("exec", EACCES)) == 126);
    CHECK(exit_status_of(not_started("clone", EAGAIN)) == 125);
    for (const auto kind : {Outcome::Kind::skipped, Outcome::Kind::withdrawn, Outcome::Kind::merged,
                            Outcome::Kind::missed, Outcome::Kind::refused}) {
        Outcome outcome;
        outcome.kind = kind;
        CHECK(exit_status_of(outcome) == 125);
    }
}

TEST_CASE("once: a run that failed by what it wrote to its standard error is no success",
          "[daemon]") {
    Outcome outcome = exited({false, 0});
    outcome.printed.is_failure = true;
    CHECK(exit_status_of(outcome) == 1);
    outcome.status.value = 5;
    CHECK(exit_status_of(outcome) == 5);
}

}  // namespace
}  // namespace cron::daemon
