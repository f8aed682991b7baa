#include "compat/logrus.h"

#include <catch2/catch.hpp>

#include "compat/go_text.h"

using namespace cron;
using namespace cron::compat;

namespace {

constexpr const char* kTime = "2026-11-21T16:47:56Z";

std::string written(Style style, Level level, const std::vector<Field>& fields,
                    std::string_view message) {
    std::string out;
    Line(style, level, fields).append(out, message, kTime);
    return out;
}

std::vector<Field> job_fields(const std::string& command) {
    return {{"job.schedule", "*/2 * * * * * *", false},
            {"job.command", command, false},
            {"iteration", "1", true},
            {"job.position", "0", true},
            {"channel", "stdout", false}};
}

const std::string kCommand =
    "echo \"out & <$A>\ttab \\\"q\\\" é\"; printf 'x\\001\\377y\\n'; exit 3";

}  // namespace

TEST_CASE("logrus: text has the bytes that supercronic 0.2.45 wrote", "[compat]") {
    CHECK(written(Style::text, Level::info, job_fields(kCommand), "out & <b c>\ttab \"q\" é") ==
          R"(time="2026-11-21T16:47:56Z" level=info msg="out & <b c>\ttab \"q\" é" channel=stdout )"
          R"(iteration=1 job.command="echo \"out & <$A>\ttab \\\"q\\\" é\"; )"
          R"(printf 'x\\001\\377y\\n'; exit 3" job.position=0 job.schedule="*/2 * * * * * *")"
          "\n");
    CHECK(written(Style::text, Level::info, {{"job.command", "true", false}}, "starting") ==
          "time=\"2026-11-21T16:47:56Z\" level=info msg=starting job.command=true\n");
    CHECK(written(Style::text, Level::info, {}, "x\x01\xFFy") ==
          "time=\"2026-11-21T16:47:56Z\" level=info msg=\"x\\x01\\xffy\"\n");
    CHECK(written(Style::text, Level::fatal, {}, "") ==
          "time=\"2026-11-21T16:47:56Z\" level=fatal msg=\n");
}

TEST_CASE("logrus: JSON has the bytes that supercronic 0.2.45 wrote", "[compat]") {
    CHECK(written(Style::json, Level::info, job_fields(kCommand), "x\x01\xFFy & <z>") ==
          R"({"channel":"stdout","iteration":1,"job.command":"echo \"out \u0026 \u003c$A\u003e)"
          R"(\ttab \\\"q\\\" é\"; printf 'x\\001\\377y\\n'; exit 3","job.position":0,)"
          R"("job.schedule":"*/2 * * * * * *","level":"info",)"
          R"("msg":"x\u0001\ufffdy \u0026 \u003cz\u003e","time":"2026-11-21T16:47:56Z"})"
          "\n");
    CHECK(written(Style::json, Level::warning, {}, "a") ==
          R"({"level":"warning","msg":"a","time":"2026-11-21T16:47:56Z"})"
          "\n");
}

TEST_CASE("logrus: fields of ours stand in the order of their keys", "[compat]") {
    CHECK(written(Style::json, Level::error,
                  {{"timeout", "x", false}, {"pid", "7", true}, {"attempt", "1", true}}, "m") ==
          R"({"attempt":1,"level":"error","msg":"m","pid":7,"time":"2026-11-21T16:47:56Z",)"
          R"("timeout":"x"})"
          "\n");
}

TEST_CASE("Go's quotes: what does not print is escaped", "[compat]") {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"\a\b\t\n\v\f\r", R"("\a\b\t\n\v\f\r")"},
        {std::string("\0\x7F", 2), R"("\x00\x7f")"},
        {"\xC2\xA0", R"("\u00a0")"},
        {"\xE2\x80\x8B", R"("\u200b")"},
        {"\xE2\x82", R"("\xe2\x82")"},
        {"€ 😀", "\"€ 😀\""},
    };
    for (const auto& [text, expected] : cases) {
        std::string out;
        append_quoted(out, text);
        CHECK(out == expected);
    }
}

TEST_CASE("Go's JSON: line separators are escaped, DEL is not", "[compat]") {
    std::string out;
    append_json(out, "\xE2\x80\xA8\x7F\b\f\"\\\xC3");
    CHECK(out == "\"\\u2028\x7F\\b\\f\\\"\\\\\\ufffd\"");
}

TEST_CASE("logrus: times are in the zone, with Z for UTC", "[compat]") {
    const Instant instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + hours{16} +
                          microseconds{999'999}};
    TimeWriter times;
    CHECK(times.write(instant) == "2026-11-21T16:00:00Z");
    times.set_zone(calendar::Zone::fixed("X", -minutes{210}));
    CHECK(times.write(instant) == "2026-11-21T12:30:00-03:30");
    CHECK(times.write(instant + seconds{1}) == "2026-11-21T12:30:01-03:30");
}
