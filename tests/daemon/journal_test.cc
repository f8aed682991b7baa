#include "daemon/journal.h"

#include <catch2/catch.hpp>

#include "daemon/log_format.h"

namespace cron::daemon {
namespace {

using namespace std::string_view_literals;

}  // namespace

TEST_CASE("journal: a record is its classic line, the fields of syslog and fields of ours",
          "[daemon]") {
    Record record{Level::info, "run-ended", {{"user", "alice"}, {"late_ms", -3}}, {}, 100};
    record.classic = classic_line("alice", "END", "echo x (status 0, 0.003 s)");
    CHECK(journal_entry(record, 70, crontab::Flavour::debian) ==
          "MESSAGE=(alice) END (echo x (status 0, 0.003 s))\n"
          "PRIORITY=6\n"
          "SYSLOG_FACILITY=9\n"
          "SYSLOG_IDENTIFIER=CRON\n"
          "SYSLOG_PID=100\n"
          "CRON_EVENT=run-ended\n"
          "CRON_USER=alice\n"
          "CRON_LATE_MS=-3\n");
}

TEST_CASE("journal: what is about the daemon has its ident and pid", "[daemon]") {
    const Record record{Level::error, "timer", {}, {}, 0};
    CHECK(journal_entry(record, 70, crontab::Flavour::cronie) ==
          "MESSAGE=(CRON) ERROR (timer)\n"
          "PRIORITY=3\n"
          "SYSLOG_FACILITY=9\n"
          "SYSLOG_IDENTIFIER=crond\n"
          "SYSLOG_PID=70\n"
          "CRON_EVENT=timer\n");
}

TEST_CASE("journal: a value with a newline goes by its size, and makes no field of its own",
          "[daemon]") {
    const Record record{Level::info,
                        "x",
                        {{"line", "a\nPRIORITY=0\n"}, {"bytes", std::string("\0\xff", 2)}},
                        {},
                        0};
    const std::string entry = journal_entry(record, 70, crontab::Flavour::debian);
    CHECK(entry.find("CRON_LINE\n\x0d\0\0\0\0\0\0\0a\nPRIORITY=0\n\n"sv) != std::string::npos);
    CHECK(entry.ends_with("CRON_BYTES=\0\xff\n"sv));
}

}  // namespace cron::daemon
