#include "process/report.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <string>

#include "base/unique_fd.h"
#include "process/job_orders.h"

namespace cron::process {
namespace {

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;

    Pipe() {
        int ends[2] = {-1, -1};
        REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
    }
    void write(JobStage stage, int error) const {
        const JobRecord record{stage, error};
        REQUIRE(::write(write_end.get(), &record, sizeof record) == sizeof record);
    }
    Report read() const { return read_report(read_end.get()); }
};

TEST_CASE("report: nothing yet is pending, the end without a failure is started", "[report]") {
    Pipe pipe;
    CHECK(pipe.read().state == Report::State::pending);
    pipe.write_end.reset();
    CHECK(pipe.read().state == Report::State::started);
}

TEST_CASE("report: a HOME that was not entered is a warning, not a failure", "[report]") {
    Pipe pipe;
    pipe.write(JobStage::home, ENOENT);
    Report report = pipe.read();
    CHECK(report.state == Report::State::pending);
    CHECK(report.home_error == ENOENT);
    pipe.write_end.reset();
    report = pipe.read();
    CHECK(report.state == Report::State::started);
    CHECK_FALSE(report.home_error);
}

TEST_CASE("report: a nice value, disk priority or control group that cannot be had is a warning",
          "[report]") {
    Pipe pipe;
    pipe.write(JobStage::cgroup, ENODEV);
    pipe.write(JobStage::io_priority, EPERM);
    pipe.write(JobStage::nice, EACCES);
    pipe.write(JobStage::home, ENOENT);
    pipe.write(JobStage::exec, ENOEXEC);
    pipe.write_end.reset();
    const Report report = pipe.read();
    CHECK(report.io_priority_error == EPERM);
    CHECK(report.nice_error == EACCES);
    CHECK(report.cgroup_error == ENODEV);
    CHECK(report.home_error == ENOENT);
    CHECK(report.failure.error.stage == "exec");
}

TEST_CASE("report: a failure names its call, after a warning too", "[report]") {
    Pipe pipe;
    pipe.write(JobStage::home, EACCES);
    pipe.write(JobStage::exec, ENOENT);
    pipe.write_end.reset();
    const Report report = pipe.read();
    CHECK(report.state == Report::State::failed);
    CHECK(report.home_error == EACCES);
    CHECK(report.failure.error.stage == "exec");
    CHECK(report.failure.error.error == ENOENT);
    CHECK_FALSE(report.failure.temporary);
}

TEST_CASE("launch failure: worth another try when it passes with other processes", "[report]") {
    for (const int error : {EAGAIN, ENOMEM, EMFILE, ENFILE})
        CHECK(launch_failure("clone", error).temporary);
    for (const int error : {ENOENT, EPERM, EACCES, E2BIG, EINVAL}) {
        CHECK_FALSE(launch_failure("exec", error).temporary);
    }
}

TEST_CASE("report: what a session was refused for comes in words, after the warnings", "[report]") {
    for (const int error : {0, EAGAIN}) {
        Pipe pipe;
        pipe.write(JobStage::cgroup, ENODEV);
        const JobRecord record{JobStage::session, error};
        std::string message(reinterpret_cast<const char*>(&record), sizeof record);
        message += "pam_acct_mgmt: User account has expired";
        REQUIRE(::write(pipe.write_end.get(), message.data(), message.size()) ==
                static_cast<ssize_t>(message.size()));
        const Report report = pipe.read();
        CHECK(report.cgroup_error == ENODEV);
        REQUIRE(report.state == Report::State::failed);
        CHECK(report.failure.of_session);
        CHECK(report.failure.error.stage == "pam_acct_mgmt: User account has expired");
        CHECK(report.failure.error.error == error);
        CHECK(report.failure.temporary == (error == EAGAIN));
    }
}

}  // namespace
}  // namespace cron::process
