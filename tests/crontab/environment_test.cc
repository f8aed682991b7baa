// The environment while it grows: sharing, and bounds.
#include "crontab/environment.h"

#include <catch2/catch.hpp>

namespace cron::crontab {
namespace {

TEST_CASE("environment: nothing is copied while nothing changes", "[crontab]") {
    EnvironmentBuilder builder;
    const auto empty = builder.share();
    REQUIRE(empty);
    CHECK(*empty == *builder.share());
    REQUIRE(builder.set("A", "1"));
    const auto one = builder.share();
    CHECK(*one != *empty);
    REQUIRE(builder.set("A", "1"));
    CHECK(*builder.share() == *one);
    REQUIRE(builder.set("A", "2"));
    CHECK(*builder.share() != *one);
    CHECK(**one == Environment{{"A", "1"}});
}

TEST_CASE("environment: beyond its bound a variable is not set, and the old value stays",
          "[crontab]") {
    EnvironmentBuilder builder;
    REQUIRE(builder.set("A", "1"));
    const std::string large(kEnvironmentBytesMax, 'x');
    for (const std::string_view name : {"A", "B"}) {
        const auto set = builder.set(name, large);
        REQUIRE_FALSE(set);
        CHECK(set.error().code == ErrorCode::limit);
    }
    CHECK(**builder.share() == Environment{{"A", "1"}});
    REQUIRE(builder.set("B", "2"));
    CHECK(**builder.share() == Environment{{"A", "1"}, {"B", "2"}});
}

TEST_CASE("environment: the copies of one table have a bound together", "[crontab]") {
    EnvironmentBuilder builder;
    REQUIRE(builder.set("LARGE", std::string(kEnvironmentBytesMax / 2, 'x')));
    std::size_t copies = 0;
    while (copies < 1'000) {
        REQUIRE(builder.set("N", std::to_string(copies)));
        if (!builder.share()) break;
        ++copies;
    }
    CHECK(copies == 2 * kEnvironmentsBytesMax / kEnvironmentBytesMax - 1);
    CHECK_FALSE(builder.share());
}

}  // namespace
}  // namespace cron::crontab
