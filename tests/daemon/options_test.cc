#include "daemon/options.h"

#include <catch2/catch.hpp>

namespace cron::daemon {
namespace {

Result<Options> parse(const std::vector<const char*>& arguments) {
    return parse_options(arguments, "/home/alice");
}

}  // namespace

TEST_CASE("options: without arguments crond is the machine's daemon in the background",
          "[daemon]") {
    const Options options = *parse({});
    CHECK_FALSE(options.foreground);
    CHECK_FALSE(options.test);
    CHECK_FALSE(options.notice);
    CHECK(options.log == LogFormat::syslog);
    CHECK(options.log_level == Level::info);
    CHECK(options.output == OutputFormat::mail);
    CHECK(options.grace == seconds{25});
    CHECK(options.tables.empty());
    const Paths paths = paths_of(options);
    CHECK(paths.spool == "/var/spool/cron");
    CHECK(paths.crontabs == "/var/spool/cron/crontabs");
    CHECK(paths.output == "/var/spool/cron/output");
    CHECK(paths.mail == "/var/spool/cron/mail");
    CHECK(paths.spool_lock == "/var/spool/cron/.crond.lock");
    CHECK(paths.pidfile == "/run/crond.pid");
    CHECK(paths.reboot_marker == "/run/crond.reboot");
    CHECK(paths.system_table == "/etc/crontab");
    CHECK(paths.system_folder == "/etc/cron.d");
    CHECK(paths.mailer == "/usr/sbin/sendmail");
    CHECK(paths.localtime == "/etc/localtime");
    CHECK(paths.zoneinfo == "/usr/share/zoneinfo");
    CHECK(paths.config == "/etc/crond.json");
}

TEST_CASE("options: the foreground has three names, and logs to stderr", "[daemon]") {
    const char* name = GENERATE("-f", "-n", "--foreground");
    const Options options = *parse({name});
    CHECK(options.foreground);
    CHECK(options.log == LogFormat::text);
    CHECK(options.output == OutputFormat::mail);
}

TEST_CASE("options: with tables in the foreground, output goes to the streams", "[daemon]") {
    const Options options = *parse({"-f", "a.crontab", "/etc/b"});
    CHECK(options.tables == std::vector<std::string>{"/home/alice/a.crontab", "/etc/b"});
    CHECK(options.output == OutputFormat::prefix);
    CHECK(parse({"-f", "a", "--output", "raw"})->output == OutputFormat::raw);
    CHECK(parse({"-f", "a", "--output", "mail"})->output == OutputFormat::mail);
    CHECK(parse({"a"})->output == OutputFormat::prefix);
    CHECK(parse({"a"})->foreground);
}

TEST_CASE("options: a table with a name in brackets is one table", "[daemon]") {
    CHECK(parse({"[x]", "[x,y]", "--", "-z"})->tables ==
          std::vector<std::string>{"/home/alice/[x]", "/home/alice/[x,y]", "/home/alice/-z"});
}

TEST_CASE("options: each choice is read", "[daemon]") {
    const Options options =
        *parse({"-f", "--log", "json", "--log-level=debug", "--grace", "2m30s"});
    CHECK(options.log == LogFormat::json);
    CHECK(options.log_level == Level::debug);
    CHECK(options.grace == seconds{150});
    CHECK(parse({"-f", "--log", "syslog"})->log == LogFormat::syslog);
    CHECK(parse({"--log-level", "error"})->log_level == Level::error);
    CHECK(parse({"--grace=0s"})->grace == seconds{0});
    CHECK(parse({"--test"})->test);
}

TEST_CASE("options: --root moves the tables and what crond keeps", "[daemon]") {
    const char* root = GENERATE("/srv/cron", "/srv/cron/", "/srv/cron//");
    const Paths paths = paths_of(*parse({"--root", root}));
    CHECK(paths.spool == "/srv/cron/var/spool/cron");
    CHECK(paths.crontabs == "/srv/cron/var/spool/cron/crontabs");
    CHECK(paths.pidfile == "/srv/cron/run/crond.pid");
    CHECK(paths.reboot_marker == "/srv/cron/run/crond.reboot");
    CHECK(paths.system_table == "/srv/cron/etc/crontab");
    CHECK(paths.system_folder == "/srv/cron/etc/cron.d");
    CHECK(paths.mailer == "/usr/sbin/sendmail");
    CHECK(paths.localtime == "/srv/cron/etc/localtime");
    CHECK(paths.config == "/srv/cron/etc/crond.json");
}

TEST_CASE("options: --root / moves nothing", "[daemon]") {
    CHECK(paths_of(*parse({"--root", "/"})).pidfile == "/run/crond.pid");
}

TEST_CASE("options: an option for one path wins over --root", "[daemon]") {
    const Paths paths = paths_of(*parse(
        {"--root", "/srv", "--spool", "/data/cron/", "--pidfile", "my.pid", "--mailer", "/bin/m"}));
    CHECK(paths.spool == "/data/cron");
    CHECK(paths.crontabs == "/data/cron/crontabs");
    CHECK(paths.spool_lock == "/data/cron/.crond.lock");
    CHECK(paths.ledger == "/data/cron/ledger.db");
    CHECK(paths.pidfile == "/home/alice/my.pid");
    CHECK(paths.mailer == "/bin/m");
    CHECK(paths.system_table == "/srv/etc/crontab");
}

TEST_CASE("options: --config is where it is, --root or not", "[daemon]") {
    CHECK(paths_of(*parse({"--root", "/srv", "--config", "my.json"})).config ==
          "/home/alice/my.json");
    CHECK_FALSE(parse({"--root", "/srv"})->config);
}

TEST_CASE("options: with tables as arguments only settings that are asked for count", "[daemon]") {
    CHECK(paths_of(*parse({"a"})).config.empty());
    CHECK(paths_of(*parse({"--root", "/srv", "a"})).config.empty());
    CHECK(paths_of(*parse({"--config", "/x.json", "a"})).config == "/x.json");
}

TEST_CASE("options: what is wrong is one clause that says what would be right", "[daemon]") {
    struct Case {
        std::vector<const char*> arguments;
        std::string message;
    };
    const Case c = GENERATE(values<Case>({
        {{"--log", "xml", "-f"}, "--log 'xml' is not one of syslog, text, json"},
        {{"--log-level", "loud"}, "--log-level 'loud' is not one of error, warning, info, debug"},
        {{"--output", "x\n"}, "--output 'x\\x0a' is not one of mail, prefix, raw"},
        {{"--grace", "5x"}, "--grace '5x' is not a duration such as 90s, 5m or 2h30m"},
        {{"--grace", "-5s"}, "--grace '-5s' is not a duration such as 90s, 5m or 2h30m"},
        {{"--spool", ""}, "--spool is an empty path"},
        {{"--config", ""}, "--config is an empty path"},
        {{"--root", ""}, "--root is an empty path"},
        {{"-f", ""}, "TABLE is an empty path"},
        {{"-f", "--spool=", "a"}, "--spool= is without a value"},
        {{"-f", "--grace=", "a"}, "--grace= is without a value"},
        {{"--log", "text"}, "--log text and --log json need --foreground"},
        {{"--output", "prefix"}, "--output prefix and --output raw need --foreground"},
    }));
    const Result<Options> options = parse(c.arguments);
    REQUIRE_FALSE(options);
    CHECK(options.error().code == ErrorCode::invalid);
    CHECK(options.error().message == c.message);
}

TEST_CASE("options: what is not known, twice, or without its value is an error on one line",
          "[daemon]") {
    const auto arguments = GENERATE(values<std::vector<const char*>>(
        {{"--bogus"}, {"-x"}, {"--spool"}, {"--spool", "/a", "--spool", "/b"}}));
    const Result<Options> options = parse(arguments);
    REQUIRE_FALSE(options);
    INFO(options.error().message);
    CHECK_FALSE(options.error().message.empty());
    CHECK(options.error().message.find('\n') == std::string::npos);
    CHECK(options.error().message.find(arguments[0]) != std::string::npos);
}

TEST_CASE("options: --help and --version say so and nothing else", "[daemon]") {
    const Result<Options> help = parse({"--help"});
    REQUIRE(help);
    REQUIRE(help->notice);
    for (const char* option :
         {"--foreground", "--root", "--config", "--spool", "--pidfile", "--mailer", "--log",
          "--log-level", "--test", "--output", "--grace", "--version"}) {
        CHECK(help->notice->find(option) != std::string::npos);
    }
    CHECK(parse({"--version"})->notice->starts_with("crond (belfry) "));
}

}  // namespace cron::daemon
