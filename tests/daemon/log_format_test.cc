#include "daemon/log_format.h"
#include "daemon/control_facts.h"

#include <catch2/catch.hpp>

#include "daemon/control_facts.h"
#include "daemon/facts.h"
#include "daemon/log_json.h"

namespace cron::daemon {
namespace {

using namespace std::chrono_literals;

const Instant kNoon =
    Instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}} + 11h + 123'456us;

Stamp stamp(seconds offset = 1h, Instant instant = kNoon) {
    return {instant, calendar::Zone::fixed("test", offset), 70};
}

Record record(std::string_view event, std::vector<Field> fields = {}) {
    return {Level::info, event, std::move(fields), "", 0};
}

}  // namespace

TEST_CASE("classic line: what does not print is written as by mkprints", "[daemon]") {
    struct Case {
        std::string detail;
        std::string expected;
    };
    const Case c = GENERATE(values<Case>({
        {"test -x /usr/sbin/anacron || echo x", "(root) CMD (test -x /usr/sbin/anacron || echo x)"},
        {"echo crlf\r", "(root) CMD (echo crlf^M)"},
        {"a\tb\nc", "(root) CMD (a^Ib^Jc)"},
        {"\x7f\x1b", "(root) CMD (^?^[)"},
        {"\xc3\xa4", R"((root) CMD (\303\244))"},
        {R"(a\b^c)", R"((root) CMD (a\b^c))"},
        {"", "(root) CMD ()"},
    }));
    CHECK(classic_line("root", "CMD", c.detail) == c.expected);
}

TEST_CASE("classic line: users and names of tables cannot break it either", "[daemon]") {
    CHECK(classic_line("*system*a\nb", "RELOAD", "/etc/cron.d/a\nb") ==
          "(*system*a^Jb) RELOAD (/etc/cron.d/a^Jb)");
}

TEST_CASE("syslog line: facility cron, ident and pid of the daemon", "[daemon]") {
    Record startup = record("started");
    startup.classic = classic_line("CRON", "STARTUP", "fork ok");
    CHECK(syslog_line(startup, stamp(), crontab::Flavour::debian) ==
          "<78>Nov 20 12:00:00 cron[70]: (CRON) STARTUP (fork ok)");
    CHECK(syslog_line(startup, stamp(), crontab::Flavour::cronie) ==
          "<78>Nov 20 12:00:00 crond[70]: (CRON) STARTUP (fork ok)");
}

TEST_CASE("syslog line: what is about a job has the ident in capitals and the job's pid",
          "[daemon]") {
    Record command = record("job-start");
    command.classic = classic_line("root", "CMD", "echo x");
    command.pid = 100;
    CHECK(syslog_line(command, stamp(), crontab::Flavour::debian) ==
          "<78>Nov 20 12:00:00 CRON[100]: (root) CMD (echo x)");
    CHECK(syslog_line(command, stamp(), crontab::Flavour::cronie) ==
          "<78>Nov 20 12:00:00 CROND[100]: (root) CMD (echo x)");
}

TEST_CASE("syslog line: levels are severities, and a record without a classic form has its shape",
          "[daemon]") {
    const auto [level, expected] = GENERATE(table<Level, std::string>({
        {Level::error, "<75>Nov 20 12:00:00 cron[70]: (CRON) ERROR (table-ignored path=/x)"},
        {Level::warning, "<76>Nov 20 12:00:00 cron[70]: (CRON) WARNING (table-ignored path=/x)"},
        {Level::info, "<78>Nov 20 12:00:00 cron[70]: (CRON) INFO (table-ignored path=/x)"},
        {Level::debug, "<79>Nov 20 12:00:00 cron[70]: (CRON) DEBUG (table-ignored path=/x)"},
    }));
    Record ignored = record("table-ignored", {{"path", "/x"}});
    ignored.level = level;
    CHECK(syslog_line(ignored, stamp(), crontab::Flavour::debian) == expected);
}

TEST_CASE("syslog line: a day below ten is padded with a blank, and the length is bounded",
          "[daemon]") {
    Record startup = record("started");
    startup.classic = std::string(200'000, 'x');
    const Instant day{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
    const std::string line = syslog_line(startup, stamp(0s, day), crontab::Flavour::debian);
    CHECK(line.starts_with("<78>Mar  1 00:00:00 cron[70]: xxx"));
    CHECK(line.size() == kSyslogBytesMax);
}

TEST_CASE("text line: time with its offset, level, event, fields", "[daemon]") {
    Record ran = record("job-start", {{"user", "root"}, {"late_ms", 3}});
    ran.pid = 100;
    CHECK(text_line(ran, stamp()) ==
          "2026-11-20T12:00:00.123+01:00 info job-start user=root late_ms=3 pid=100\n");
}

TEST_CASE("text line: any offset is written so that time and offset agree", "[daemon]") {
    const auto [offset, expected] = GENERATE(table<seconds, std::string>({
        {0s, "2026-11-20T11:00:00.123+00:00"},
        {5h + 45min, "2026-11-20T16:45:00.123+05:45"},
        {-(3h + 30min), "2026-11-20T07:30:00.123-03:30"},
        {-30s, "2026-11-20T10:59:00.123-00:01"},
        {14h, "2026-11-21T01:00:00.123+14:00"},
    }));
    CHECK(text_line(record("x"), stamp(offset)) == expected + " info x\n");
}

TEST_CASE("text line: times before 1970 are readable", "[daemon]") {
    CHECK(text_line(record("x"), stamp(0s, Instant{-1us})) ==
          "1969-12-31T23:59:59.999+00:00 info x\n");
}

TEST_CASE("text line: a due time may be thousands of years away", "[daemon]") {
    const engine::RunKey key{JobId::named("root", "/t", "a"),
                             std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}, 0};
    const Record lost = run_lost(key, "");
    const Field& due = lost.fields.at(2);
    CHECK(due.key == "due");
    CHECK(std::get<std::string>(due.value) == "9999-12-31T00:00:00Z");
}

TEST_CASE("text line: a value is quoted where it would be read wrong", "[daemon]") {
    const auto [value, expected] = GENERATE(table<std::string, std::string>({
        {"plain/path.x", "k=plain/path.x"},
        {"", R"(k="")"},
        {"two words", R"(k="two words")"},
        {"a=b", R"(k="a=b")"},
        {R"(say "x")", R"(k="say \"x\"")"},
        {R"(back\slash)", R"(k="back\\slash")"},
        {"line\nfeed", R"(k="line\x0afeed")"},
        {R"(line\x0afeed)", R"(k="line\\x0afeed")"},
        {"\xff", R"(k="\xff")"},
        {"\xc3\xa4", "k=\xc3\xa4"},
    }));
    CHECK(text_line(record("x", {{"k", value}}), stamp()) ==
          "2026-11-20T12:00:00.123+01:00 info x " + expected + '\n');
}

TEST_CASE("JSON line: one object, in order, with numbers as numbers", "[daemon]") {
    Record ran = record("job-start", {{"user", "ro\"ot"}, {"late_ms", -3}});
    ran.pid = 100;
    CHECK(json_line(ran, stamp()) ==
          R"({"time":"2026-11-20T12:00:00.123+01:00","level":"info","event":"job-start",)"
          R"("user":"ro\"ot","late_ms":-3,"pid":100})"
          "\n");
}

TEST_CASE("syslog_line: what crontab would say is said in its name", "[log]") {
    const Asker alice{"alice", 42};
    const auto line = [](const Record& record) {
        const std::string text = syslog_line(record, stamp(), crontab::Flavour::debian);
        return text.substr(text.find("crontab"));
    };
    CHECK(line(table_used(alice, "LIST", "alice")) == "crontab[42]: (alice) LIST (alice)");
    CHECK(line(table_used(alice, "REPLACE", "bob")) == "crontab[42]: (alice) REPLACE (bob)");
    CHECK(line(table_used(alice, "DELETE", "alice")) == "crontab[42]: (alice) DELETE (alice)");
    CHECK(line(crontab_denied(alice, "listed in /etc/cron.deny")) ==
          "crontab[42]: (alice) AUTH (crontab command not allowed)");
    CHECK(line(table_denied(alice, "bob")) ==
          "crontab[42]: (alice) AUTH (crontab of bob not allowed)");
}

TEST_CASE("JSON line: text that is not UTF-8 is base64 under another key", "[daemon]") {
    // RFC 4648, section 10, and what is no text at all.
    const auto [value, expected] = GENERATE(table<std::string, std::string>({
        {"\xff", R"("k_b64":"/w==")"},
        {"\xff\xfe", R"("k_b64":"//4=")"},
        {"\xff\xfe\xfd", R"("k_b64":"//79")"},
        {"foo\x80"
         "ba",
         R"("k_b64":"Zm9vgGJh")"},
        {"\xed\xa0\x80", R"("k_b64":"7aCA")"},  // a surrogate
        {std::string("a\0b", 3), "\"k\":\"a\\u0000b\""},
        {"\xc3\xa4", "\"k\":\"\xc3\xa4\""},
    }));
    CHECK(json_object(record("x", {{"k", value}}), "T") ==
          R"({"time":"T","level":"info","event":"x",)" + expected + '}');
}

}  // namespace cron::daemon
