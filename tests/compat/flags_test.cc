#include "compat/flags.h"

#include <vector>

#include <catch2/catch.hpp>

using namespace cron;
using namespace cron::compat;

namespace {

Result<Flags> parse(const std::vector<const char*>& arguments) { return parse_flags(arguments); }

}  // namespace

TEST_CASE("flags: one or two dashes, with a value behind = or as the next argument", "[compat]") {
    for (const auto& arguments : std::vector<std::vector<const char*>>{
             {"-json", "-prometheus-listen-address", ":80", "tab"},
             {"--json", "--prometheus-listen-address=:80", "tab"},
             {"-json=true", "-prometheus-listen-address=:80", "--", "tab"},
             {"-json=T", "--prometheus-listen-address", ":80", "--", "tab"},
         }) {
        const auto flags = parse(arguments);
        REQUIRE(flags);
        CHECK(flags->json);
        CHECK(flags->listen_address == ":80");
        CHECK(flags->crontab == "tab");
        CHECK_FALSE(flags->debug);
    }
}

TEST_CASE("flags: each sets its own and nothing else", "[compat]") {
    const std::vector<std::pair<const char*, bool Flags::*>> known = {
        {"-debug", &Flags::debug},
        {"-quiet", &Flags::quiet},
        {"-json", &Flags::json},
        {"-version", &Flags::version},
        {"-test", &Flags::test},
        {"-inotify", &Flags::inotify},
        {"-no-reap", &Flags::no_reap},
        {"-split-logs", &Flags::split_logs},
        {"-passthrough-logs", &Flags::passthrough_logs},
        {"-overlapping", &Flags::overlapping},
    };
    for (const auto& [name, member] : known) {
        const auto flags = parse({name, "tab"});
        REQUIRE(flags);
        for (const auto& [other_name, other] : known) {
            INFO(name << " and " << other_name);
            CHECK((*flags).*other == (member == other));
        }
        CHECK_FALSE(parse({(std::string(name) + "=0").c_str(), "tab"}).value().*member);
    }
    const std::vector<std::pair<const char*, std::string Flags::*>> valued = {
        {"-prometheus-listen-address", &Flags::listen_address},
        {"-sentry-dsn", &Flags::sentry_dsn},
        {"-sentryDsn", &Flags::sentry_dsn},
        {"-sentry-environment", &Flags::sentry_environment},
        {"-sentry-release", &Flags::sentry_release},
    };
    for (const auto& [name, member] : valued) {
        INFO(name);
        CHECK(parse({name, "-x", "tab"}).value().*member == "-x");
    }
}

TEST_CASE("flags: they end at the first argument that is none", "[compat]") {
    CHECK(parse({"--", "-json"}).value().crontab == "-json");
    CHECK(parse({"-"}).value().crontab == "-");
    CHECK_FALSE(parse({"tab", "-json"}));
}

TEST_CASE("flags: what is wrong is said in Go's words", "[compat]") {
    const std::vector<std::pair<std::vector<const char*>, const char*>> cases = {
        {{"-x", "tab"}, "flag provided but not defined: -x"},
        {{"---json", "tab"}, "bad flag syntax: ---json"},
        {{"-=1", "tab"}, "bad flag syntax: -=1"},
        {{"-json=maybe", "tab"}, "invalid boolean value 'maybe' for -json"},
        {{"-sentry-dsn"}, "flag needs an argument: -sentry-dsn"},
        {{}, "there are 0 arguments after the flags, and one is needed, the crontab"},
        {{"a", "b"}, "there are 2 arguments after the flags, and one is needed, the crontab"},
        {{""}, "the crontab has no name"},
    };
    for (const auto& [arguments, message] : cases) {
        const auto flags = parse(arguments);
        REQUIRE_FALSE(flags);
        CHECK(flags.error().message == message);
    }
}

TEST_CASE("flags: -version and -h need no crontab", "[compat]") {
    CHECK(parse({"-version"}).value().version);
    CHECK(parse({"-h"}).value().help);
    CHECK(parse({"--help", "-what"}).value().help);
}

TEST_CASE("flags: the usage names each", "[compat]") {
    const std::string text = usage("supercronic");
    for (const char* name :
         {"-debug", "-inotify", "-json", "-no-reap", "-overlapping", "-passthrough-logs",
          "-prometheus-listen-address", "-quiet", "-sentry-dsn", "-sentry-environment",
          "-sentry-release", "-sentryDsn", "-split-logs", "-test", "-version"}) {
        CHECK(text.find(std::string("  ") + name + ' ') != std::string::npos);
    }
}
