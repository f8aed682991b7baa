#include "daemon/passed_variables.h"

#include <catch2/catch.hpp>

namespace cron::daemon {
namespace {

using Strings = std::vector<std::string>;

const Strings kOwn = {"PATH=/app/bin",
                      "HOME=/app",
                      "USER=app",
                      "LOGNAME=app",
                      "TZ=UTC",
                      "URL=a=b",
                      "EMPTY=",
                      "NOTIFY_SOCKET=/run/s",
                      "LISTEN_FDS=1",
                      "LISTEN_PID=1",
                      "LISTEN_FDNAMES=a",
                      "WATCHDOG_USEC=1",
                      "WATCHDOG_PID=1",
                      "INVOCATION_ID=1",
                      "JOURNAL_STREAM=1:2",
                      "SYSTEMD_EXEC_PID=1"};

TEST_CASE("passed variables: all is all but what crond alone is told", "[daemon]") {
    const auto passed = pass_variables(true, {}, kOwn, 7);
    CHECK(passed.to_own_user == Strings{"PATH=/app/bin", "HOME=/app", "USER=app", "LOGNAME=app",
                                        "TZ=UTC", "URL=a=b", "EMPTY="});
    CHECK(passed.unset.empty());
}

TEST_CASE("passed variables: none is nothing", "[daemon]") {
    CHECK(pass_variables(false, {}, kOwn, 7).to_own_user.empty());
}

TEST_CASE("passed variables: names are those alone, and what is not set is told", "[daemon]") {
    const auto passed =
        pass_variables(false, Strings{"TZ", "MISSING", "NOTIFY_SOCKET", "EMPTY"}, kOwn, 7);
    CHECK(passed.to_own_user == Strings{"TZ=UTC", "EMPTY=", "NOTIFY_SOCKET=/run/s"});
    CHECK(passed.unset == Strings{"MISSING"});
}

TEST_CASE("passed variables: jobs of other users are not told of crond's", "[daemon]") {
    const auto passed = pass_variables(true, {}, kOwn, 7);
    CHECK(passed.to(8) == Strings{"PATH=/app/bin", "TZ=UTC", "URL=a=b", "EMPTY="});
    CHECK(passed.to(7) == passed.to_own_user);
}

}  // namespace
}  // namespace cron::daemon
