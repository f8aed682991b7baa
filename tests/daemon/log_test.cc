#include "daemon/log.h"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::daemon {
namespace {

Record record(Level level, std::string_view event) { return {level, event, {}, "", 0}; }

LogOptions to(const UniqueFd& writer, LogFormat format = LogFormat::text) {
    LogOptions options;
    options.format = format;
    options.fd = writer.get();
    return options;
}

}  // namespace

TEST_CASE("log: what is below the threshold is not written", "[daemon]") {
    auto [reader, writer] = make_pipe();
    {
        LogOptions options = to(writer);
        options.threshold = Level::warning;
        Log log(options);
        CHECK(log.accepts(Level::warning));
        CHECK_FALSE(log.accepts(Level::info));
        log.write(record(Level::error, "one"), Instant{});
        log.write(record(Level::warning, "two"), Instant{});
        log.write(record(Level::info, "three"), Instant{});
        log.write(record(Level::debug, "four"), Instant{});
    }
    writer.reset();
    CHECK(read_all(reader.get()) ==
          "1970-01-01T00:00:00.000+00:00 error one\n"
          "1970-01-01T00:00:00.000+00:00 warning two\n");
}

TEST_CASE("log: times are written in the zone that was set last", "[daemon]") {
    auto [reader, writer] = make_pipe();
    {
        Log log(to(writer, LogFormat::json));
        log.set_zone(calendar::Zone::fixed("east", hours{2}));
        log.write(record(Level::info, "x"), Instant{});
    }
    writer.reset();
    CHECK(read_all(reader.get()) ==
          "{\"time\":\"1970-01-01T02:00:00.000+02:00\",\"level\":\"info\",\"event\":\"x\"}\n");
}

TEST_CASE("log: lines that were lost are counted in a line, once there is room", "[daemon]") {
    auto [reader, writer] = make_pipe();
    REQUIRE(::fcntl(reader.get(), F_SETFL, O_NONBLOCK) == 0);
    Log log(to(writer));
    Record large = record(Level::info, "large");
    large.fields.push_back({"text", std::string(100'000, 'x')});
    for (int i = 0; i < 20; ++i) log.write(large, Instant{});
    const std::uint64_t dropped = log.dropped();
    CHECK(dropped > 0);
    std::string text;
    for (std::string more = read_all(reader.get()); !more.empty(); more = read_all(reader.get())) {
        text += more;
        log.finish(std::chrono::milliseconds{0});
    }
    CHECK(text.find("log-lines-dropped") == std::string::npos);
    log.write(record(Level::info, "after"), Instant{});
    log.write(record(Level::info, "later"), Instant{});
    CHECK(
        read_all(reader.get()) ==
        "1970-01-01T00:00:00.000+00:00 warning log-lines-dropped count=" + std::to_string(dropped) +
            "\n"
            "1970-01-01T00:00:00.000+00:00 info after\n"
            "1970-01-01T00:00:00.000+00:00 info later\n");
    CHECK(log.dropped() == dropped);
}

}  // namespace cron::daemon
