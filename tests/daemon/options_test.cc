#include "daemon/options.h"

#include <catch2/catch.hpp>

namespace cron::daemon {
namespace {

Result<Options> parse(const std::vector<const char*>& arguments,
                      const Invocation& invocation = {}) {
    return parse_options(arguments, "/home/alice", invocation);
}

Invocation called(const std::string& name) {
    Invocation invocation;
    invocation.program = name;
    return invocation;
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
    CHECK(parse({"a"})->log == LogFormat::text);
    // What reads objects reads them on both streams.
    CHECK(parse({"a", "--output", "json"})->log == LogFormat::json);
    CHECK(parse({"a", "--output", "json", "--log", "text"})->log == LogFormat::text);
    CHECK(parse({"--once", "x", "a"})->log_level == Level::warning);
    CHECK(parse({"a"})->log_level == Level::info);
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
    CHECK(paths.control_socket == "/srv/cron/run/crond.sock");
    CHECK(paths.cron_allow == "/srv/cron/etc/cron.allow");
    CHECK(paths.cron_deny == "/srv/cron/etc/cron.deny");
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
    const Paths paths = paths_of(*parse({"--root", "/srv", "--spool", "/data/cron/", "--pidfile",
                                         "my.pid", "--socket", "my.sock", "--mailer", "/bin/m"}));
    CHECK(paths.spool == "/data/cron");
    CHECK(paths.crontabs == "/data/cron/crontabs");
    CHECK(paths.spool_lock == "/data/cron/.crond.lock");
    CHECK(paths.ledger == "/data/cron/ledger.db");
    CHECK(paths.pidfile == "/home/alice/my.pid");
    CHECK(paths.control_socket == "/home/alice/my.sock");
    CHECK(paths.previous_tables == "/data/cron/previous");
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

TEST_CASE("options: with tables as arguments the record is where --state says, or nowhere",
          "[daemon]") {
    const Options kept = *parse({"--state", "kept", "--spool", "/data", "a"});
    CHECK(kept.keeps_record());
    const Paths paths = paths_of(kept);
    CHECK(paths.ledger == "/home/alice/kept/ledger.db");
    CHECK(paths.spool_lock == "/home/alice/kept/.crond.lock");
    CHECK(paths.mail == "/home/alice/kept/mail");
    CHECK_FALSE(parse({"a"})->keeps_record());
    CHECK(parse({})->keeps_record());
}

TEST_CASE("options: the output of one run is its own, unless it is asked for otherwise",
          "[daemon]") {
    CHECK(parse({"--once", "x", "a"})->output == OutputFormat::raw);
    CHECK(parse({"--once", "x", "--output", "prefix", "a"})->output == OutputFormat::prefix);
    CHECK(parse({"a"})->output == OutputFormat::prefix);
}

TEST_CASE("options: what is wrong is one clause that says what would be right", "[daemon]") {
    struct Case {
        std::vector<const char*> arguments;
        std::string message;
    };
    const Case c = GENERATE(values<Case>({
        {{"--log", "xml", "-f"}, "--log 'xml' is not one of syslog, text, json"},
        {{"--log-level", "loud"}, "--log-level 'loud' is not one of error, warning, info, debug"},
        {{"--output", "x\n"}, "--output 'x\\x0a' is not one of mail, prefix, raw, json"},
        {{"--grace", "5x"}, "--grace '5x' is not a duration such as 90s, 5m or 2h30m"},
        {{"--grace", "-5s"}, "--grace '-5s' is not a duration such as 90s, 5m or 2h30m"},
        {{"--spool", ""}, "--spool is an empty path"},
        {{"--config", ""}, "--config is an empty path"},
        {{"--root", ""}, "--root is an empty path"},
        {{"-f", ""}, "TABLE is an empty path"},
        {{"-f", "--spool=", "a"}, "--spool= is without a value"},
        {{"-f", "--grace=", "a"}, "--grace= is without a value"},
        {{"--log", "text"}, "--log text and --log json need --foreground"},
        {{"--output", "prefix"}, "--output prefix, raw and json need --foreground"},
    }));
    const Result<Options> options = parse(c.arguments);
    REQUIRE_FALSE(options);
    CHECK(options.error().code == ErrorCode::invalid);
    CHECK(options.error().message == c.message);
}

TEST_CASE("options: with tables jobs get our environment, and changes are read", "[daemon]") {
    const Options usual = *parse({"a"});
    CHECK(usual.passed_environment.all);
    CHECK(usual.reloads_on_change);
    CHECK_FALSE((usual.has_user_column || usual.state || usual.once));
    CHECK_FALSE(parse({})->passed_environment.all);
}

TEST_CASE("options: those of a container are read", "[daemon]") {
    const Options options = *parse({"--system", "--no-watch", "--state", "kept", "--once", "backup",
                                    "--env", "TZ,_A1,A.B-C", "--output", "json", "a"});
    CHECK(options.has_user_column);
    CHECK_FALSE(options.reloads_on_change);
    CHECK(options.state == "/home/alice/kept");
    CHECK(options.once == "backup");
    CHECK_FALSE(options.passed_environment.all);
    CHECK(options.passed_environment.names == std::vector<std::string>{"TZ", "_A1", "A.B-C"});
    CHECK(options.output == OutputFormat::json);
    CHECK(parse({"--watch", "a"})->reloads_on_change);
    CHECK(parse({"--env", "all", "a"})->passed_environment.all);
    const Options none = *parse({"--env", "none", "a"});
    CHECK_FALSE(none.passed_environment.all);
    CHECK(none.passed_environment.names.empty());
}

TEST_CASE("options: those of a container need a table, and good values", "[daemon]") {
    struct Case {
        std::vector<const char*> arguments;
        std::string message;
    };
    const Case c = GENERATE(values<Case>({
        {{"--system", "-f"}, "--system needs a TABLE as argument"},
        {{"--state", "x"}, "--state needs a TABLE as argument"},
        {{"--once", "x"}, "--once needs a TABLE as argument"},
        {{"--env", "all"}, "--env needs a TABLE as argument"},
        {{"--watch"}, "--watch needs a TABLE as argument"},
        {{"--no-watch"}, "--no-watch needs a TABLE as argument"},
        {{"--watch", "--no-watch", "a"}, "--watch and --no-watch exclude each other"},
        {{"--once", "", "a"}, "--once is without the name of a job"},
        {{"--state", "", "a"}, "--state is an empty path"},
        {{"--env", "A,,B", "a"},
         "--env '' is neither all nor none nor the name of a variable; more names are parted by "
         "commas"},
        {{"--env", "A B", "a"},
         "--env 'A B' is neither all nor none nor the name of a variable; more names are parted "
         "by commas"},
        {{"--env", "all,FOO", "a"},
         "--env 'all' stands alone, without other names: to have more than a few, use --env all"},
        {{"--env", "FOO,none", "a"},
         "--env 'none' stands alone, without other names: to have more than a few, use --env all"},
        {{"--env", "1A", "a"},
         "--env '1A' is neither all nor none nor the name of a variable; more names are parted by "
         "commas"},
    }));
    const Result<Options> options = parse(c.arguments);
    REQUIRE_FALSE(options);
    CHECK(options.error().message == c.message);
}

TEST_CASE("options: what is not known, twice, or without its value is an error on one line",
          "[daemon]") {
    const auto arguments = GENERATE(values<std::vector<const char*>>(
        {{"--bogus"}, {"-q"}, {"--spool"}, {"--spool", "/a", "--spool", "/b"}}));
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
         {"--foreground", "--root", "--config", "--spool", "--pidfile", "--socket", "--mailer",
          "--log", "--log-level", "--test", "--output", "--grace", "--version"}) {
        CHECK(help->notice->find(option) != std::string::npos);
    }
    CHECK(parse({"--version"})->notice->starts_with("crond (belfry) "));
}

TEST_CASE("options: -n is the foreground to crond, and the full host name to cron", "[daemon]") {
    CHECK(parse({"-n"}, called("crond"))->foreground);
    CHECK_FALSE(parse({"-n"}, called("crond"))->tells_full_host);
    CHECK_FALSE(parse({"-n"}, called("cron"))->foreground);
    CHECK(parse({"-n"}, called("cron"))->tells_full_host);
    CHECK(parse({"-fn"}, called("cron"))->foreground);
    CHECK(parse({"--full-host"}, called("crond"))->tells_full_host);
}

TEST_CASE("options: called as cron it takes those of Debian's cron", "[daemon]") {
    const Options options = *parse({"-f", "-l", "-L", "5", "-n"}, called("cron"));
    CHECK(options.foreground);
    CHECK(options.has_lsb_names);
    CHECK(options.tells_full_host);
    CHECK(options.run_lines.starts);
    CHECK_FALSE(options.run_lines.ends);
    CHECK(options.run_lines.failures);
    CHECK_FALSE(options.run_lines.pids);
    CHECK(parse({"-f", "-L15"}, called("cron"))->run_lines.pids);
    const RunLines none = parse({"-L", "0"}, called("cron"))->run_lines;
    CHECK_FALSE((none.starts || none.ends || none.failures || none.pids));
    const RunLines usual = parse({}, called("cron"))->run_lines;
    CHECK((usual.starts && usual.ends));
    CHECK_FALSE((usual.failures || usual.pids));
}

TEST_CASE("options: called by another name it takes those of cronie", "[daemon]") {
    const Options options = *parse({"-n", "-s", "-p", "-P", "-i", "-m", "mail -t"});
    CHECK(options.foreground);
    CHECK(options.is_output_logged);
    CHECK(options.permits_any_table);
    CHECK(options.inherits_path);
    CHECK_FALSE(options.watches_files);
    CHECK(options.mail_command == "mail -t");
    CHECK(parse({"-m", "off"})->mail_command == kNoMail);
    const Options usual = *parse({});
    CHECK_FALSE((usual.is_output_logged || usual.permits_any_table || usual.inherits_path));
    CHECK(usual.watches_files);
    CHECK(usual.mail_command.empty());
}

TEST_CASE("options: each of the classics has a long name that means the same under both names",
          "[daemon]") {
    for (const std::string program : {"cron", "crond"}) {
        const Options options =
            *parse({"--foreground", "--lsb-names", "--log-runs=0", "--full-host", "--log-output",
                    "--mail-command", "x", "--permit-any", "--inherit-path", "--no-inotify",
                    "--debug", "misc"},
                   called(program));
        CHECK((options.foreground && options.has_lsb_names && options.tells_full_host));
        CHECK((options.is_output_logged && options.permits_any_table && options.inherits_path));
        CHECK_FALSE((options.run_lines.starts || options.watches_files));
        CHECK(options.mail_command == "x");
        CHECK(options.log_level == Level::debug);
    }
}

TEST_CASE("options: -x takes the classes of both, and logs all in the foreground", "[daemon]") {
    for (const std::string program : {"cron", "crond"}) {
        const Options options = *parse({"-x", "ext,sch,proc,pars,load,misc,bit"}, called(program));
        CHECK(options.foreground);
        CHECK(options.log_level == Level::debug);
        CHECK(options.log == LogFormat::text);
    }
}

TEST_CASE("options: in the foreground the log goes where it is read", "[daemon]") {
    struct Case {
        std::string program;
        bool is_stderr_journal;
        bool has_system_log;
        LogFormat log;
    };
    const Case c = GENERATE(values<Case>({
        {"crond", false, true, LogFormat::text},
        {"crond", true, true, LogFormat::syslog},
        {"cron", false, true, LogFormat::syslog},
        {"cron", false, false, LogFormat::text},
        {"cron", true, true, LogFormat::syslog},
    }));
    const Invocation invocation{c.program, c.is_stderr_journal, c.has_system_log};
    CHECK(parse({"-f"}, invocation)->log == c.log);
    CHECK(parse({"-f", "--log", "json"}, invocation)->log == LogFormat::json);
    CHECK(parse({"--test"}, invocation)->log == LogFormat::text);
    CHECK(parse({"-f", "table"}, invocation)->log == LogFormat::text);
    CHECK(parse({}, invocation)->log == LogFormat::syslog);
}

TEST_CASE("options: what is not supported, or has a bad value, says what would be right",
          "[daemon]") {
    struct Case {
        std::string program;
        std::vector<const char*> arguments;
        std::string message;
    };
    const Case c = GENERATE(values<Case>({
        {"crond", {"-c"}, "-c is not supported: a spool belongs to one daemon at a time"},
        {"cron", {"-N"}, "-N is not supported: tables are tested by --test"},
        {"cron", {"-L", "16"}, "-L '16' is not a number from 0 to 15"},
        {"cron", {"-L", "-1"}, "-L '-1' is not a number from 0 to 15"},
        {"cron", {"-x", "sch,,"}, "-x '' is none of the classes"},
        {"crond", {"-x", "all"}, "-x 'all' is none of the classes ext, sch, proc"},
        {"crond", {"-x", "sch,test"}, "-x test would start jobs; --test reads the tables"},
        {"crond", {"-m", ""}, "-m is an empty command"},
    }));
    const Result<Options> options = parse(c.arguments, called(c.program));
    REQUIRE_FALSE(options);
    CHECK(options.error().message.starts_with(c.message));
}

TEST_CASE("options: an unknown one is told with the letters that are known by this name",
          "[daemon]") {
    const auto of_cron = parse({"-q"}, called("cron"));
    REQUIRE_FALSE(of_cron);
    CHECK(of_cron.error().message ==
          "the following argument was not expected: -q; the letters known to cron are "
          "-f -l -L -n -N -x -h -V");
    const auto of_crond = parse({"-l"}, called("crond"));
    REQUIRE_FALSE(of_crond);
    CHECK(of_crond.error().message ==
          "the following argument was not expected: -l; the letters known to crond are "
          "-f -n -L -x -s -m -p -P -i -c -h -V");
}

}  // namespace cron::daemon
