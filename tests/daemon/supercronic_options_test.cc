#include "daemon/supercronic_options.h"

#include <vector>

#include <catch2/catch.hpp>

namespace cron::daemon {
namespace {

Result<Options> parse(const std::vector<const char*>& arguments, const char* program = "crond") {
    Invocation invocation;
    invocation.program = program;
    return parse_options(arguments, "/home/alice", invocation);
}

}  // namespace

TEST_CASE("compat: one word before supercronic's command line, or its name, is enough",
          "[daemon]") {
    for (const auto& options : {parse({"--compat", "supercronic", "-json", "tab"}),
                                parse({"--compat=supercronic", "-json", "tab"}),
                                parse({"-json", "tab"}, "supercronic")}) {
        REQUIRE(options);
        REQUIRE(options->supercronic);
        CHECK(options->supercronic->json);
        CHECK(options->supercronic->crontab == "tab");
        CHECK(options->tables == std::vector<std::string>{"/home/alice/tab"});
        CHECK(options->foreground);
        CHECK(options->log == LogFormat::logrus_json);
        CHECK(options->passed_environment.all);
        CHECK_FALSE(options->reloads_on_change);
        CHECK_FALSE(options->has_user_column);
    }
}

TEST_CASE("compat: each flag does to crond what it says", "[daemon]") {
    const auto with = [](const char* flag) {
        return parse({"--compat", "supercronic", flag, "tab"}).value();
    };
    CHECK(with("-json=false").log == LogFormat::logrus);
    CHECK(with("-inotify").reloads_on_change);
    CHECK(with("-test").test);
    CHECK(with("-passthrough-logs").output == OutputFormat::raw);
    CHECK(with("-debug").log_level == Level::debug);
    CHECK(with("-quiet").log_level == Level::warning);
    CHECK(parse({"-debug", "-quiet", "t"}, "supercronic")->log_level == Level::warning);
}

TEST_CASE("compat: options of crond stand before it", "[daemon]") {
    const auto options =
        parse({"--state", "/data", "--grace", "5s", "--compat", "supercronic", "tab"});
    REQUIRE(options);
    CHECK(options->state == "/data");
    CHECK(options->grace == seconds{5});
    CHECK(options->tables.size() == 1);
}

TEST_CASE("compat: a table may be called --compat", "[daemon]") {
    const auto options = parse({"--", "--compat"});
    REQUIRE(options);
    CHECK_FALSE(options->supercronic);
    CHECK(options->tables == std::vector<std::string>{"/home/alice/--compat"});
    CHECK(parse({"--compat", "supercronic", "--", "--compat"})->tables ==
          std::vector<std::string>{"/home/alice/--compat"});
}

TEST_CASE("compat: what does not go together is said", "[daemon]") {
    const std::vector<std::pair<std::vector<const char*>, const char*>> cases = {
        {{"--compat", "busybox", "t"}, "--compat 'busybox' is not supercronic"},
        {{"--compat"}, "--compat is without a name"},
        {{"a", "--compat", "supercronic", "t"}, "a TABLE stands before --compat"},
        {{"--output", "raw", "--compat", "supercronic", "t"},
         "--log and --output do not go with --compat: -json, -split-logs and -passthrough-logs "
         "say it"},
        {{"--once", "j", "--compat", "supercronic", "t"},
         "--once and --system do not go with --compat"},
        {{"-L", "0", "--compat", "supercronic", "t"},
         "--log-runs does not go with --compat: -quiet says it"},
        {{"--state", "--compat", "supercronic", "t"}, "--state needs a TABLE as argument"},
        {{"--compat", "supercronic", "--state", "/data", "t"},
         "flag provided but not defined: -state; options of crond stand before --compat"},
        {{"--compat", "supercronic", "-wat"},
         "flag provided but not defined: -wat; options of crond stand before --compat"},
    };
    for (const auto& [arguments, message] : cases) {
        const auto options = parse(arguments);
        REQUIRE_FALSE(options);
        CHECK(options.error().message == message);
    }
}

TEST_CASE("compat: -version and -h are answered with no crontab", "[daemon]") {
    CHECK(parse({"-version"}, "supercronic")->notice.value().find("belfry") != std::string::npos);
    CHECK(parse({"--compat", "supercronic", "-h"})->notice.value().find("-passthrough-logs") !=
          std::string::npos);
    CHECK(parse({"--help"})->notice.value().find("--compat") != std::string::npos);
}

}  // namespace cron::daemon
