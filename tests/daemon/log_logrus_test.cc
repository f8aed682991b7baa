#include "daemon/log_logrus.h"

#include <catch2/catch.hpp>

#include "daemon/facts.h"

namespace cron::daemon {
namespace {

const Stamp kStamp{Instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}}, {}, 1};

}  // namespace

TEST_CASE("logrus: a message of ours is a message there, without more as text", "[daemon]") {
    const Record record = said(Level::info, "stopped", "exiting");
    CHECK(logrus_line(record, kStamp, compat::Style::text) ==
          "time=\"2026-11-21T00:00:00Z\" level=info msg=exiting\n");
    CHECK(logrus_line(record, kStamp, compat::Style::json) ==
          R"({"event":"stopped","level":"info","msg":"exiting","time":"2026-11-21T00:00:00Z"})"
          "\n");
}

TEST_CASE("logrus: a fact without a message is told by its event and fields", "[daemon]") {
    Record record{Level::warning, "run-lost", {{"job", "a b"}}, {}, 7};
    record.fields.push_back({"count", std::int64_t{2}});
    CHECK(logrus_line(record, kStamp, compat::Style::text) ==
          "time=\"2026-11-21T00:00:00Z\" level=warning msg=run-lost count=2 job=\"a b\" pid=7\n");
}

}  // namespace cron::daemon
